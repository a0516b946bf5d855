import { describe, expect, it } from 'vitest'
import { ada, asking, authenticator, said, silent, WrittenDuo } from '../../../../test/support/duo-validation.ts'
import { answered, type ContextOptions, testNow } from '../../../../test/support/stage-context.ts'
import { authenticatorValidateStage as stage } from '../authenticator-validate.stage.ts'

const wrong = 'Invalid Token. Please ensure the time on your device is accurate and try again.'
const app = authenticator({ id: 'app', kind: 'totp', stageId: undefined, data: { secret: 'JBSWY3DPEHPK3PXP', digits: 6 } })
const both = { authenticators: [authenticator(), app] }
const selectedChallenge = { deviceClass: 'DUO', deviceUid: 'duo-of-ada' }

/** A Duo that takes one passcode, and what comes of an answer. */
async function judged(answer: object, options: ContextOptions = {}, duo = new WrittenDuo()) {
  duo.passcodes = ['482913']
  return { duo, verdict: await answered(stage, asking(duo, options), answer) }
}

describe("a passcode of Duo's", () => {
  it.each([
    ['where Duo is all that takes codes', { code: '482 913' }, {}],
    ['where Duo was selected', { code: '482913', selectedChallenge }, both],
    ['where it comes with what it is for', { code: '482913', duo: 'duo-of-ada' }, both],
  ])('proves who somebody is: %s', async (_, answer, options) => {
    const { duo, verdict } = await judged(answer, options)

    expect(verdict).toMatchObject({
      type: 'advance',
      changes: {
        context: { auth_method_args: { mfa_devices: [{ pk: 'duo-of-ada' }] } },
        effects: [{ type: 'use_authenticator', id: 'duo-of-ada' }],
      },
    })
    expect(duo.verified).toEqual([{ userId: 'DUADA', factor: 'passcode', passcode: '482913', clientIp: '192.0.2.7' }])
    expect(duo.begun).toEqual([])
  })

  it('is not looked for in codes that may be for something else', async () => {
    const { duo, verdict } = await judged({ code: '482913' }, both)

    expect(verdict).toMatchObject({ errors: [{ field: 'code', message: wrong }], changes: { effects: [{ id: 'app' }] } })
    expect(duo.verified).toEqual([])
  })

  it('makes Duo wait when it is wrong, as any code does', async () => {
    expect((await judged({ code: '000000' })).verdict).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'code', message: wrong }],
      changes: { effects: [{ type: 'fail_authenticator', id: 'duo-of-ada' }] },
    })
    const failed = authenticator({ failures: 1, lastFailedAt: testNow })
    const { duo, verdict } = await judged({ code: '482913' }, { authenticators: [failed] })
    expect(verdict).toMatchObject({ errors: [{ message: wrong }], changes: { effects: [] } })
    expect(duo.verified).toEqual([])
  })

  it('is a guess', () => {
    expect(stage.guesses?.(asking(new WrittenDuo()), { code: '1', duo: 'duo-of-ada' })).toBe(`authenticator:${ada.id}`)
  })

  it.each(['1', 'x'.repeat(65), '12345!', 'a=1&b=2'])('looks like one, or Duo is not asked: %s', async (code) => {
    const { duo, verdict } = await judged({ code })

    expect(verdict).toMatchObject({ errors: [{ message: wrong }] })
    expect(duo.verified).toEqual([])
  })

  it('is asked about by what is offered alone', async () => {
    const foreign = { authenticators: [authenticator(), authenticator({ id: 'foreign', userId: ada.id + 1 })] }
    const { duo, verdict } = await judged({ code: '482913', duo: 'foreign' }, foreign)

    expect(verdict).toMatchObject({ errors: [{ field: 'code', message: 'No compatible device class allowed' }] })
    expect(duo.verified).toEqual([])
  })

  it.each(['unreachable', 'limited', 'refused', 'malformed'] as const)(
    'passes nobody while Duo is %s, however it is configured',
    async (problem) => {
      const duo = new WrittenDuo()
      duo.verdict = silent(problem)
      const verdict = await answered(stage, asking(duo, { failMode: 'safe' }), { code: '482913' })

      expect(verdict).toMatchObject({
        type: 'invalid',
        errors: [{ field: 'code', code: 'unavailable' }],
        changes: { effects: [{ event: { action: 'configuration_error', context: { problem } } }] },
      })
    },
  )

  it('passes nobody about whom Duo is still thinking, or whose stage is gone', async () => {
    const duo = new WrittenDuo()
    duo.verdict = said({ result: 'waiting', status: 'pushed', message: '' })

    expect(await answered(stage, asking(duo), { code: '482913' })).toMatchObject({ type: 'invalid' })
    expect((await judged({ code: '482913' }, { liveStages: {} })).verdict).toMatchObject({ errors: [{ code: 'unavailable' }] })
  })
})
