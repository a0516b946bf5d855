import { Secret, TOTP } from 'otpauth'
import { describe, expect, it } from 'vitest'
import { answered, configProblems, refusals, shown, stageContext, testNow } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { authenticatorTotpStage as stage } from './authenticator-totp.stage.ts'

const ada = someUser()
const secret = Secret.fromUTF8('12345678901234567890').base32
const codeNow = (digits = 6) => new TOTP({ secret: Secret.fromBase32(secret), digits }).generate({ timestamp: testNow.getTime() })

describe('setting up an authenticator app', () => {
  it('shows an address and its picture, and the same ones after a reload', async () => {
    const first = stageContext(stage, { pendingUser: ada })
    const verdict = await stage.present(first)
    const state = verdict.type === 'ask' ? verdict.state : undefined
    const reloaded = await shown(stage, stageContext(stage, { pendingUser: ada, state }))

    expect(reloaded).toEqual(verdict.type === 'ask' && verdict.challenge)
    expect(reloaded.configUrl).toMatch(/^otpauth:\/\/totp\/Acme:ada\?/)
    expect(reloaded.qrCode).toMatch(/^data:image\/png;base64,/)
  })

  it('is not for who only pretends to exist, whoever is signed in', async () => {
    const pretended = stageContext(stage, { sessionUser: ada, context: { pending_user: { known: false, identifier: 'x' } } })

    expect(await stage.present(pretended)).toMatchObject({ type: 'deny' })
  })

  it('is for the pending user, else for who is signed in, and passed by where there is nobody', async () => {
    const own = await shown(stage, stageContext(stage, { sessionUser: someUser({ username: 'grace' }) }))

    expect(own.configUrl).toContain('Acme:grace')
    expect(await stage.present(stageContext(stage))).toMatchObject({ type: 'advance' })
  })

  it('refuses a wrong code, and keeps what a right one proves', async () => {
    const context = stageContext(stage, { pendingUser: ada, state: { secret } })

    expect(await answered(stage, context, { code: '000000' })).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'code', message: 'Code does not match', code: 'invalid' }],
    })
    expect(await answered(stage, context, { code: codeNow() })).toMatchObject({
      type: 'advance',
      changes: {
        effects: [
          {
            type: 'add_authenticator',
            authenticator: {
              userId: ada.id,
              kind: 'totp',
              stageId: context.stageId,
              data: { secret, digits: 6, lastStep: Math.floor(testNow.getTime() / 30_000) },
            },
          },
        ],
      },
    })
  })

  it('asks for eight digits where that is configured', async () => {
    const context = stageContext(stage, { pendingUser: ada, state: { secret }, config: { digits: '8' } })

    expect(await answered(stage, context, { code: codeNow(8) })).toMatchObject({ type: 'advance' })
    expect(await answered(stage, context, { code: codeNow(6) })).toMatchObject({ type: 'invalid' })
    expect(configProblems(stage, { digits: '7' })).toEqual(['digits'])
  })

  it.each([
    [{}, 'required'],
    [{ code: '' }, 'blank'],
    [{ code: null }, 'null'],
    [{ code: 123456 }, 'invalid'],
    [{ code: '1'.repeat(33) }, 'max_length'],
  ])('says what is wrong with %j', (response, code) => {
    expect(refusals(stage, response)).toMatchObject([{ field: 'code', code }])
  })
})
