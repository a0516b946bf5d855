import { generateAuthenticationOptions, verifyAuthenticationResponse } from '@simplewebauthn/server'
import { asJson, authenticationResponse, type JsonRecord, type StoredCredential, storedCredential } from './webauthn-json.ts'
import type { Hints, Requirement } from './webauthn-settings.ts'

/** How long a browser may wait for the person (milliseconds). */
export const ceremonyTimeout = 60_000

/** What an assertion is asked for with. */
export interface AssertionRequest {
  readonly rpId: string
  readonly userVerification: Requirement
  /** Ids of the credentials that will do; none: whichever passkey the person picks. */
  readonly allowCredentials: readonly string[]
  readonly hints?: Hints
}

/** A `PublicKeyCredentialRequestOptionsJSON` with a challenge of its own. */
export async function assertionOptions({ rpId, allowCredentials, hints = [], ...rest }: AssertionRequest): Promise<JsonRecord> {
  const allowed = allowCredentials.map((id) => ({ id }))
  const options = await generateAuthenticationOptions({
    rpID: rpId,
    timeout: ceremonyTimeout,
    allowCredentials: allowed,
    ...rest,
  })
  return asJson({ ...options, ...(hints.length > 0 && { hints }) })
}

/** The id of the credential that an answer claims to come from. Nothing is proved by it. */
export function credentialIdOf(response: unknown): string | undefined {
  return authenticationResponse.safeParse(response).data?.id
}

/** Whom the authenticator that answered believes it belongs to, if it says so. Nothing is proved by it. */
export function userHandleOf(response: unknown): string | undefined {
  return authenticationResponse.safeParse(response).data?.response.userHandle
}

/** An answer, and what it is held against. */
export interface Assertion {
  readonly response: unknown
  /** As it was sent to the client. */
  readonly challenge: string
  readonly rpId: string
  readonly origins: readonly string[]
  readonly requireUserVerification: boolean
  readonly authenticator: { readonly data: Readonly<Record<string, unknown>> }
}

/**
 * What the authenticator's data becomes once its answer is accepted; undefined when it is not. The sign count must have grown,
 * unless the authenticator counts nothing (WebAuthn Level 3, section 7.2, step 22).
 */
export async function verifyAssertion({
  response,
  authenticator,
  ...expected
}: Assertion): Promise<{ data: JsonRecord } | undefined> {
  const answer = authenticationResponse.safeParse(response).data
  const stored = storedCredential.safeParse(authenticator.data).data
  if (!answer || !stored || answer.id !== stored.credentialId) return undefined
  const { userHandle, ...rest } = answer.response
  if (userHandle !== undefined && userHandle !== stored.userHandle) return undefined
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...answer, response: rest },
      expectedChallenge: expected.challenge,
      expectedOrigin: [...expected.origins],
      expectedRPID: expected.rpId,
      requireUserVerification: expected.requireUserVerification,
      credential: keyOf(stored),
    })
    if (!verified) return undefined
    return {
      data: asJson({ ...stored, signCount: authenticationInfo.newCounter, backedUp: authenticationInfo.credentialBackedUp }),
    }
  } catch {
    // However an answer is malformed, the library says so by throwing.
    return undefined
  }
}

function keyOf({ credentialId, publicKey, signCount, transports }: StoredCredential) {
  return { id: credentialId, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter: signCount, transports }
}
