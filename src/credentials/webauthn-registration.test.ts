import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createAttestationMaker } from '../../test/support/attestation-maker.ts'
import {
  createSoftwareAuthenticator,
  type SoftwareAuthenticatorOptions,
  type Tricks,
} from '../../test/support/software-authenticator.ts'
import { randomToken } from './random.ts'
import { assertionOptions, verifyAssertion } from './webauthn.ts'
import { type RegistrationRequest, registrationOptions, userHandle, verifyRegistration } from './webauthn-registration.ts'

const rpId = 'login.example.test'
const origin = `https://${rpId}`
const handle = userHandle('b0a2f5ac-6a0d-4a30-8c22-64a6f1b7a111')
const algorithms = [-7, -8, -36, -37, -38, -39, -257, -258, -259]

const asked = (about: Partial<RegistrationRequest> = {}) =>
  registrationOptions({
    challenge: randomToken(),
    relyingParty: { id: rpId, name: 'Acme' },
    user: { handle, name: 'ada', displayName: 'Ada Lovelace' },
    userVerification: 'preferred',
    residentKey: 'preferred',
    attachment: undefined,
    hints: [],
    existing: [],
    ...about,
  })

const judged = (response: unknown, challenge: unknown, requireUserVerification = false) =>
  verifyRegistration({
    response,
    challenge: String(challenge),
    rpId,
    origins: ['https://accounts.example.test', origin],
    requireUserVerification,
    userHandle: handle,
  })

async function registered(about: Partial<SoftwareAuthenticatorOptions> = {}, tricks: Tricks = {}) {
  const device = createSoftwareAuthenticator({ origin, ...about })
  const options = await asked()
  return { device, answer: await judged(device.register(options, tricks), options.challenge) }
}

describe('the options of a registration', () => {
  it('say who asks, for whom, and for what', async () => {
    expect(await asked({ challenge: 'Y2hhbGxlbmdl' })).toEqual({
      rp: { id: rpId, name: 'Acme' },
      user: { id: handle, name: 'ada', displayName: 'Ada Lovelace' },
      challenge: 'Y2hhbGxlbmdl',
      pubKeyCredParams: algorithms.map((alg) => ({ alg, type: 'public-key' })),
      timeout: 60_000,
      excludeCredentials: [],
      authenticatorSelection: { residentKey: 'preferred', requireResidentKey: false, userVerification: 'preferred' },
      attestation: 'direct',
    })
  })

  it('say what is insisted on, and what to offer first', async () => {
    const options = await asked({
      residentKey: 'required',
      userVerification: 'required',
      attachment: 'platform',
      hints: ['client-device', 'hybrid'],
    })

    expect(options).toMatchObject({
      authenticatorSelection: {
        residentKey: 'required',
        requireResidentKey: true,
        userVerification: 'required',
        authenticatorAttachment: 'platform',
      },
      hints: ['client-device', 'hybrid'],
    })
  })

  it('exclude what the person has, so that it is not enrolled twice', async () => {
    const { device, answer } = await registered()
    const data = answer.type === 'registered' ? answer.data : {}
    const options = await asked({ existing: [data, {}] })

    expect(options.excludeCredentials).toEqual([{ id: device.credentials[0]?.id, type: 'public-key', transports: ['internal'] }])
    expect(() => device.register(options)).toThrow('enrolled already')
  })

  it('call a user always the same, and not by name', () => {
    expect(userHandle('ada')).toMatch(/^[\w-]{43}$/)
    expect(userHandle('ada')).toBe(userHandle('ada'))
    expect(userHandle('grace')).not.toBe(userHandle('ada'))
  })
})

describe('a registration', () => {
  it('keeps what later assertions are held against', async () => {
    const aaguid = '2FC0579F-8113-47EA-B116-BB5A8DB9202A'
    const { device, answer } = await registered({ aaguid })

    expect(answer).toEqual({
      type: 'registered',
      credentialId: device.credentials[0]?.id,
      aaguid: aaguid.toLowerCase(),
      data: {
        credentialId: device.credentials[0]?.id,
        publicKey: expect.stringMatching(/^[\w-]+$/),
        signCount: 0,
        transports: ['internal'],
        aaguid: aaguid.toLowerCase(),
        rpId,
        userHandle: handle,
        deviceType: 'singleDevice',
        backedUp: false,
      },
    })
  })

  it('keeps the certificate of whoever vouches for the authenticator', async () => {
    const maker = await createAttestationMaker()
    const { answer } = await registered({ attestation: maker })
    const { fingerprint256 } = new X509Certificate(maker.certificate)

    expect(answer).toMatchObject({
      data: {
        attestation: {
          format: 'packed',
          certificate: expect.stringMatching(/^-----BEGIN CERTIFICATE-----\n/),
          fingerprint: fingerprint256,
        },
      },
    })
  })

  it.each(algorithms)('takes keys for the algorithm %i, and what they sign later', async (algorithm) => {
    const { device, answer } = await registered({ algorithm, attestation: 'self' })
    if (answer.type === 'refused') throw new Error(answer.problem)
    const options = await assertionOptions({ rpId, userVerification: 'required', allowCredentials: [answer.credentialId] })
    const accepted = await verifyAssertion({
      response: device.authenticate(options),
      challenge: String(options.challenge),
      rpId,
      origins: [origin],
      requireUserVerification: true,
      authenticator: { data: answer.data },
    })

    expect(accepted).toBeDefined()
  })

  it.each<[string, Tricks, Partial<SoftwareAuthenticatorOptions>]>([
    ['to another challenge', { challenge: 'c29tZXRoaW5nIGVsc2U' }, {}],
    ['given to another page', { origin: 'https://evil.test' }, {}],
    ['for another relying party', { rpId: 'evil.test' }, {}],
    ['of another kind', { type: 'webauthn.get' }, {}],
    ['that nobody was there for', { userPresent: false }, {}],
    ['that another key vouches for', { otherKey: true }, { attestation: 'self' }],
  ])('is refused: one %s', async (_, tricks, about) => {
    expect((await registered(about, tricks)).answer).toEqual({ type: 'refused', problem: expect.stringMatching(/./) })
    expect((await registered(about)).answer.type).toBe('registered')
  })

  it('needs user verification only where that is required', async () => {
    const device = createSoftwareAuthenticator({ origin, userVerified: false })
    const options = await asked()
    const answer = device.register(options)

    expect(await judged(answer, options.challenge, true)).toMatchObject({ type: 'refused' })
    expect(await judged(answer, options.challenge, false)).toMatchObject({ type: 'registered' })
    expect(await judged(device.register(options, { userVerified: true }), options.challenge, true)).toMatchObject({
      type: 'registered',
    })
  })

  it('goes by the id that the authenticator has signed', async () => {
    const device = createSoftwareAuthenticator({ origin })
    const options = await asked()
    const answer = await judged({ ...device.register(options), id: 'AAAA', rawId: 'AAAA' }, options.challenge)

    expect(answer).toMatchObject({ credentialId: device.credentials[0]?.id })
  })

  it('leaves out transports that nobody knows', async () => {
    const device = createSoftwareAuthenticator({ origin })
    const options = await asked()
    const made = device.register(options)
    const named = (transports: unknown) => ({ ...made, response: { ...(made.response as object), transports } })
    const kept = async (transports: unknown) => {
      const answer = await judged(named(transports), options.challenge)
      return answer.type === 'registered' ? answer.data.transports : answer
    }

    expect(await kept(['usb', 'by pigeon', 'nfc', 7])).toEqual(['nfc', 'usb'])
    expect(await kept(undefined)).toEqual([])
    expect(await kept('usb')).toEqual([])
  })

  it.each<[string, unknown, string]>([
    ['nothing', undefined, ''],
    ['an empty object', {}, 'id'],
    ['no answer', { id: 'AAAA', rawId: 'AAAA' }, 'response'],
    [
      'no attestation',
      { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response: { clientDataJSON: 'AAAA' } },
      'response.attestationObject',
    ],
  ])('says what is missing from %s', async (_, response, path) => {
    expect(await judged(response, 'Y2hhbGxlbmdl')).toEqual({ type: 'refused', problem: `"${path}" is missing or malformed` })
  })

  it('is refused when it is longer than any can be', async () => {
    const device = createSoftwareAuthenticator({ origin })
    const options = await asked()
    const made = device.register(options)
    const padded = (spaces: number) => {
      const { clientDataJSON, ...rest } = made.response as { clientDataJSON: string }
      const text = Buffer.from(clientDataJSON, 'base64url').toString() + ' '.repeat(spaces)
      return { ...made, response: { ...rest, clientDataJSON: Buffer.from(text).toString('base64url') } }
    }

    expect(await judged(padded(1000), options.challenge)).toMatchObject({ type: 'registered' })
    expect(await judged(padded(10_000), options.challenge)).toMatchObject({ problem: expect.stringContaining('clientDataJSON') })
  })

  it('says so when what vouches for it does not verify', async () => {
    const { answer } = await registered({ attestation: 'self' }, { otherKey: true })

    expect(answer).toEqual({ type: 'refused', problem: 'The attestation does not verify' })
  })

  it('is refused without a fuss, and in few words, when it is nonsense', async () => {
    const device = createSoftwareAuthenticator({ origin })
    const options = await asked()
    const made = device.register(options)
    const nonsense = [
      { ...(made.response as object), attestationObject: 'AAAA' },
      { ...(made.response as object), attestationObject: Buffer.alloc(20_000, 0x81).toString('base64url') },
      { ...(made.response as object), clientDataJSON: Buffer.from('null').toString('base64url') },
      { ...(made.response as object), clientDataJSON: Buffer.from(`{"type":"${'x'.repeat(5000)}"}`).toString('base64url') },
    ]
    for (const response of nonsense) {
      const answer = await judged({ ...made, response }, options.challenge)

      expect(answer).toMatchObject({ type: 'refused', problem: expect.stringMatching(/^.{1,300}$/s) })
    }
  })
})
