import { describe, expect, it } from 'vitest'
import {
  createSoftwareAuthenticator,
  type SoftwareAuthenticatorOptions,
  type Tricks,
} from '../../../test/support/software-authenticator.ts'
import { answered, type ContextOptions, shown, stageContext } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { inbuiltBackend } from '../../credentials/password-backends.ts'
import { randomToken } from '../../credentials/random.ts'
import { registrationOptions, userHandle, verifyRegistration } from '../../credentials/webauthn-registration.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import { identificationStage } from './identification.stage.ts'

const webauthnStage = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0011'
const passwordStage = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0009'
const model = '2fc0579f-8113-47ea-b116-bb5a8db9202a'
const rpId = 'login.example.test'
const origin = `https://${rpId}`
const ada = someUser()

/** A passkey of Ada's, in her hand and in the database. */
async function enrolled(about: Partial<SoftwareAuthenticatorOptions> = {}) {
  const device = createSoftwareAuthenticator({ origin, aaguid: model, ...about })
  const handle = userHandle(ada.uuid)
  const options = await registrationOptions({
    challenge: randomToken(),
    relyingParty: { id: rpId, name: 'Acme' },
    user: { handle, name: ada.username, displayName: ada.name },
    userVerification: 'preferred',
    residentKey: 'required',
    attachment: undefined,
    hints: [],
    existing: [],
  })
  const expected = { challenge: String(options.challenge), rpId, origins: [origin], requireUserVerification: false }
  const registered = await verifyRegistration({ response: device.register(options), ...expected, userHandle: handle })
  if (registered.type === 'refused') throw new Error(registered.problem)
  const authenticator: Authenticator = {
    id: 'a-passkey',
    userId: ada.id,
    kind: 'webauthn',
    stageId: undefined,
    name: 'A phone',
    lookup: registered.credentialId,
    confirmed: true,
    data: registered.data,
    version: 3,
    failures: 0,
    lastFailedAt: undefined,
    createdAt: new Date('2026-01-01T00:00:00.000Z'),
    lastUsedAt: undefined,
  }
  return { device, authenticator }
}

interface Moment extends Omit<ContextOptions, 'stages'> {
  /** What the validation stage says. */
  readonly settings?: object
}

const identifying = ({ settings, ...options }: Moment = {}) =>
  stageContext(identificationStage, {
    users: [ada],
    stages: {
      [webauthnStage]: {
        kind: 'authenticator_validate',
        webauthnUserVerification: 'preferred',
        webauthnHints: [],
        webauthnAllowedDeviceTypes: [],
        ...settings,
      },
    },
    ...options,
    config: { userFields: ['username'], webauthnStage, ...options.config },
  })

/** What is shown, and the moment after. */
async function shownOnce(moment: Moment = {}) {
  const verdict = await identificationStage.present(identifying(moment))
  if (verdict.type !== 'ask') throw new Error('The stage did not ask.')
  const { passkeyChallenge } = verdict.challenge as { passkeyChallenge: unknown }
  return { passkeyChallenge, context: identifying({ ...moment, state: verdict.state }) }
}

/** What becomes of a passkey's answer. */
async function signedIn({ enrol, tricks, change, ...moment }: Trial = {}) {
  const { device, authenticator } = await enrolled(enrol)
  const known = { ...moment, authenticators: [{ ...authenticator, ...change }] }
  const { passkeyChallenge, context } = await shownOnce(known)
  const passkey = device.authenticate(passkeyChallenge, tricks)
  return { passkey, passkeyChallenge, verdict: await answered(identificationStage, context, { passkey }), known }
}

interface Trial extends Moment {
  readonly enrol?: Partial<SoftwareAuthenticatorOptions>
  readonly tricks?: Tricks
  readonly change?: Partial<Authenticator>
}

const refused = (message: string) => ({
  type: 'invalid',
  errors: [{ field: 'nonFieldErrors', message, code: 'invalid' }],
})

describe('a passkey offered in the field for the name', () => {
  it('is asked for without saying whose, as the validation stage is configured', async () => {
    const settings = { webauthnUserVerification: 'required', webauthnHints: ['hybrid'] }
    const { passkeyChallenge } = await shown(identificationStage, identifying({ settings }))

    expect(passkeyChallenge).toEqual({
      challenge: expect.stringMatching(/^[\w-]{43}$/),
      timeout: 60_000,
      rpId,
      allowCredentials: [],
      userVerification: 'required',
      hints: ['hybrid'],
    })
  })

  it('is asked for with one challenge however often, and another one in each execution', async () => {
    const { passkeyChallenge, context } = await shownOnce()

    expect(await shown(identificationStage, context)).toMatchObject({ passkeyChallenge })
    expect((await shownOnce()).passkeyChallenge).not.toEqual(passkeyChallenge)
  })

  it('signs its owner in, with proof of how', async () => {
    const { verdict } = await signedIn()

    expect(verdict).toStrictEqual({
      type: 'advance',
      changes: {
        pendingUser: ada,
        context: {
          pending_user: { known: true, id: 7, backend: inbuiltBackend },
          pending_user_identifier: undefined,
          auth_method: 'auth_webauthn_pwl',
          auth_method_args: {
            device: { pk: 'a-passkey', model_name: 'webauthndevice', name: 'A phone' },
            device_type: model,
          },
        },
        effects: [
          {
            type: 'use_authenticator',
            id: 'a-passkey',
            version: 3,
            data: expect.objectContaining({ signCount: 1, aaguid: model }),
          },
        ],
      },
    })
  })

  it('signs its owner in whatever else was or is typed', async () => {
    const { device, authenticator } = await enrolled()
    const context = { pending_user: { known: false, identifier: 'nobody' }, pending_user_identifier: 'nobody' } as const
    const moment = { context, authenticators: [authenticator], config: { passwordStage, captchaStage: passwordStage } }
    const screen = await shownOnce(moment)
    const passkey = device.authenticate(screen.passkeyChallenge)

    expect(await answered(identificationStage, screen.context, { passkey, uidField: 'grace', password: 'x' })).toMatchObject({
      type: 'advance',
      changes: { pendingUser: ada },
    })
  })

  it.each<[string, Trial]>([
    ['nobody has enrolled', { change: { lookup: 'another' } }],
    ['was never confirmed', { change: { confirmed: false } }],
    ['belongs to a disabled account', { users: [someUser({ isActive: false })] }],
    ['belongs to an account that is gone', { users: [] }],
    ['is something else', { change: { kind: 'totp' } }],
  ])('is refused when it %s', async (_, trial) => {
    expect((await signedIn(trial)).verdict).toMatchObject(refused('Invalid device'))
  })

  it.each([{}, { id: 'Y3JlZA' }, { id: 7 }])('is refused when it is none: %j', async (passkey) => {
    const { context } = await shownOnce()

    expect(await answered(identificationStage, context, { passkey })).toMatchObject(refused('Invalid device'))
  })

  it.each<[string, Trial]>([
    ['another challenge', { tricks: { challenge: 'c29tZXRoaW5nIGVsc2U' } }],
    ['another page', { tricks: { origin: 'https://evil.test' } }],
    ['somebody else, by its own account', { tricks: { userHandle: userHandle('somebody else') } }],
    ['a key that nobody enrolled', { tricks: { otherKey: true } }],
    [
      'nobody in particular, where that is required',
      { settings: { webauthnUserVerification: 'required' }, enrol: { userVerified: false } },
    ],
  ])('is refused when it signs for %s', async (_, trial) => {
    expect((await signedIn(trial)).verdict).toMatchObject({ ...refused('Assertion failed'), changes: { about: ada } })
  })

  it('needs no user verification where that is only preferred', async () => {
    expect((await signedIn({ enrol: { userVerified: false } })).verdict).toMatchObject({ type: 'advance' })
  })

  it('is refused before it was asked for', async () => {
    const { passkey, known } = await signedIn()

    expect(await answered(identificationStage, identifying(known), { passkey })).toMatchObject(refused('Assertion failed'))
  })

  it('must be of a model that is allowed', async () => {
    const allowing = async (webauthnAllowedDeviceTypes: string[]) =>
      (await signedIn({ settings: { webauthnAllowedDeviceTypes } })).verdict

    expect(await allowing([model])).toMatchObject({ type: 'advance' })
    expect(await allowing(['00000000-0000-0000-0000-000000000000'])).toMatchObject(
      refused('Invalid device type. Contact your Acme administrator for help.'),
    )
  })

  it('answers a challenge once: after a refusal another one stands', async () => {
    const { verdict, passkeyChallenge, passkey, known } = await signedIn({ tricks: { otherKey: true } })
    const state = verdict.type === 'invalid' ? verdict.changes.state : undefined
    const next = identifying({ ...known, state })

    expect((await shown(identificationStage, next)).passkeyChallenge).not.toEqual(passkeyChallenge)
    expect(await answered(identificationStage, next, { passkey })).toMatchObject(refused('Assertion failed'))
  })

  it.each<[string, ContextOptions]>([
    ['is not configured', { config: { webauthnStage: null } }],
    ['is gone', { stages: {} }],
    ['is of another kind', { stages: { [webauthnStage]: { kind: 'password' } } }],
  ])('is neither offered nor taken where its stage %s', async (_, options) => {
    const { device, authenticator } = await enrolled()
    const { passkeyChallenge, context } = await shownOnce({ authenticators: [authenticator] })
    const without = identifying({ authenticators: [authenticator], ...(options as Moment), state: context.state })

    expect(await shown(identificationStage, without)).toMatchObject({ passkeyChallenge: null })
    expect(await answered(identificationStage, without, { passkey: device.authenticate(passkeyChallenge) })).toMatchObject(
      refused('Invalid device'),
    )
  })

  it('keeps a hint from answering the stage', async () => {
    const hinted = identifying({ context: { pending_user_identifier: 'ada' } })

    expect(await shown(identificationStage, hinted)).toMatchObject({ pendingUserIdentifier: 'ada' })
  })

  it('leaves names alone: they are judged as ever, and passkeys clear no guesses at them', async () => {
    const { context } = await shownOnce()

    expect(await answered(identificationStage, context, { uidField: 'ada', passkey: null })).toMatchObject({ type: 'advance' })
    const counted = identifying({ config: { passwordStage } })
    expect(identificationStage.guesses?.(counted, { uidField: 'grace', passkey: { id: 'x' } })).toBeUndefined()
    expect(identificationStage.guesses?.(counted, { uidField: 'grace', passkey: null })).toBe('identifier:grace')
  })
})
