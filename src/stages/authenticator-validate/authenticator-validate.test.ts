import { Secret, TOTP } from 'otpauth'
import { describe, expect, it } from 'vitest'
import {
  answered,
  type ContextOptions,
  configProblems,
  shown,
  stageContext,
  testNow,
} from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { staticCodeHash } from '../../credentials/static-codes.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import { mostRefusedCodes, authenticatorValidateStage as stage } from './authenticator-validate.stage.ts'

const ada = someUser()
const secret = Secret.fromUTF8('12345678901234567890').base32
const code = new TOTP({ secret: Secret.fromBase32(secret), digits: 6 }).generate({ timestamp: testNow.getTime() })
const step = Math.floor(testNow.getTime() / 30_000)
const setup = 'c9a6e9a4-6d0a-4f0f-8c69-0a6f8b1e2d33'
const otherSetup = '0e9a6d04-4f0f-4c69-9a6f-8b1e2d33c9a6'

const owned = (about: Partial<Authenticator>): Authenticator => ({
  id: 'app',
  userId: ada.id,
  kind: 'totp',
  stageId: undefined,
  lookup: undefined,
  name: 'An app',
  confirmed: true,
  data: { secret, digits: 6, lastStep: step - 5 },
  version: 3,
  failures: 0,
  lastFailedAt: undefined,
  createdAt: testNow,
  lastUsedAt: undefined,
  ...about,
})
const app = owned({})
const paper = owned({ id: 'paper', kind: 'static', data: { codes: [staticCodeHash('one'), staticCodeHash('two')] } })
const asking = (options: ContextOptions = {}) =>
  stageContext(stage, { pendingUser: ada, authenticators: [app, paper], ...options })
const wrong = 'Invalid Token. Please ensure the time on your device is accurate and try again.'

describe('asking for a second factor', () => {
  it('offers one entry a class, and tells nothing that is secret', async () => {
    const challenge = await shown(stage, asking({ authenticators: [app, owned({ id: 'app 2' }), paper] }))

    expect(challenge.deviceChallenges).toEqual([
      { deviceClass: 'totp', deviceUid: 'app', challenge: {}, lastUsed: null },
      { deviceClass: 'static', deviceUid: 'paper', challenge: {}, lastUsed: null },
    ])
    expect(JSON.stringify(challenge)).not.toContain(secret)
  })

  it('takes a code of an app, and notes that it is used', async () => {
    expect(await answered(stage, asking(), { code })).toMatchObject({
      type: 'advance',
      changes: {
        context: { auth_method: 'auth_mfa', auth_method_args: { mfa_devices: [{ pk: 'app', name: 'An app' }] } },
        effects: [{ type: 'use_authenticator', id: 'app', version: 3, data: { secret, digits: 6, lastStep: step } }],
      },
    })
  })

  it('does not take the same code twice', async () => {
    const used = owned({ data: { secret, digits: 6, lastStep: step } })

    expect(await answered(stage, asking({ authenticators: [used] }), { code })).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'code', message: wrong }],
    })
  })

  it('takes a recovery code, and leaves the others', async () => {
    expect(await answered(stage, asking(), { code: 'TWO' })).toMatchObject({
      type: 'advance',
      changes: { effects: [{ id: 'paper', data: { codes: [staticCodeHash('one')] } }] },
    })
  })

  it('keeps the method that came before, beside the device', async () => {
    const verdict = await answered(
      stage,
      asking({ context: { pending_user: { known: true, id: ada.id }, auth_method: 'password' } }),
      { code },
    )

    expect(verdict).toMatchObject({ changes: { context: { auth_method: 'password' } } })
    const before = { mfa_devices: [{ pk: 'other' }], known_device: true }
    const again = asking({ context: { pending_user: { known: true, id: ada.id }, auth_method_args: before } })
    expect(await answered(stage, again, { code })).toMatchObject({
      changes: { context: { auth_method_args: { mfa_devices: [{ pk: 'other' }, { pk: 'app' }], known_device: true } } },
    })
  })

  it('makes everything wait that a wrong code was tried on', async () => {
    expect(await answered(stage, asking(), { code: '000000' })).toMatchObject({
      type: 'invalid',
      changes: {
        effects: [
          { type: 'fail_authenticator', id: 'app' },
          { type: 'fail_authenticator', id: 'paper' },
        ],
      },
    })
  })

  it('refuses even a right code of what has to wait, in the same words, and does not make it wait longer', async () => {
    const waiting = owned({ failures: 3, lastFailedAt: new Date(testNow.getTime() - 3000) })
    const rested = owned({ failures: 3, lastFailedAt: new Date(testNow.getTime() - 4000) })

    expect(await answered(stage, asking({ authenticators: [waiting] }), { code })).toMatchObject({
      type: 'invalid',
      errors: [{ message: wrong }],
      changes: { effects: [] },
    })
    expect(await answered(stage, asking({ authenticators: [rested] }), { code })).toMatchObject({ type: 'advance' })
  })

  it('tries nothing of a class that it does not allow, nor what belongs to somebody else', async () => {
    const onlyStatic = asking({ config: { deviceClasses: ['static'] } })
    const foreign = asking({ authenticators: [paper, owned({ userId: ada.id + 1 })] })

    for (const context of [onlyStatic, foreign])
      expect(await answered(stage, context, { code })).toMatchObject({ type: 'invalid' })
  })

  it('says so where nothing that is offered takes a code or a key', async () => {
    const key = owned({ id: 'key', kind: 'webauthn', lookup: 'key' })

    expect(await answered(stage, asking({ authenticators: [key] }), { code })).toMatchObject({
      errors: [{ field: 'code', message: 'No compatible device class allowed' }],
    })
    expect(await answered(stage, asking(), { webauthn: {} })).toMatchObject({
      errors: [{ field: 'webauthn', message: 'No compatible device class allowed' }],
    })
  })

  it('tries a code on one class alone where the answer names it', async () => {
    const selectedChallenge = { deviceClass: 'static', deviceUid: 'paper' }

    expect(await answered(stage, asking(), { code, selectedChallenge })).toMatchObject({
      type: 'invalid',
      changes: { effects: [{ id: 'paper' }] },
    })
    expect(await answered(stage, asking(), { code: 'two', selectedChallenge })).toMatchObject({ type: 'advance' })
    const capitals = { deviceClass: 'STATIC', deviceUid: 'paper' }
    expect(await answered(stage, asking(), { code: 'two', selectedChallenge: capitals })).toMatchObject({ type: 'advance' })
  })

  it('makes a class wait as long as is configured for it', async () => {
    const waiting = (kind: string) => ({ failures: 1, lastFailedAt: new Date(testNow.getTime() - 5000), kind })
    const verdicts = [
      [owned(waiting('totp')), { totpOtpThrottlingFactor: 6 }, code, 'invalid'],
      [owned(waiting('totp')), { staticOtpThrottlingFactor: 6 }, code, 'advance'],
      [{ ...paper, ...waiting('static') }, { staticOtpThrottlingFactor: 6 }, 'two', 'invalid'],
      [{ ...paper, ...waiting('static') }, { totpOtpThrottlingFactor: 6 }, 'two', 'advance'],
      [{ ...paper, ...waiting('static'), lastFailedAt: testNow }, { staticOtpThrottlingFactor: 0 }, 'two', 'advance'],
    ] as const

    for (const [one, config, typed, type] of verdicts)
      expect(await answered(stage, asking({ authenticators: [one], config }), { code: typed })).toMatchObject({ type })
  })

  it('says what is wrong with an answer that holds no code', async () => {
    expect(await answered(stage, asking(), {})).toMatchObject({
      errors: [{ field: 'nonFieldErrors', message: 'Empty response' }],
    })
    expect(await answered(stage, asking(), { selectedChallenge: { device_class: 'totp', device_uid: 'app' } })).toMatchObject({
      errors: [{ message: 'Empty response' }],
    })
    expect(await answered(stage, asking(), { selectedChallenge: { device_uid: 'another' }, code })).toMatchObject({
      errors: [{ field: 'selectedChallenge', message: 'invalid challenge selected' }],
    })
    const otherClass = { device_class: 'static', device_uid: 'app' }
    expect(await answered(stage, asking(), { selectedChallenge: otherClass })).toMatchObject({
      errors: [{ field: 'selectedChallenge' }],
    })
  })

  it('counts guesses by person, up to a limit', () => {
    expect(stage.guesses?.(asking(), { code: '1' })).toBe(`authenticator:${ada.id}`)
    expect(stage.guesses?.(asking(), { webauthn: {} })).toBe(`authenticator:${ada.id}`)
    expect(stage.guesses?.(asking(), { selectedChallenge: {} })).toBeUndefined()
    expect(stage.guesses?.(stageContext(stage), { code: '1', webauthn: {} })).toBeUndefined()
    expect(stage.attemptLimit?.(asking())).toBe(mostRefusedCodes)
  })
})

describe('people who have set up nothing', () => {
  const bare = (config: object, options: ContextOptions = {}) => asking({ authenticators: [], config, ...options })

  it('go on, are refused, or set something up, as configured', async () => {
    expect(await stage.present(bare({}))).toMatchObject({ type: 'advance' })
    expect(await stage.present(bare({ notConfiguredAction: 'deny' }))).toEqual({
      type: 'deny',
      message: 'No (allowed) MFA authenticator configured.',
    })
    expect(await stage.present(bare({ notConfiguredAction: 'configure', configurationStages: [setup] }))).toMatchObject({
      type: 'advance',
      changes: { nextStages: [setup] },
    })
  })

  it('choose among several stages, and only among those', async () => {
    const config = { notConfiguredAction: 'configure', configurationStages: [setup, otherSetup] }
    const context = bare(config, { stages: { [setup]: { friendlyName: 'Codes on paper' }, [otherSetup]: {} } })
    const challenge = await shown(stage, context)

    expect(challenge.deviceChallenges).toEqual([])
    expect(challenge.configurationStages).toMatchObject([{ pk: setup, name: 'Codes on paper' }, { pk: otherSetup }])
    expect(await answered(stage, context, { selectedStage: otherSetup })).toMatchObject({
      type: 'advance',
      changes: { nextStages: [otherSetup] },
    })
    expect(await answered(stage, context, { selectedStage: 'x' })).toMatchObject({
      errors: [{ field: 'selectedStage', message: 'Selected stage is invalid' }],
    })
    expect(await answered(stage, context, { code: '123456' })).toMatchObject({ errors: [{ message: 'Empty response' }] })
  })

  it('choose nothing where nothing is to be chosen', async () => {
    const config = { notConfiguredAction: 'deny', configurationStages: [setup] }

    expect(await answered(stage, bare(config), { selectedStage: setup })).toMatchObject({
      errors: [{ message: 'Empty response' }],
    })
  })

  it('cannot get there by choosing when they have something', async () => {
    const config = { notConfiguredAction: 'configure', configurationStages: [setup] }

    expect(await answered(stage, asking({ config }), { selectedStage: setup })).toMatchObject({ type: 'invalid' })
  })

  it('are asked through the session where the flow is about nobody else, and never let through unknown', async () => {
    const session = { sessionUser: ada, authenticators: [app] }

    expect(await shown(stage, stageContext(stage, session))).toMatchObject({ deviceChallenges: [{ deviceUid: 'app' }] })
    const codesOnly = stageContext(stage, { config: { deviceClasses: ['totp'] } })
    expect(await stage.present(codesOnly)).toMatchObject({ type: 'deny' })
    expect(await answered(stage, codesOnly, { code })).toMatchObject({ type: 'deny' })
    expect(await stage.present(stageContext(stage, { flow: { designation: 'authorization' } }))).toMatchObject({
      type: 'advance',
    })
    const pretended = { ...session, context: { pending_user: { known: false, identifier: 'x' } } } as const
    expect(await stage.present(stageContext(stage, { ...pretended, config: { notConfiguredAction: 'deny' } }))).toMatchObject({
      type: 'deny',
    })
  })

  it('need a stage to set something up with', () => {
    expect(configProblems(stage, { notConfiguredAction: 'configure' })).toEqual(['configurationStages'])
  })
})
