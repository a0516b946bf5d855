import { describe, expect, it } from 'vitest'
import {
  createSoftwareAuthenticator,
  type SoftwareAuthenticatorOptions,
  type Tricks,
} from '../../../test/support/software-authenticator.ts'
import { answered, type ContextOptions, shown, stageContext, testNow } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import type { JsonObject } from '../../flow/json.ts'
import { authenticatorWebauthnStage as stage } from './authenticator-webauthn.stage.ts'

const ada = someUser()
const origin = 'https://login.example.test'
const model = '2fc0579f-8113-47ea-b116-bb5a8db9202a'
const otherModel = 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4'
const unknownModel = '00000000-0000-0000-0000-000000000000'

/** What the stage shows, and what it keeps meanwhile. */
async function asked(options: ContextOptions = {}) {
  const verdict = await stage.present(stageContext(stage, { pendingUser: ada, ...options }))
  if (verdict.type !== 'ask') throw new Error(`The stage did not ask: ${JSON.stringify(verdict)}`)
  const { registration } = verdict.challenge as { registration: JsonObject }
  return { registration, state: verdict.state }
}

/** What the stage makes of a new credential. */
async function enrolled(options: ContextOptions = {}, about: Partial<SoftwareAuthenticatorOptions> = {}, tricks: Tricks = {}) {
  const { registration, state } = await asked(options)
  const device = createSoftwareAuthenticator({ origin, ...about })
  const response = device.register(registration, tricks)
  return answered(stage, stageContext(stage, { pendingUser: ada, ...options, state }), { response })
}

const stored = (about: Partial<Authenticator>): Authenticator => ({
  id: 'an authenticator',
  userId: ada.id,
  kind: 'webauthn',
  stageId: undefined,
  name: 'WebAuthn Device',
  lookup: undefined,
  confirmed: true,
  data: {},
  version: 1,
  failures: 0,
  lastFailedAt: undefined,
  createdAt: testNow,
  lastUsedAt: undefined,
  ...about,
})

const saved = (about: object) => ({
  type: 'advance',
  changes: { effects: [{ type: 'add_authenticator', authenticator: expect.objectContaining(about) }] },
})

const refusedWith = (message: string) => ({ type: 'invalid', errors: [{ field: 'response', message, code: 'invalid' }] })

describe('setting up a passkey', () => {
  it('asks for a credential of the relying party for the user', async () => {
    const challenge = await shown(stage, stageContext(stage, { pendingUser: ada }))

    expect(challenge).toEqual({
      registration: {
        rp: { id: 'login.example.test', name: 'Acme' },
        user: { id: expect.stringMatching(/^[\w-]{43}$/), name: 'ada', displayName: 'Ada Lovelace' },
        challenge: expect.stringMatching(/^[\w-]{43}$/),
        pubKeyCredParams: [-7, -8, -36, -37, -38, -39, -257, -258, -259].map((alg) => ({ alg, type: 'public-key' })),
        timeout: 60_000,
        excludeCredentials: [],
        authenticatorSelection: { residentKey: 'preferred', requireResidentKey: false, userVerification: 'preferred' },
        attestation: 'direct',
      },
    })
  })

  it('asks the same after a reload, and something else the next time', async () => {
    const { registration, state } = await asked()

    expect((await asked({ state })).registration).toEqual(registration)
    expect((await asked()).registration.challenge).not.toBe(registration.challenge)
  })

  it('asks for what is configured', async () => {
    const config = {
      userVerification: 'required',
      residentKeyRequirement: 'discouraged',
      hints: ['hybrid', 'security-key'],
    }

    expect((await asked({ config })).registration).toMatchObject({
      authenticatorSelection: {
        userVerification: 'required',
        residentKey: 'discouraged',
        requireResidentKey: false,
        authenticatorAttachment: 'cross-platform',
      },
      hints: ['hybrid', 'security-key'],
    })
    expect((await asked({ config: { ...config, authenticatorAttachment: 'platform' } })).registration).toMatchObject({
      authenticatorSelection: { authenticatorAttachment: 'platform' },
    })
  })

  it('is for the pending user, else for who is signed in, and passed by where there is nobody', async () => {
    const grace = someUser({ id: 8, username: 'grace', uuid: '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0001' })
    const own = await asked({ pendingUser: undefined as never, sessionUser: grace })
    const both = await asked({ sessionUser: grace })

    expect(own.registration.user).toMatchObject({ name: 'grace' })
    expect(both.registration.user).toMatchObject({ name: 'ada' })
    expect(own.registration.user).not.toMatchObject({ id: (both.registration.user as JsonObject).id })
    expect(await stage.present(stageContext(stage))).toMatchObject({ type: 'advance' })
  })

  it.each([undefined, ada])('ends for somebody who only pretends to exist, whoever is signed in (%#)', async (sessionUser) => {
    const pretending: ContextOptions = {
      context: { pending_user: { known: false, identifier: 'nobody' } },
      ...(sessionUser && { sessionUser }),
    }
    const { registration, state } = await asked()
    const response = createSoftwareAuthenticator({ origin }).register(registration)

    expect(await stage.present(stageContext(stage, pretending))).toEqual({ type: 'deny', message: undefined })
    expect(await answered(stage, stageContext(stage, { ...pretending, state }), { response })).toMatchObject({ type: 'deny' })
  })

  it('keeps the credential, and finds it by its id', async () => {
    const { registration, state } = await asked()
    const device = createSoftwareAuthenticator({ origin, aaguid: model })
    const response = device.register(registration)
    const context = stageContext(stage, { pendingUser: ada, state })
    const id = device.credentials[0]?.id

    expect(await answered(stage, context, { response })).toEqual({
      type: 'advance',
      changes: {
        effects: [
          {
            type: 'add_authenticator',
            authenticator: {
              userId: ada.id,
              kind: 'webauthn',
              stageId: context.stageId,
              name: 'WebAuthn Device',
              lookup: id,
              data: expect.objectContaining({
                credentialId: id,
                rpId: 'login.example.test',
                aaguid: model,
                signCount: 0,
                userHandle: device.credentials[0]?.userHandle,
              }),
            },
          },
        ],
      },
    })
  })

  it('calls it as configured', async () => {
    expect(await enrolled({ config: { friendlyName: 'Badge' } })).toMatchObject(saved({ name: 'Badge' }))
  })

  it('excludes the credentials that the user has, and nobody else has', async () => {
    const first = await enrolled()
    const effect = first.type === 'advance' && first.changes.effects?.[0]
    const own = effect && effect.type === 'add_authenticator' ? stored({ ...effect.authenticator }) : stored({})
    const foreign = stored({ userId: 99, data: { ...own.data, credentialId: 'Zm9yZWlnbg' } })
    const totp = stored({ kind: 'totp', data: { ...own.data, credentialId: 'dG90cA' } })
    const { registration } = await asked({ authenticators: [own, foreign, totp] })

    expect(registration.excludeCredentials).toEqual([{ id: own.lookup, type: 'public-key', transports: ['internal'] }])
  })

  it('refuses a credential id that exists, whoever has it', async () => {
    const newCredentialId = Buffer.alloc(32, 7).toString('base64url')
    const taken = [stored({ userId: 99, lookup: newCredentialId })]

    expect(await enrolled({ authenticators: taken }, {}, { newCredentialId })).toMatchObject(
      refusedWith('Credential ID already exists.'),
    )
    expect(await enrolled({}, {}, { newCredentialId })).toMatchObject(saved({ lookup: newCredentialId }))
  })

  it.each<[string, Tricks]>([
    ['another challenge', { challenge: 'c29tZXRoaW5nIGVsc2U' }],
    ['another page', { origin: 'https://evil.test' }],
    ['another relying party', { rpId: 'evil.test' }],
  ])('refuses an answer for %s', async (_, tricks) => {
    expect(await enrolled({}, {}, tricks)).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'response', message: expect.stringMatching(/^Registration failed\. Error: ./), code: 'invalid' }],
    })
  })

  it('enforces user verification where it is required, and only there', async () => {
    const unverified = (userVerification: string) => enrolled({ config: { userVerification } }, { userVerified: false })

    expect(await unverified('required')).toMatchObject({ type: 'invalid' })
    expect(await unverified('preferred')).toMatchObject({ type: 'advance' })
    expect(await unverified('discouraged')).toMatchObject({ type: 'advance' })
    expect(await enrolled({ config: { userVerification: 'required' } })).toMatchObject({ type: 'advance' })
  })

  it('takes no answer to what it has not shown', async () => {
    const { registration } = await asked()
    const response = createSoftwareAuthenticator({ origin }).register(registration)

    expect(await answered(stage, stageContext(stage, { pendingUser: ada }), { response })).toMatchObject({ type: 'deny' })
  })
})

describe('an answer that is refused', () => {
  it('makes the stage ask anew: what was answered once is not taken again', async () => {
    const { registration, state } = await asked()
    const refused = await answered(stage, stageContext(stage, { pendingUser: ada, state }), { response: {} })
    const kept = refused.type === 'invalid' ? refused.changes.state : undefined
    const next = await asked({ state: kept })
    const late = createSoftwareAuthenticator({ origin }).register(registration)

    expect(next.registration.challenge).not.toBe(registration.challenge)
    expect(next.state).toEqual(kept)
    expect(await answered(stage, stageContext(stage, { pendingUser: ada, state: kept }), { response: late })).toMatchObject({
      type: 'invalid',
    })
  })

  /** Answers wrongly so many times; the verdicts. */
  async function wrong(times: number, config: object) {
    const verdicts = []
    let { state } = await asked()
    for (let turn = 0; turn < times; turn += 1) {
      const verdict = await answered(stage, stageContext(stage, { pendingUser: ada, config, state }), { response: {} })
      verdicts.push(verdict.type === 'deny' ? verdict.message : verdict.type)
      state = verdict.type === 'invalid' ? verdict.changes.state : undefined
    }
    return verdicts
  }

  it('ends the execution when there were as many as are configured', async () => {
    expect(await wrong(3, { maxAttempts: 3 })).toEqual([
      'invalid',
      'invalid',
      'Exceeded maximum attempts. Contact your Acme administrator for help.',
    ])
    expect(await wrong(1, { maxAttempts: 1 })).toEqual(['Exceeded maximum attempts. Contact your Acme administrator for help.'])
  })

  it('may be followed by any number of others where none is configured', async () => {
    expect(await wrong(12, { maxAttempts: 0 })).toEqual(Array.from({ length: 12 }, () => 'invalid'))
  })
})

describe('restrictions to models', () => {
  const problem = refusedWith('Invalid device type. Contact your Acme administrator for help.')

  it.each<[string, readonly string[], string, object]>([
    ['lets in what is listed', [otherModel, model], model, { type: 'advance' }],
    ['lets in what is listed in capitals', [model.toUpperCase()], model, { type: 'advance' }],
    ['refuses what is not', [otherModel], model, problem],
    ['refuses what does not tell its model', [otherModel], unknownModel, problem],
    ['lets that in where the special entry is listed', [otherModel, unknownModel], unknownModel, { type: 'advance' }],
    ['still refuses what tells another model then', [otherModel, unknownModel], model, problem],
    ['lets everything in without any', [], model, { type: 'advance' }],
  ])('%s', async (_, deviceTypeRestrictions, aaguid, verdict) => {
    expect(await enrolled({ config: { deviceTypeRestrictions } }, { aaguid })).toMatchObject(verdict)
  })
})
