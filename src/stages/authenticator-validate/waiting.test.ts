import { Secret, TOTP } from 'otpauth'
import { describe, expect, it } from 'vitest'
import {
  asking as about,
  ada,
  authenticator,
  type DuoOptions,
  duoStageId,
  keptBy,
  news,
  pushed,
  stateAfter,
  WrittenDuo,
  withState,
} from '../../../test/support/duo-validation.ts'
import { answered, testNow } from '../../../test/support/stage-context.ts'
import { authenticatorValidateStage as stage } from './authenticator-validate.stage.ts'

const secret = Secret.fromUTF8('12345678901234567890').base32
const code = new TOTP({ secret: Secret.fromBase32(secret), digits: 6 }).generate({ timestamp: testNow.getTime() })
const app = authenticator({ id: 'app', kind: 'totp', data: { secret, digits: 6 } })
const smsStage = '0e9a6d04-4f0f-4c69-9a6f-8b1e2d33c9a6'
const phone = authenticator({ id: 'phone', kind: 'sms', stageId: smsStage, data: { phoneNumber: '+15550100' } })
const smsConfig = { provider: 'twilio', fromNumber: '+15550199', accountSid: 'AC1' }
const duoConfig = { clientId: 'DIKEY', apiHostname: 'api-0.duosecurity.test' }

/** Ada has Duo, an app and a telephone. */
const asking = (duo = new WrittenDuo(), options: DuoOptions = {}) =>
  about(duo, {
    authenticators: [authenticator(), app, phone],
    liveStages: {
      [duoStageId]: { kind: 'authenticator_duo', config: duoConfig },
      [smsStage]: { kind: 'authenticator_sms', config: smsConfig },
    },
    secretConfigs: { [duoStageId]: { clientSecret: 'x' }, [smsStage]: { auth: 'x' } },
    ...options,
  })
const wanted = { duo: 'duo-of-ada' }
const later = (seconds: number) => new Date(testNow.getTime() + seconds * 1000)
const select = (deviceClass: string, deviceUid: string) => ({ selectedChallenge: { deviceClass, deviceUid } })

describe('while Duo asks somebody', () => {
  it('they may choose another way, and nothing comes of what they approve then', async () => {
    const context = asking(new WrittenDuo().answers('allow'))
    const waiting = withState(context, await pushed(context, wanted))

    expect(stage.actions?.(waiting)).toEqual([{ type: 'choose_another' }])
    const left = keptBy(await stage.act?.(waiting, 'choose_another'))
    expect(left).not.toHaveProperty('duo')
    expect(await news(context, left)).toBeUndefined()
    expect(await stage.present(withState(context, left))).toMatchObject({ type: 'ask' })
    expect(stage.actions?.(withState(context, left))).toEqual([])
  })

  it('still know their devices when they have chosen another way', async () => {
    const context = asking()
    const left = keptBy(await stage.act?.(withState(context, await pushed(context, wanted)), 'choose_another'))

    expect(left).toHaveProperty('devices.duo-of-ada')
  })

  it('they pass by a right code', async () => {
    const context = asking()

    expect(await answered(stage, withState(context, await pushed(context, wanted)), { code })).toMatchObject({
      type: 'advance',
      changes: { effects: [{ type: 'use_authenticator', id: 'app' }] },
    })
  })

  it('a wrong code changes nothing about it', async () => {
    const context = asking(new WrittenDuo().answers('allow'))
    const state = await pushed(context, wanted)
    const refused = await answered(stage, withState(context, state), { code: '000000' })

    expect(refused).toMatchObject({ type: 'invalid', errors: [{ field: 'code' }] })
    expect(keptBy(refused).duo).toEqual(state.duo)
    expect(await news(context, keptBy(refused))).toMatchObject({ changes: { state: { duo: { step: 'approved' } } } })
  })

  it.each([
    ['an app', select('totp', 'app'), 'Empty response'],
    ['an app, with a wrong code', { ...select('totp', 'app'), code: '000000' }, 'Invalid Token.'],
    ['a message', select('sms', 'phone'), 'Empty response'],
  ])('turning to %s ends it', async (_, answer, message) => {
    const context = asking(new WrittenDuo().answers('allow'))
    const verdict = await answered(stage, withState(context, await pushed(context, wanted)), answer)

    expect(verdict).toMatchObject({ errors: [{ message: expect.stringContaining(message) }] })
    expect(keptBy(verdict)).not.toHaveProperty('duo')
  })

  it('turning to a message has one sent', async () => {
    const context = asking()
    const turned = await answered(stage, withState(context, await pushed(context, wanted)), select('sms', 'phone'))

    expect(turned).toMatchObject({ changes: { effects: [{ type: 'send_sms' }] } })
    expect(keptBy(turned).message).toMatchObject({ authenticator: 'phone', sent: { delivery: 'queued' } })
  })

  it('turning to an app with a right code passes', async () => {
    const context = asking()
    const waiting = withState(context, await pushed(context, wanted))

    expect(await answered(stage, waiting, { ...select('totp', 'app'), code })).toMatchObject({ type: 'advance' })
  })

  it('looking at Duo again, an empty answer and an impossible choice change nothing', async () => {
    const context = asking()
    const state = await pushed(context, wanted)

    for (const answer of [select('duo', 'duo-of-ada'), {}, select('totp', 'another')])
      expect(keptBy(await answered(stage, withState(context, state), answer))).toEqual({ ...state, tried: true })
  })

  it('keeps nobody waiting who has answered something else since, until they want to be asked again', async () => {
    const context = asking()
    const state = await pushed(context, wanted)
    const waitWith = async (kept: unknown) => {
      const verdict = await stage.present(withState(context, kept))
      return verdict.type === 'wait' ? verdict.wait : undefined
    }
    const refused = keptBy(await answered(stage, withState(context, state), { code: '000000' }))

    expect(await waitWith(state)).toHaveProperty('holds', true)
    expect(await waitWith(refused)).toEqual({ reason: 'approval', until: later(60), pollAfter: 3, recheck: 1 })
    const again = keptBy(await answered(stage, withState(context, refused), wanted))
    expect(await waitWith(again)).toHaveProperty('holds', true)
    const other = keptBy(await answered(stage, withState(context, refused), { ...wanted, duoFactor: 'phone' }))
    expect(await waitWith(other)).toHaveProperty('holds', true)
    const message = keptBy(await answered(stage, withState(context, refused), select('sms', 'phone')))
    expect(await waitWith(message)).toHaveProperty('holds', true)
  })

  it('has the passcode that they type instead judged', async () => {
    const duo = new WrittenDuo()
    duo.passcodes = ['482913']
    const context = asking(duo)
    const waiting = withState(context, await pushed(context, wanted))

    expect(await answered(stage, waiting, { code: '482913', duo: 'duo-of-ada' })).toMatchObject({ type: 'advance' })
  })
})

describe('a request that came to nothing', () => {
  const denied = async (options: DuoOptions = {}) => {
    const context = asking(new WrittenDuo().answers('deny'), options)
    return { context, state: keptBy(await news(context, await pushed(context, { ...wanted, duoFactor: 'push' }))) }
  }

  it('is not made again by itself', async () => {
    const { context, state } = await denied()

    expect(await stage.present(withState(context, state))).toMatchObject({ type: 'ask' })
    expect(await news(context, state)).toBeUndefined()
  })

  it('may be made again when the person wants it, in the same way', async () => {
    const { context, state } = await denied()
    const over = withState(context, state)

    expect(stage.actions?.(over)).toEqual([{ type: 'resend' }])
    expect(keptBy(await stage.act?.(over, 'resend')).duo).toMatchObject({ step: 'wanted', factor: 'push', device: 'auto' })
  })

  it('may not be made again before there is room for another one', async () => {
    let { context, state } = await denied()
    for (let made = 1; made < 5; made += 1) {
      const again = asking(new WrittenDuo().answers('deny'), { state })
      const claimed = await news(again, keptBy(await stage.act?.(withState(context, state), 'resend')))
      state = keptBy(await news(again, keptBy(await news(again, keptBy(claimed)))))
      context = again
    }

    expect(stage.actions?.(withState(context, state))).toEqual([
      { type: 'resend', availableAt: later(600).getTime(), reason: 'Too many requests were made.' },
    ])
  })

  it('is refused once more where others have made too many', async () => {
    const { state } = await denied()
    const throttled = asking(new WrittenDuo(), { takeTurn: () => 61, state })

    expect(await stage.act?.(throttled, 'resend')).toMatchObject({
      errors: [{ field: 'duo', code: 'throttled' }],
      changes: { state: { duo: { step: 'over', factor: 'push', retryAt: later(61).getTime() } } },
    })
  })
})

describe('a request whose time is over', () => {
  it.each([
    ['was approved too late', (context: ReturnType<typeof asking>) => pushed(context, wanted)],
    ['was never made', (context: ReturnType<typeof asking>) => stateAfter(context, wanted)],
  ])('has come to nothing when it %s, and counts as a wrong code', async (_, begun) => {
    const context = asking()
    const late = asking(new WrittenDuo().answers('allow'), { state: await begun(context), now: later(60) })
    const lapsed = await stage.lapse?.(late)

    expect(lapsed).toMatchObject({
      errors: [{ field: 'duo', message: 'The request was not approved in time.', code: 'timeout' }],
      changes: { counts: true, about: { id: ada.id }, state: { duo: { step: 'over' } } },
    })
    expect(stage.actions?.(late)).toEqual([{ type: 'resend' }])
    expect(await news(late, keptBy(lapsed))).toBeUndefined()
    expect(await news(late, late.state)).toBeUndefined()
  })

  it('is nothing where there is nobody, or was no request', async () => {
    const context = asking()

    expect(await stage.lapse?.(context)).toEqual({ type: 'invalid', errors: [], changes: {} })
    expect(await stage.act?.({ ...context, pendingUser: undefined }, 'resend')).toEqual({
      type: 'invalid',
      errors: [],
      changes: {},
    })
  })
})
