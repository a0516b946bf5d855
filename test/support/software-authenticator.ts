import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { isoCBOR } from '@simplewebauthn/server/helpers'
import { z } from 'zod'
import { createSoftwareKey, type SoftwareKey } from './software-key.ts'

/** What an authenticator, and the browser in front of it, are like. */
export interface SoftwareAuthenticatorOptions {
  /** Of the page that asks. */
  readonly origin: string
  /** Its model; all zero unless told. */
  readonly aaguid?: string
  /** Whether it makes sure of the person; yes unless told. */
  readonly userVerified?: boolean
  /** How it vouches for itself: not at all unless told, else by the new key's own signature or by its maker's. */
  readonly attestation?: 'none' | 'self' | AttestationMaker
  /** Whether it counts its signatures; yes unless told. */
  readonly counts?: boolean
  /** Of the keys that it makes; ES256 unless told. */
  readonly algorithm?: number
}

/** Who vouches for what it made. */
export interface AttestationMaker {
  /** PEM. */
  readonly certificate: string
  /** By ES256. */
  readonly sign: (data: Uint8Array) => Uint8Array
}

/** What it does otherwise than it should, this once. */
export interface Tricks {
  readonly challenge?: string
  readonly origin?: string
  readonly rpId?: string
  readonly type?: string
  readonly userVerified?: boolean
  readonly userPresent?: boolean
  readonly signCount?: number
  readonly userHandle?: string
  /** Signs with a key that nobody enrolled. */
  readonly otherKey?: boolean
  /** Uses the credential that has this id, whether it was asked for or not. */
  readonly credentialId?: string
  /** Makes a credential that has this id. */
  readonly newCredentialId?: string
}

/** A credential that it holds. */
export interface SoftwareCredential {
  readonly id: string
  readonly rpId: string
  readonly userHandle: string
}

/** What `PublicKeyCredential.toJSON()` makes of a new credential or of an assertion. */
export interface CredentialJson {
  readonly [member: string]: string | Readonly<Record<string, string | readonly string[]>>
  readonly id: string
}

/** An authenticator in software: it answers options as `navigator.credentials` would, and holds what it made. */
export interface SoftwareAuthenticator {
  readonly credentials: readonly SoftwareCredential[]
  /** Answers a `PublicKeyCredentialCreationOptionsJSON`. Throws where it holds one of those that are excluded. */
  readonly register: (options: unknown, tricks?: Tricks) => CredentialJson
  /** Answers a `PublicKeyCredentialRequestOptionsJSON`. Throws where it holds none that will do. */
  readonly authenticate: (options: unknown, tricks?: Tricks) => CredentialJson
}

type CborValue = Parameters<typeof isoCBOR.encode>[0]

interface Held extends SoftwareCredential {
  readonly key: SoftwareKey
  signCount: number
}

const descriptors = z.array(z.object({ id: z.string() })).default([])
const creation = z.object({
  challenge: z.string(),
  rp: z.object({ id: z.string() }),
  user: z.object({ id: z.string() }),
  pubKeyCredParams: z.array(z.object({ alg: z.number() })),
  excludeCredentials: descriptors,
})
const request = z.object({ challenge: z.string(), rpId: z.string(), allowCredentials: descriptors })

/** A new one, that holds nothing yet. */
export function createSoftwareAuthenticator(authenticator: SoftwareAuthenticatorOptions): SoftwareAuthenticator {
  const { origin, attestation = 'none', counts = true, algorithm = -7 } = authenticator
  const aaguid = Buffer.from((authenticator.aaguid ?? '00000000-0000-0000-0000-000000000000').replaceAll('-', ''), 'hex')
  const held: Held[] = []

  const clientData = (type: string, challenge: string, tricks: Tricks) =>
    Buffer.from(
      JSON.stringify({
        type: tricks.type ?? type,
        challenge: tricks.challenge ?? challenge,
        origin: tricks.origin ?? origin,
        crossOrigin: false,
      }),
    )

  const authenticatorData = (rpId: string, signCount: number, tricks: Tricks, attested?: Buffer) => {
    const { userPresent = true, userVerified = authenticator.userVerified ?? true } = tricks
    const flags = (userPresent ? 0x01 : 0) | (userVerified ? 0x04 : 0) | (attested ? 0x40 : 0)
    const head = [sha256(tricks.rpId ?? rpId), Buffer.of(flags), uint32(tricks.signCount ?? signCount)]
    return Buffer.concat([...head, attested ?? Buffer.alloc(0)])
  }

  const register = (options: unknown, tricks: Tricks = {}): CredentialJson => {
    const { challenge, rp, user, pubKeyCredParams, excludeCredentials } = creation.parse(options)
    if (held.some(({ id }) => excludeCredentials.some((excluded) => excluded.id === id)))
      throw new Error('It is enrolled already.')
    if (!pubKeyCredParams.some(({ alg }) => alg === algorithm)) throw new Error('None of the algorithms is known.')
    const key = createSoftwareKey(algorithm)
    const id = Buffer.from(tricks.newCredentialId ?? randomBytes(32).toString('base64url'), 'base64url')
    held.push({ id: id.toString('base64url'), rpId: rp.id, userHandle: user.id, key, signCount: 0 })

    const attested = Buffer.concat([aaguid, uint16(id.length), id, key.cose])
    const authData = authenticatorData(rp.id, 0, tricks, attested)
    const client = clientData('webauthn.create', challenge, tricks)
    const signed = Buffer.concat([authData, sha256(client)])
    const signer = tricks.otherKey ? createSoftwareKey(algorithm) : key
    const { fmt, attStmt } = statementOf(attestation, algorithm, signer, signed)
    const members: [string, CborValue][] = [
      ['fmt', fmt],
      ['attStmt', attStmt],
      ['authData', new Uint8Array(authData)],
    ]
    const object = isoCBOR.encode(new Map(members))
    return credentialJson(id, { clientDataJSON: encode(client), attestationObject: encode(object), transports: ['internal'] })
  }

  const authenticate = (options: unknown, tricks: Tricks = {}): CredentialJson => {
    const { challenge, rpId, allowCredentials } = request.parse(options)
    const asked = (id: string) => allowCredentials.length === 0 || allowCredentials.some((allowed) => allowed.id === id)
    const credential = held.find(({ id, ...it }) =>
      tricks.credentialId ? id === tricks.credentialId : it.rpId === rpId && asked(id),
    )
    if (!credential) throw new Error('It holds no credential that will do.')
    if (counts) credential.signCount += 1

    const authData = authenticatorData(rpId, credential.signCount, tricks)
    const client = clientData('webauthn.get', challenge, tricks)
    const signer = tricks.otherKey ? createSoftwareKey(algorithm) : credential.key
    const signature = signer.sign(Buffer.concat([authData, sha256(client)]))
    return credentialJson(Buffer.from(credential.id, 'base64url'), {
      clientDataJSON: encode(client),
      authenticatorData: encode(authData),
      signature: encode(signature),
      userHandle: tricks.userHandle ?? credential.userHandle,
    })
  }

  return { credentials: held, register, authenticate }
}

/** WebAuthn Level 3, sections 8.2 and 8.7. */
function statementOf(
  attestation: NonNullable<SoftwareAuthenticatorOptions['attestation']>,
  algorithm: number,
  key: SoftwareKey,
  signed: Uint8Array,
): { readonly fmt: string; readonly attStmt: Map<string, CborValue> } {
  if (attestation === 'none') return { fmt: 'none', attStmt: new Map() }
  if (attestation === 'self') return { fmt: 'packed', attStmt: packed(algorithm, key.sign(signed)) }
  const { raw } = new X509Certificate(attestation.certificate)
  return { fmt: 'packed', attStmt: packed(-7, attestation.sign(signed)).set('x5c', [new Uint8Array(raw)]) }
}

function packed(algorithm: number, signature: Uint8Array): Map<string, CborValue> {
  return new Map<string, CborValue>([
    ['alg', algorithm],
    ['sig', new Uint8Array(signature)],
  ])
}

function credentialJson(id: Buffer, response: Readonly<Record<string, string | readonly string[]>>): CredentialJson {
  return { id: encode(id), rawId: encode(id), type: 'public-key', clientExtensionResults: {}, response }
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest()
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
