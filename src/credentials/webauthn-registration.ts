import { hash, X509Certificate } from 'node:crypto'
import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server'
import { decodeAttestationObject } from '@simplewebauthn/server/helpers'
import { ceremonyTimeout } from './webauthn.ts'
import { asJson, type JsonRecord, registrationResponse, type StoredCredential, storedCredential } from './webauthn-json.ts'
import type { Hints, Requirement } from './webauthn-settings.ts'

/** ES256, EdDSA, ES512, PS256, PS384, PS512, RS256, RS384, RS512 (reference: stages 4.20). */
const algorithms = [-7, -8, -36, -37, -38, -39, -257, -258, -259]

/** What a new credential is asked for with. */
export interface RegistrationRequest {
  /** Random, base64url. */
  readonly challenge: string
  readonly relyingParty: { readonly id: string; readonly name: string }
  readonly user: { readonly handle: string; readonly name: string; readonly displayName: string }
  readonly userVerification: Requirement
  readonly residentKey: Requirement
  readonly attachment: 'platform' | 'cross-platform' | undefined
  readonly hints: Hints
  /** The data of the authenticators that the person has: none of them is to be enrolled twice. */
  readonly existing: readonly Readonly<Record<string, unknown>>[]
}

/** What an authenticator knows a user by: always the same, and nothing that names them (WebAuthn Level 3, section 14.6.1). */
export function userHandle(userUuid: string): string {
  return hash('sha256', userUuid, 'base64url')
}

/** A `PublicKeyCredentialCreationOptionsJSON`. */
export async function registrationOptions(request: RegistrationRequest): Promise<JsonRecord> {
  const { relyingParty, user, userVerification, residentKey, attachment, hints } = request
  const options = await generateRegistrationOptions({
    rpID: relyingParty.id,
    rpName: relyingParty.name,
    userID: bytesOf(user.handle),
    userName: user.name,
    userDisplayName: user.displayName,
    challenge: bytesOf(request.challenge),
    timeout: ceremonyTimeout,
    attestationType: 'direct',
    supportedAlgorithmIDs: algorithms,
    excludeCredentials: request.existing.flatMap(descriptorOf),
    authenticatorSelection: { residentKey, userVerification, ...(attachment && { authenticatorAttachment: attachment }) },
  })
  return asJson({ ...options, extensions: undefined, hints: hints.length > 0 ? hints : undefined })
}

function bytesOf(base64url: string) {
  return new Uint8Array(Buffer.from(base64url, 'base64url'))
}

function descriptorOf(data: Readonly<Record<string, unknown>>) {
  const stored = storedCredential.safeParse(data).data
  return stored ? [{ id: stored.credentialId, transports: stored.transports }] : []
}

/** An answer, and what it is held against. */
export interface Registration {
  readonly response: unknown
  /** As it was sent to the client. */
  readonly challenge: string
  readonly rpId: string
  readonly origins: readonly string[]
  readonly requireUserVerification: boolean
  readonly userHandle: string
}

/** What is kept of the new credential, or what is wrong with the answer. */
export type Registered =
  | { readonly type: 'registered'; readonly credentialId: string; readonly aaguid: string; readonly data: JsonRecord }
  | { readonly type: 'refused'; readonly problem: string }

/** Judges the answer to `registrationOptions`. Never throws, whatever the answer is. */
export async function verifyRegistration({ response, ...expected }: Registration): Promise<Registered> {
  const answer = registrationResponse.safeParse(response)
  if (!answer.success) return refused(`"${answer.error.issues[0]?.path.join('.')}" is missing or malformed`)
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: answer.data,
      expectedChallenge: expected.challenge,
      expectedOrigin: [...expected.origins],
      expectedRPID: expected.rpId,
      requireUserVerification: expected.requireUserVerification,
      supportedAlgorithmIDs: algorithms,
    })
    if (!verified) return refused('The attestation does not verify')
    const { credential, aaguid, attestationObject } = registrationInfo
    const data: StoredCredential = {
      credentialId: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      signCount: credential.counter,
      transports: answer.data.response.transports,
      aaguid,
      rpId: expected.rpId,
      userHandle: expected.userHandle,
      deviceType: registrationInfo.credentialDeviceType,
      backedUp: registrationInfo.credentialBackedUp,
      attestation: attestationOf(attestationObject),
    }
    return { type: 'registered', credentialId: credential.id, aaguid, data: asJson(data) }
  } catch (error) {
    return refused(error instanceof Error ? error.message : 'Malformed answer')
  }
}

// Its texts quote the answer.
function refused(problem: string): Registered {
  return { type: 'refused', problem: problem.slice(0, 300) }
}

/** The certificate of whoever made the authenticator. Its chain is not followed to a root that is trusted for it. */
function attestationOf(attestationObject: Uint8Array<ArrayBuffer>): StoredCredential['attestation'] {
  const decoded = decodeAttestationObject(attestationObject)
  const [certificate] = decoded.get('attStmt').get('x5c') ?? []
  if (!certificate) return undefined
  const read = new X509Certificate(certificate)
  return { format: decoded.get('fmt'), certificate: read.toString(), fingerprint: read.fingerprint256 }
}
