import { describe, expect, it } from 'vitest'
import {
  createSoftwareAuthenticator,
  type SoftwareAuthenticatorOptions,
  type Tricks,
} from '../../test/support/software-authenticator.ts'
import { randomToken } from './random.ts'
import { assertionOptions, credentialIdOf, userHandleOf, verifyAssertion } from './webauthn.ts'
import { registrationOptions, userHandle, verifyRegistration } from './webauthn-registration.ts'

const rpId = 'login.example.test'
const origin = `https://${rpId}`
const handle = userHandle('b0a2f5ac-6a0d-4a30-8c22-64a6f1b7a111')

async function enrolled(about: Partial<SoftwareAuthenticatorOptions> = {}) {
  const device = createSoftwareAuthenticator({ origin, ...about })
  const options = await registrationOptions({
    challenge: randomToken(),
    relyingParty: { id: rpId, name: 'Acme' },
    user: { handle, name: 'ada', displayName: 'Ada' },
    userVerification: 'preferred',
    residentKey: 'preferred',
    attachment: undefined,
    hints: [],
    existing: [],
  })
  const registered = await verifyRegistration({
    response: device.register(options),
    challenge: String(options.challenge),
    rpId,
    origins: [origin],
    requireUserVerification: false,
    userHandle: handle,
  })
  if (registered.type === 'refused') throw new Error(registered.problem)
  return { device, authenticator: { data: registered.data }, id: registered.credentialId }
}

const asked = (allowCredentials: readonly string[] = []) =>
  assertionOptions({ rpId, userVerification: 'preferred', allowCredentials })

const held = { rpId, origins: [origin], requireUserVerification: false }

describe('the options of an assertion', () => {
  it('name the relying party and the credentials that will do, with a challenge of their own', async () => {
    const options = await assertionOptions({
      rpId,
      userVerification: 'required',
      allowCredentials: ['Y3JlZA', 'b3RoZXI'],
      hints: ['hybrid', 'security-key'],
    })
    const challenges = new Set([options.challenge, (await asked()).challenge, (await asked()).challenge])

    expect(options).toEqual({
      rpId,
      challenge: expect.stringMatching(/^[\w-]{43}$/),
      timeout: 60_000,
      userVerification: 'required',
      allowCredentials: [
        { id: 'Y3JlZA', type: 'public-key' },
        { id: 'b3RoZXI', type: 'public-key' },
      ],
      hints: ['hybrid', 'security-key'],
    })
    expect(challenges.size).toBe(3)
  })

  it('leave the choice to the person where none is named, and say nothing of hints where there are none', async () => {
    const options = await asked()

    expect(options).toMatchObject({ allowCredentials: [] })
    expect(Object.keys(options).sort()).toEqual(['allowCredentials', 'challenge', 'rpId', 'timeout', 'userVerification'])
  })
})

describe('an assertion', () => {
  it('is accepted from the authenticator that was enrolled, which counts on', async () => {
    const { device, authenticator, id } = await enrolled()
    const options = await asked([id])
    const response = device.authenticate(options)
    const accepted = await verifyAssertion({ response, challenge: String(options.challenge), authenticator, ...held })

    expect(accepted).toEqual({ data: { ...authenticator.data, signCount: 1 } })
    expect(credentialIdOf(response)).toBe(id)
    expect(userHandleOf(response)).toBe(handle)
  })

  it('is not accepted twice from an authenticator that counts', async () => {
    const { device, authenticator } = await enrolled()
    const options = await asked()
    const response = device.authenticate(options)
    const held1 = { response, challenge: String(options.challenge), ...held }
    const accepted = await verifyAssertion({ authenticator, ...held1 })

    expect(accepted).toBeDefined()
    expect(await verifyAssertion({ authenticator: { data: accepted?.data ?? {} }, ...held1 })).toBeUndefined()
  })

  it('is accepted from an authenticator that counts nothing, as often as it signs', async () => {
    const { device, authenticator } = await enrolled({ counts: false })
    for (const _ of [1, 2]) {
      const options = await asked()
      const response = device.authenticate(options)

      expect(await verifyAssertion({ response, challenge: String(options.challenge), authenticator, ...held })).toEqual({
        data: authenticator.data,
      })
    }
  })

  it.each<[string, Tricks]>([
    ['to another challenge', { challenge: 'c29tZXRoaW5nIGVsc2U' }],
    ['given to another page', { origin: 'https://login.example.test.evil.test' }],
    ['given to another port', { origin: `${origin}:8443` }],
    ['for another relying party', { rpId: 'evil.test' }],
    ['of another kind', { type: 'webauthn.create' }],
    ['with another key', { otherKey: true }],
    ['of somebody else', { userHandle: userHandle('somebody else') }],
    ['that nobody was there for', { userPresent: false }],
    ['that counts less than before', { signCount: 4 }],
    ['that counts the same as before', { signCount: 5 }],
    ['that has stopped counting', { signCount: 0 }],
  ])('is refused: one %s', async (_, tricks) => {
    const { device, authenticator } = await enrolled()
    const options = await asked()
    const counted = { data: { ...authenticator.data, signCount: 5 } }
    const answer = (how: Tricks) =>
      verifyAssertion({
        response: device.authenticate(options, { signCount: 6, ...how }),
        challenge: String(options.challenge),
        authenticator: counted,
        ...held,
      })

    expect(await answer(tricks)).toBeUndefined()
    expect(await answer({})).toBeDefined()
  })

  it('needs user verification only where that is required', async () => {
    const { device, authenticator } = await enrolled({ userVerified: false })
    const options = await asked()
    const judged = (requireUserVerification: boolean, tricks?: Tricks) =>
      verifyAssertion({
        response: device.authenticate(options, tricks),
        challenge: String(options.challenge),
        authenticator,
        ...held,
        requireUserVerification,
      })

    expect(await judged(true)).toBeUndefined()
    expect(await judged(false)).toBeDefined()
    expect(await judged(true, { userVerified: true })).toBeDefined()
  })

  it('is refused when it comes from another credential than the one it is held against', async () => {
    const { device, authenticator } = await enrolled()
    const other = await enrolled()
    const options = await asked()
    const renamed = { ...other.device.authenticate(options), id: device.credentials[0]?.id, rawId: device.credentials[0]?.id }

    expect(
      await verifyAssertion({ response: renamed, challenge: String(options.challenge), authenticator, ...held }),
    ).toBeUndefined()
    const misnamed = { ...device.authenticate(options), id: other.id, rawId: other.id }

    expect(
      await verifyAssertion({ response: misnamed, challenge: String(options.challenge), authenticator, ...held }),
    ).toBeUndefined()
    expect(
      await verifyAssertion({
        response: other.device.authenticate(options),
        challenge: String(options.challenge),
        authenticator,
        ...held,
      }),
    ).toBeUndefined()
  })

  it('may leave out what it does not know', async () => {
    const { device, authenticator } = await enrolled()
    const options = await asked()
    const { type: _, clientExtensionResults: __, ...bare } = device.authenticate(options)
    const response = { ...bare, response: { ...(bare.response as object), userHandle: null } }

    expect(userHandleOf(response)).toBeUndefined()
    expect(await verifyAssertion({ response, challenge: String(options.challenge), authenticator, ...held })).toBeDefined()
  })

  it.each<[string, (response: Record<string, unknown>) => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['a text', () => 'assertion'],
    ['an empty object', () => ({})],
    ['no signature', (whole) => within(whole, { signature: undefined })],
    ['a signature that is none', (whole) => within(whole, { signature: 'AAAA' })],
    ['a signature in another alphabet', (whole) => within(whole, { signature: 'a+b/' })],
    ['client data that is not JSON', (whole) => within(whole, { clientDataJSON: 'AAAA' })],
    ['client data that is null', (whole) => within(whole, { clientDataJSON: Buffer.from('null').toString('base64url') })],
    ['authenticator data that ends early', (whole) => within(whole, { authenticatorData: 'AAAA' })],
    ['more than anybody needs', (whole) => within(whole, { clientDataJSON: 'A'.repeat(100_000) })],
    ['another type', (whole) => ({ ...whole, type: 'password' })],
    ['another raw id', (whole) => ({ ...whole, rawId: 'AAAA' })],
    ['an id that is a number', (whole) => ({ ...whole, id: 7 })],
  ])('is refused without a fuss: %s', async (_, malform) => {
    const { device, authenticator } = await enrolled()
    const options = await asked()
    const response = malform({ ...device.authenticate(options) })

    expect(await verifyAssertion({ response, challenge: String(options.challenge), authenticator, ...held })).toBeUndefined()
  })

  it('is refused without a fuss when what is stored is no credential', async () => {
    const { device } = await enrolled()
    const options = await asked()
    const response = device.authenticate(options)

    expect(
      await verifyAssertion({ response, challenge: String(options.challenge), authenticator: { data: {} }, ...held }),
    ).toBeUndefined()
  })
})

describe('what an answer claims', () => {
  it.each([undefined, null, 7, 'x', [], {}, { id: 'Y3JlZA' }])('is nothing where the answer is %j', (response) => {
    expect(credentialIdOf(response)).toBeUndefined()
    expect(userHandleOf(response)).toBeUndefined()
  })
})

function within(whole: Record<string, unknown>, members: Record<string, unknown>): unknown {
  return { ...whole, response: { ...(whole.response as object), ...members } }
}
