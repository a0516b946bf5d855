import { describe, expect, it } from 'vitest'
import { createSoftwareAuthenticator, type Tricks } from '../../../test/support/software-authenticator.ts'
import { answered, type ContextOptions, shown, stageContext, testNow } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { userHandle, verifyRegistration } from '../../credentials/webauthn-registration.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import type { JsonObject } from '../../flow/json.ts'
import { authenticatorValidateStage as stage } from './authenticator-validate.stage.ts'

const ada = someUser()
const grace = someUser({ id: 8, username: 'grace', uuid: '5d1f2c1e-7c0e-4d4a-8a63-0d3f4c0a9b11' })
const rpId = 'login.example.test'
const origin = 'https://login.example.test'
const model = '08987058-cadc-4b81-b6e1-30de50dcbe96'

/** A key in software, and what the server keeps of it. */
async function enrolled(user = ada, id = 'key', aaguid = model) {
  const key = createSoftwareAuthenticator({ origin, aaguid })
  const options = {
    challenge: 'Zmlyc3Q',
    rp: { id: rpId },
    user: { id: userHandle(user.uuid) },
    pubKeyCredParams: [{ alg: -7 }],
  }
  const registration = await verifyRegistration({
    response: key.register(options),
    challenge: options.challenge,
    rpId,
    origins: [origin],
    requireUserVerification: false,
    userHandle: userHandle(user.uuid),
  })
  if (registration.type !== 'registered') throw new Error(registration.problem)
  const authenticator: Authenticator = {
    id,
    userId: user.id,
    kind: 'webauthn',
    stageId: undefined,
    lookup: registration.credentialId,
    name: 'A key',
    confirmed: true,
    data: registration.data as JsonObject,
    version: 3,
    failures: 0,
    lastFailedAt: undefined,
    createdAt: testNow,
    lastUsedAt: undefined,
  }
  return { key, authenticator }
}
type Enrolled = Awaited<ReturnType<typeof enrolled>>

const asking = (authenticators: readonly Authenticator[], options: ContextOptions = {}) =>
  stageContext(stage, { pendingUser: ada, users: [ada, grace], authenticators, ...options })
/** Nobody has said who they are. */
const nobody = (authenticators: readonly Authenticator[], options: ContextOptions = {}) =>
  stageContext(stage, { users: [ada, grace], authenticators, ...options })

/** The screen: what the browser is asked with, and what the stage kept. */
async function opened(context: ReturnType<typeof asking>) {
  const verdict = await stage.present(context)
  if (verdict.type !== 'ask') throw new Error(`The stage did not ask: ${verdict.type}`)
  // The contract types what any kind shows; this is what this kind does.
  const { deviceChallenges } = verdict.challenge as unknown as {
    deviceChallenges: { deviceClass: string; challenge: JsonObject }[]
  }
  const options = deviceChallenges.find(({ deviceClass }) => deviceClass === 'webauthn')?.challenge ?? {}
  return { options, state: verdict.state }
}

/** An answer to the screen, judged. */
async function proved({ key, authenticator }: Enrolled, options: ContextOptions = {}, tricks: Tricks = {}, make = asking) {
  const first = await opened(make([authenticator], options))
  const webauthn = key.authenticate(first.options, tricks)
  return answered(stage, make([authenticator], { ...options, state: first.state }), { webauthn })
}

describe('keys as a second factor', () => {
  it('are asked for all at once, with the same challenge until it is answered', async () => {
    const [one, two] = [await enrolled(), await enrolled(ada, 'second')]
    const authenticators = [one.authenticator, two.authenticator]
    const config = { webauthnHints: ['hybrid', 'client-device'], webauthnUserVerification: 'discouraged' }
    const first = await opened(asking(authenticators, { config }))
    const reloaded = asking(authenticators, { config, state: first.state })
    const challenge = await shown(stage, reloaded)

    expect(challenge.deviceChallenges).toEqual([
      { deviceClass: 'webauthn', deviceUid: 'key', challenge: first.options, lastUsed: null },
    ])
    expect(first.options).toMatchObject({
      rpId,
      userVerification: 'discouraged',
      hints: ['hybrid', 'client-device'],
      allowCredentials: [{ id: one.authenticator.lookup }, { id: two.authenticator.lookup }],
    })
    expect((await opened(asking(authenticators))).options.challenge).not.toBe(first.options.challenge)
    expect((await opened(asking(authenticators))).options).not.toHaveProperty('hints')
  })

  it('pass by a right answer, which counts', async () => {
    const one = await enrolled()

    expect(await proved(one)).toMatchObject({
      type: 'advance',
      changes: {
        context: { auth_method: 'auth_mfa', auth_method_args: { mfa_devices: [{ pk: 'key', model_name: 'webauthndevice' }] } },
        effects: [
          { type: 'use_authenticator', id: 'key', version: 3, data: { signCount: 1, credentialId: one.authenticator.lookup } },
        ],
      },
    })
  })

  it.each<[string, Tricks]>([
    ['of another page', { origin: 'https://evil.example.test' }],
    ['for another domain', { rpId: 'evil.example.test' }],
    ['to another challenge', { challenge: 'AAAA' }],
    ['signed by another key', { otherKey: true }],
    ['without a touch', { userPresent: false }],
    ["with somebody else's name", { userHandle: userHandle(grace.uuid) }],
  ])('do not pass by an answer %s, and are asked anew', async (_, tricks) => {
    const one = await enrolled()
    const first = await opened(asking([one.authenticator]))
    const webauthn = one.key.authenticate(first.options, tricks)
    const verdict = await answered(stage, asking([one.authenticator], { state: first.state }), { webauthn })

    expect(verdict).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'webauthn', message: 'Assertion failed', code: 'invalid' }],
      changes: { about: { id: ada.id } },
    })
    const state = verdict.type === 'invalid' ? verdict.changes.state : undefined
    expect(JSON.stringify(state)).not.toContain(String(first.options.challenge))
    const again = await opened(asking([one.authenticator], { state }))
    expect(again.options.challenge).not.toBe(first.options.challenge)
  })

  it('do not pass by an answer that was given before, nor before anything was asked', async () => {
    const one = await enrolled()
    const first = await opened(asking([one.authenticator]))
    const webauthn = one.key.authenticate(first.options)
    const used = await answered(stage, asking([one.authenticator], { state: first.state }), { webauthn })
    const effect = used.type === 'advance' ? used.changes.effects?.[0] : undefined
    if (effect?.type !== 'use_authenticator') throw new Error('The key was not used.')
    const after = { ...one.authenticator, data: effect.data }

    for (const context of [asking([after], { state: first.state }), asking([one.authenticator])])
      expect(await answered(stage, context, { webauthn })).toMatchObject({ errors: [{ message: 'Assertion failed' }] })
  })

  it('must make sure of the person only where that is required', async () => {
    const tricks = { userVerified: false }

    expect(await proved(await enrolled(), { config: { webauthnUserVerification: 'required' } }, tricks)).toMatchObject({
      type: 'invalid',
    })
    expect(await proved(await enrolled(), { config: { webauthnUserVerification: 'required' } })).toMatchObject({
      type: 'advance',
    })
    expect(await proved(await enrolled(), {}, tricks)).toMatchObject({ type: 'advance' })
  })

  it("are nobody else's, and known", async () => {
    const [own, foreign, stranger] = [await enrolled(), await enrolled(grace, 'foreign'), await enrolled(ada, 'stranger')]
    const first = await opened(asking([own.authenticator]))
    const options = { ...first.options, allowCredentials: [] }
    const context = asking([own.authenticator, foreign.authenticator], { state: first.state })
    const unconfirmed = { ...own.authenticator, id: 'draft', confirmed: false }

    for (const webauthn of [foreign.key.authenticate(options), stranger.key.authenticate(options), {}, { id: 'x' }])
      expect(await answered(stage, context, { webauthn })).toMatchObject({
        errors: [{ field: 'webauthn', message: 'Invalid device', code: 'invalid' }],
      })
    const drafted = asking([stranger.authenticator, unconfirmed], { state: first.state })
    expect(await answered(stage, drafted, { webauthn: own.key.authenticate(options) })).toMatchObject({
      errors: [{ message: 'Invalid device' }],
    })
  })

  it('are of models that count', async () => {
    const [allowed, other] = [await enrolled(), await enrolled(ada, 'other', '00000000-0000-0000-0000-000000000000')]
    const config = { webauthnAllowedDeviceTypes: [model] }
    const authenticators = [allowed.authenticator, other.authenticator]
    const first = await opened(asking(authenticators, { config }))

    expect(first.options.allowCredentials).toMatchObject([{ id: allowed.authenticator.lookup }])
    expect(JSON.stringify(first.options)).not.toContain(other.authenticator.lookup)
    const webauthn = other.key.authenticate({ ...first.options, allowCredentials: [] })
    expect(await answered(stage, asking(authenticators, { config, state: first.state }), { webauthn })).toMatchObject({
      errors: [{ field: 'webauthn', message: 'Invalid device type. Contact your Acme administrator for help.' }],
    })
    expect(
      await stage.present(asking([other.authenticator], { config: { ...config, notConfiguredAction: 'deny' } })),
    ).toMatchObject({
      type: 'deny',
    })
  })

  it('send nothing when they are selected', async () => {
    const { authenticator } = await enrolled()
    const selectedChallenge = { device_class: 'webauthn', device_uid: 'key', challenge: {}, last_used: null }

    expect(await answered(stage, asking([authenticator]), { selectedChallenge })).toMatchObject({
      errors: [{ field: 'nonFieldErrors', message: 'Empty response' }],
    })
  })
})

describe('passkeys alone', () => {
  it('are asked for where nobody is known, without naming any', async () => {
    const { authenticator } = await enrolled()
    const context = nobody([authenticator])
    const { deviceChallenges } = await shown(stage, context)

    expect(deviceChallenges).toMatchObject([{ deviceClass: 'webauthn', deviceUid: '-1', lastUsed: null }])
    expect((await opened(context)).options).toMatchObject({ rpId, allowCredentials: [] })
  })

  it('say who their owner is', async () => {
    const verdict = await proved(await enrolled(grace), { config: { lastAuthThreshold: 'hours=1' } }, {}, nobody)

    expect(verdict).toMatchObject({
      type: 'advance',
      changes: {
        context: {
          pending_user: { known: true, id: grace.id },
          auth_method: 'auth_webauthn_pwl',
          auth_method_args: { device: { pk: 'key', name: 'A key' }, device_type: model },
        },
        pendingUser: { id: grace.id },
        effects: [{ type: 'use_authenticator', id: 'key', version: 3, data: { signCount: 1 } }, { type: 'remember_device' }],
      },
    })
  })

  it.each<[string, Tricks, ContextOptions, string]>([
    ['signed by another key', { otherKey: true }, {}, 'Assertion failed'],
    ["with somebody else's name", { userHandle: userHandle(ada.uuid) }, {}, 'Assertion failed'],
    ['of an account that is closed', {}, { users: [{ ...grace, isActive: false }] }, 'Invalid device'],
    ['of an account that is gone', {}, { users: [] }, 'Invalid device'],
    [
      'without the person made sure of',
      { userVerified: false },
      { config: { webauthnUserVerification: 'required' } },
      'Assertion failed',
    ],
    [
      'of a model that does not count',
      {},
      { config: { webauthnAllowedDeviceTypes: [crypto.randomUUID()] } },
      'Invalid device type',
    ],
  ])('do not sign in by an answer %s', async (_, tricks, options, message) => {
    expect(await proved(await enrolled(grace), options, tricks, nobody)).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'webauthn', message: expect.stringContaining(message) }],
    })
  })

  it('are the only way where nobody is known', async () => {
    const { authenticator } = await enrolled()

    for (const answer of [{}, { code: '123456' }, { selectedStage: 'x' }])
      expect(await answered(stage, nobody([authenticator]), answer)).toMatchObject({ errors: [{ message: 'Empty response' }] })
  })

  it('are for signing in, and do not help who only pretends to exist', async () => {
    const one = await enrolled()
    const first = await opened(nobody([one.authenticator]))
    const webauthn = one.key.authenticate(first.options)
    const pretended = { context: { pending_user: { known: false, identifier: 'x' } }, state: first.state } as const

    expect(await stage.present(nobody([one.authenticator], { flow: { designation: 'recovery' } }))).toMatchObject({
      type: 'advance',
    })
    const elsewhere = nobody([one.authenticator], { flow: { designation: 'recovery' }, state: first.state })
    expect(await answered(stage, elsewhere, { webauthn })).toMatchObject({ type: 'deny' })
    expect(await answered(stage, nobody([one.authenticator], pretended), { webauthn })).toMatchObject({
      errors: [{ message: 'Empty response' }],
    })
  })

  it('are counted by key', async () => {
    const one = await enrolled()
    const { options } = await opened(nobody([one.authenticator]))

    expect(stage.guesses?.(nobody([]), { webauthn: one.key.authenticate(options) })).toBe(`passkey:${one.authenticator.lookup}`)
  })
})
