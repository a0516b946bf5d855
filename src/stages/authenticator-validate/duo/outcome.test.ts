import { describe, expect, it } from 'vitest'
import {
  ada,
  asking,
  keptBy,
  news,
  said,
  silent,
  stateAfter,
  telephone,
  WrittenDuo,
  withState,
} from '../../../../test/support/duo-validation.ts'
import { shown, type TestContext } from '../../../../test/support/stage-context.ts'
import { duoProblems } from '../../../flow/duo.ts'
import { authenticatorValidateStage as stage } from '../authenticator-validate.stage.ts'

const nobodyYet = { context: { pending_user: { known: true, id: ada.id } } } as const

/** What comes of the first thing that Duo says. */
async function outcome(context: TestContext, response: object = { duo: 'duo-of-ada' }) {
  return news(context, keptBy(await news(context, await stateAfter(context, response))))
}

describe('Duo, before anybody is asked', () => {
  it('may take somebody as proved, which is told to auditors', async () => {
    const duo = new WrittenDuo()
    duo.preauth = said({ result: 'allow', message: 'Trusted network.' })
    const context = asking(duo)
    const allowed = await outcome(context)

    expect(allowed).toMatchObject({
      errors: [],
      changes: {
        effects: [{ event: { action: 'configuration_warning', userId: ada.id, context: { detail: 'Trusted network.' } } }],
      },
    })
    expect(await stage.present(withState(context, keptBy(allowed)))).toMatchObject({
      type: 'advance',
      changes: { effects: [{ type: 'use_authenticator', id: 'duo-of-ada' }] },
    })
    expect(duo.begun).toEqual([])
  })

  it('may refuse somebody, whatever it says about why', async () => {
    const duo = new WrittenDuo()
    duo.preauth = said({ result: 'deny', message: 'Ask Grace in the office.' })
    const refused = await outcome(asking(duo))

    expect(refused).toMatchObject({
      errors: [{ field: 'duo', message: 'Duo denied access', code: 'denied' }],
      changes: { counts: true, state: { duo: { step: 'over' } } },
    })
    expect(duo.begun).toEqual([])
  })

  it('may know no device of theirs; the address where they could enrol one is told to nobody', async () => {
    const duo = new WrittenDuo()
    duo.preauth = said({ result: 'enroll', message: '', portalUrl: 'https://api-0.duosecurity.test/portal?code=1' })
    const refused = await outcome(asking(duo))

    expect(refused).toMatchObject({
      errors: [{ field: 'duo', code: 'unenrolled', message: expect.stringContaining('Duo knows no device of yours.') }],
      changes: { effects: [{ event: { action: 'configuration_error' } }] },
    })
    expect(JSON.stringify(refused)).not.toContain('portal')
    expect(refused).not.toHaveProperty('changes.counts')
  })

  it.each([
    ['a call to what takes none', { duoFactor: 'phone' }, ['auto', 'push']],
    ['a push to what takes none', { duoFactor: 'push' }, ['phone']],
    ['what is theirs no more', { duoDevice: 'DOTHER' }, telephone.capabilities],
    ['what only makes passcodes', {}, ['mobile_otp', 'sms']],
  ] as const)('may have no way to ask: %s', async (_, wish, capabilities) => {
    const duo = new WrittenDuo()
    duo.preauth = said({ result: 'auth', message: '', devices: [{ ...telephone, capabilities }] })
    const context = asking(duo)
    const refused = await outcome(context, { duo: 'duo-of-ada', ...wish })

    expect(refused).toMatchObject({ errors: [{ field: 'duo', code: 'invalid' }], changes: { state: { duo: { step: 'over' } } } })
    expect(duo.begun).toEqual([])
    // The person may choose something else from what there is.
    expect(await shown(stage, withState(context, keptBy(refused)))).toMatchObject({
      deviceChallenges: [{ challenge: { devices: [{ id: 'DPHONE' }] } }],
    })
  })
})

describe('Duo that says nothing', () => {
  const sentences = {
    unreachable: 'Duo cannot be reached. Use another method or try again.',
    limited: 'Duo takes no more requests at the moment. Use another method or try again later.',
    refused: 'Duo cannot be asked. Use another method, or contact your Acme administrator for help.',
    malformed: 'Duo cannot be asked. Use another method, or contact your Acme administrator for help.',
  } as const
  const silences = duoProblems.flatMap((problem) => (['preauth', 'transaction'] as const).map((call) => [problem, call] as const))

  it.each(silences)('lets nobody pass, and says so to people and auditors: %s at the %s', async (problem, call) => {
    const duo = new WrittenDuo()
    duo[call] = silent(problem)
    const context = asking(duo)
    const failed = await outcome(context)

    expect(failed).toMatchObject({
      errors: [{ field: 'duo', code: 'unavailable', message: sentences[problem] }],
      changes: {
        state: { duo: { step: 'over' } },
        effects: [
          { event: { action: 'configuration_error', userId: ada.id, context: { problem, detail: `It was ${problem}.` } } },
        ],
      },
    })
    expect(failed).not.toHaveProperty('changes.counts')
    expect(await stage.present(withState(context, keptBy(failed)))).toMatchObject({ type: 'ask' })
  })

  it.each(silences)('lets pass by configuration only who cannot reach it: %s at the %s', async (problem, call) => {
    const duo = new WrittenDuo()
    duo[call] = silent(problem)
    const context = asking(duo, { failMode: 'safe', config: { lastAuthThreshold: 'hours=1' } })
    const next = await stage.present(withState(context, keptBy(await outcome(context))))

    // It is no proof: no authenticator was used, no method is noted, and no browser is remembered for it.
    if (problem === 'unreachable') expect(next).toEqual({ type: 'advance', changes: {} })
    else expect(next).toMatchObject({ type: 'ask' })
  })

  it('is told to auditors when it lets somebody pass', async () => {
    const duo = new WrittenDuo()
    duo.preauth = silent('unreachable')

    expect(await outcome(asking(duo, { failMode: 'safe' }))).toMatchObject({
      errors: [],
      changes: {
        effects: [
          {
            event: {
              action: 'configuration_error',
              username: 'ada',
              context: { message: 'Somebody passed without Duo, which cannot be reached.' },
            },
          },
        ],
      },
    })
  })

  it('lets nobody pass who has proved nothing else', async () => {
    const duo = new WrittenDuo()
    duo.preauth = silent('unreachable')

    expect(await outcome(asking(duo, { failMode: 'safe', ...nobodyYet }))).toMatchObject({
      errors: [{ code: 'unavailable', message: sentences.unreachable }],
    })
    expect(await outcome(asking(duo, { failMode: 'safe', isSignedIn: true }))).toMatchObject({
      errors: [{ code: 'unavailable' }],
    })
  })
})

describe('somebody whom Duo vouches for', () => {
  const allowing = () => {
    const duo = new WrittenDuo()
    duo.preauth = said({ result: 'allow', message: '' })
    return duo
  }
  const effectsOf = async (context: TestContext) => {
    const verdict = await stage.present(withState(context, keptBy(await outcome(context))))
    return verdict.type === 'advance' ? (verdict.changes.effects ?? []).map(({ type }) => type) : []
  }

  it('goes on with another session handle where this is the first proof', async () => {
    expect(await effectsOf(asking(allowing(), nobodyYet))).toEqual(['use_authenticator', 'renew_session'])
    expect(await effectsOf(asking(allowing()))).toEqual(['use_authenticator'])
  })

  it('is remembered by the browser where that is configured', async () => {
    const context = asking(allowing(), { config: { lastAuthThreshold: 'hours=1' } })

    expect(await effectsOf(context)).toEqual(['use_authenticator', 'remember_device'])
  })
})
