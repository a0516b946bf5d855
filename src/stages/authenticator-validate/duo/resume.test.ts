import { describe, expect, it } from 'vitest'
import {
  ada,
  asking,
  authenticator,
  type DuoOptions,
  keptBy,
  news,
  pushed,
  said,
  silent,
  stateAfter,
  WrittenDuo,
  withState,
} from '../../../../test/support/duo-validation.ts'
import { shown, testNow } from '../../../../test/support/stage-context.ts'
import type { DuoAnswer, DuoTransaction } from '../../../flow/duo.ts'
import { authenticatorValidateStage as stage } from '../authenticator-validate.stage.ts'
import { mostQuestions } from './resume.ts'

const wanted = { duo: 'duo-of-ada' }
const until = testNow.getTime() + 60_000
const stopped = AbortSignal.abort()

describe('a request that somebody wants', () => {
  it('is claimed first, and made by who has claimed it when that is written', async () => {
    const duo = new WrittenDuo()
    const context = asking(duo)
    const claimed = await news(context, await stateAfter(context, wanted))

    expect(claimed).toMatchObject({ type: 'invalid', errors: [], changes: { state: { duo: { step: 'claimed', until } } } })
    expect([duo.preauths, duo.begun]).toEqual([[], []])
    const made = await news(context, keptBy(claimed))
    expect(made).toMatchObject({ errors: [], changes: { state: { duo: { step: 'asked', txid: 'tx-1', until } } } })
    expect(duo.begun).toHaveLength(1)
  })

  it('is made by no server but the one whose claim was written', async () => {
    const [here, there] = [new WrittenDuo(), new WrittenDuo()]
    const one = asking(here)
    const beside = asking(there)
    const other = { ...beside, services: { ...beside.services, randomToken: () => 'of the other server' } }
    const state = await stateAfter(one, wanted)
    const written = keptBy(await news(one, state))
    await news(other, state)

    expect(await news(other, written)).toBeUndefined()
    expect([...there.preauths, ...there.begun]).toEqual([])
    expect(await stage.present(withState(other, written))).toMatchObject({ type: 'wait' })
    expect(keptBy(await news(one, written)).duo).toMatchObject({ step: 'asked' })
  })

  it('is not made again where its server died before it could say what came of it', async () => {
    const duo = new WrittenDuo()
    const before = asking(duo)
    const claimed = keptBy(await news(before, await stateAfter(before, wanted)))
    await news(before, claimed)
    // The same server, started anew: it remembers nothing.
    const after = asking(duo)

    expect(await news(after, claimed)).toBeUndefined()
    expect(duo.begun).toHaveLength(1)
  })

  it('is made once, however often its server looks before that is written', async () => {
    const duo = new WrittenDuo()
    const context = asking(duo)
    const claimed = keptBy(await news(context, await stateAfter(context, wanted)))
    const looks = await Promise.all([news(context, claimed), news(context, claimed)])

    expect(looks[0]).toEqual(looks[1])
    expect(await news(context, claimed)).toEqual(looks[0])
    expect([duo.preauths.length, duo.begun.length]).toEqual([1, 1])
  })

  it('does not keep who looks from looking elsewhere, and is told of at the next look', async () => {
    const duo = new WrittenDuo()
    const context = asking(duo)
    const claimed = keptBy(await news(context, await stateAfter(context, wanted)))
    let answer: (transaction: DuoAnswer<DuoTransaction>) => void = () => undefined
    duo.transaction = new Promise((resolve) => (answer = resolve))

    expect(await news(context, claimed, stopped)).toBeUndefined()
    answer(said({ txid: 'tx-late', verificationCode: undefined }))
    expect(keptBy(await news(context, claimed)).duo).toMatchObject({ txid: 'tx-late' })
    expect(duo.begun).toHaveLength(1)
  })

  it('tells the person what it is about, and Duo where it comes from', async () => {
    const duo = new WrittenDuo()
    const visitor = { clientIp: '203.0.113.9', host: 'login.acme.test' }
    const context = asking(duo, {
      visitor,
      flow: { title: 'Welcome to %(app)s' },
      context: { pending_user: { known: true, id: ada.id }, application: { name: 'Wiki' } },
    })
    const claimed = keptBy(await news(context, await stateAfter(context, wanted)))
    // Somebody else's connection carries it on.
    await news({ ...context, visitor: { ...context.visitor, clientIp: '198.51.100.1', host: 'elsewhere.test' } }, claimed)

    expect(duo.preauths).toEqual([
      {
        integrationKey: 'DIKEY',
        secretKey: 'not a real secret',
        host: 'api-0.duosecurity.test',
        userId: 'DUADA',
        clientIp: '203.0.113.9',
      },
    ])
    expect(duo.begun).toEqual([
      {
        userId: 'DUADA',
        factor: 'auto',
        device: 'auto',
        clientIp: '203.0.113.9',
        title: 'Acme Login request',
        displayUsername: 'ada',
        pushInfo: { Domain: 'login.acme.test', Flow: 'Welcome to Wiki', Application: 'Wiki' },
      },
    ])
  })

  it('names the flow where it has no title, and no application where none is known', async () => {
    const duo = new WrittenDuo()
    await pushed(asking(duo, { flow: { title: '' } }))

    expect(duo.begun).toMatchObject([{ pushInfo: { Domain: 'login.example.test', Flow: 'Sign in' } }])
    expect(duo.begun[0]).not.toHaveProperty('pushInfo.Application')
  })

  it('is made by a call, and to one device, where that is wanted', async () => {
    const duo = new WrittenDuo()
    await pushed(asking(duo), { ...wanted, duoFactor: 'phone', duoDevice: 'DPHONE' })

    expect(duo.begun).toMatchObject([{ factor: 'phone', device: 'DPHONE' }])
  })

  it('shows what has to be typed into the app, as long as it may be', async () => {
    const duo = new WrittenDuo()
    duo.transaction = said({ txid: 'tx-1', verificationCode: '482' })
    const context = asking(duo)
    const state = await pushed(context)
    const over = asking(duo, { state, now: new Date(until) })

    expect(await shown(stage, withState(context, state))).toMatchObject({
      deviceChallenges: [{ challenge: { verification_code: '482' } }],
    })
    expect(JSON.stringify(await shown(stage, over))).not.toContain('482')
  })

  it('tells what may be asked, to people who have proved something, and to those who are signed in', async () => {
    const duo = new WrittenDuo()
    const names = { devices: [{ id: 'DPHONE', name: 'iOS (XXX-XXX-0100)', factors: ['auto', 'push', 'phone'] }] }
    const shownTo = async (options: DuoOptions) => {
      const context = asking(duo, options)
      const challenge = await shown(stage, withState(context, await pushed(context)))
      return (challenge.deviceChallenges as { challenge: object }[])[0]?.challenge
    }

    expect(await shownTo({})).toEqual(names)
    expect(await shownTo({ context: { pending_user: { known: true, id: ada.id } } })).toEqual({})
    expect(await shownTo({ isSignedIn: true })).toEqual(names)
  })
})

describe('a request that was made', () => {
  it('is followed until it is approved, and passes', async () => {
    const duo = new WrittenDuo().answers('waiting', 'pushed').answers('allow')
    const context = asking(duo)
    const approved = await news(context, await pushed(context))

    expect(approved).toMatchObject({ type: 'invalid', errors: [], changes: { state: { duo: { step: 'approved' } } } })
    expect(await stage.present(withState(context, keptBy(approved)))).toMatchObject({
      type: 'advance',
      changes: {
        context: { auth_method: 'password', auth_method_args: { mfa_devices: [{ pk: 'duo-of-ada', model_name: 'duodevice' }] } },
        effects: [{ type: 'use_authenticator', id: 'duo-of-ada', version: 3, data: { duoUserId: 'DUADA' } }],
      },
    })
    expect(duo.followed).toEqual(['tx-1', 'tx-1'])
  })

  it.each([
    ['deny', 'Duo denied access', 'denied'],
    ['locked_out', 'Duo denied access', 'denied'],
    ['fraud', 'Duo denied access', 'denied'],
    ['timeout', 'The request was not approved in time.', 'timeout'],
  ])('comes to nothing and counts as a wrong code when it ends with %s', async (status, message, code) => {
    const duo = new WrittenDuo().answers('deny', status)
    const context = asking(duo)
    const refused = await news(context, await pushed(context))

    expect(refused).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'duo', message, code }],
      changes: { counts: true, about: { id: ada.id }, state: { duo: { step: 'over' } } },
    })
    expect(await stage.present(withState(context, keptBy(refused)))).toMatchObject({ type: 'ask' })
    expect(JSON.stringify(keptBy(refused))).not.toContain('tx-1')
  })

  it('is told to auditors when it was reported as fraud, and only then', async () => {
    const effectsOf = async (status: string) => {
      const context = asking(new WrittenDuo().answers('deny', status), { name: 'the second factor' })
      const refused = await news(context, await pushed(context))
      return refused?.type === 'invalid' ? refused.changes.effects : undefined
    }

    expect(await effectsOf('fraud')).toMatchObject([
      { event: { action: 'suspicious_request', userId: ada.id, username: 'ada', context: { stage: 'the second factor' } } },
    ])
    expect(await effectsOf('deny')).toEqual([])
  })

  it.each([
    ['approved', new WrittenDuo().answers('allow')],
    ['denied', new WrittenDuo().answers('deny')],
  ])('has come to nothing when it is only heard that it was %s once its time is over', async (_, duo) => {
    const context = asking(duo)
    const state = await pushed(context)
    const moments = [testNow, new Date(until)]
    const slow = { ...context, services: { ...context.services, now: () => moments.shift() ?? new Date(until) } }

    expect(await news(slow, state)).toMatchObject({
      errors: [{ code: 'timeout' }],
      changes: { counts: true, state: { duo: { step: 'over' } } },
    })
    expect(duo.followed).toEqual(['tx-1'])
  })

  it('is over for who stops looking, and goes on', async () => {
    const context = asking(new WrittenDuo())
    const state = await pushed(context)
    const leaves = new AbortController()
    const looking = news(context, state, leaves.signal)
    leaves.abort()

    expect(await looking).toBeUndefined()
    expect(await stage.present(withState(context, state))).toMatchObject({ type: 'wait' })
  })

  it('is not asked about without end where Duo says the same again and again', async () => {
    const duo = new WrittenDuo().answers('waiting', 'pushed')
    const context = asking(duo)

    expect(await news(context, await pushed(context))).toBeUndefined()
    expect(duo.followed).toHaveLength(mostQuestions)
  })

  it('is not asked about by who has gone', async () => {
    const duo = new WrittenDuo().answers('allow')
    const context = asking(duo)

    expect(await news(context, await pushed(context), stopped)).toBeUndefined()
    expect(duo.followed).toEqual([])
  })

  it.each(['unreachable', 'limited', 'malformed'] as const)('goes on while Duo is %s', async (problem) => {
    const duo = new WrittenDuo()
    duo.statuses = [silent(problem)]
    const context = asking(duo, { failMode: 'safe' })

    expect(await news(context, await pushed(context))).toBeUndefined()
    expect(duo.followed).toHaveLength(1)
  })

  it('comes to nothing when Duo knows nothing of it', async () => {
    const duo = new WrittenDuo()
    duo.statuses = [silent('refused')]
    const context = asking(duo, { failMode: 'safe' })

    expect(await news(context, await pushed(context))).toMatchObject({
      errors: [{ field: 'duo', code: 'unavailable' }],
      changes: { state: { duo: { step: 'over' } }, effects: [{ event: { action: 'configuration_error' } }] },
    })
  })

  it('is nothing to anybody any more when what it was made with is gone', async () => {
    const duo = new WrittenDuo().answers('allow')
    const context = asking(duo)
    const state = await pushed(context)
    const app = authenticator({ id: 'app', kind: 'totp', data: { secret: 'JBSWY3DPEHPK3PXP', digits: 6 } })
    const without = { authenticators: [app] }

    const other = { authenticators: [authenticator({ id: 'another', data: { duoUserId: 'DUOTHER' } })] }
    for (const left of [without, other])
      expect(await news(asking(duo, left), state)).toMatchObject({ errors: [{ code: 'unavailable' }] })
    const approved = { ...state, duo: { authenticator: 'duo-of-ada', factor: 'auto', device: 'auto', step: 'approved' } }
    for (const left of [without, other])
      expect(await stage.present(asking(duo, { ...left, state: approved }))).toMatchObject({ type: 'ask' })
    const foreign = authenticator({ userId: ada.id + 1 })
    expect(await stage.present(asking(duo, { authenticators: [app, foreign], state: approved }))).toMatchObject({ type: 'ask' })
  })
})
