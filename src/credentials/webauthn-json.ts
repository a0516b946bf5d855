import { z } from 'zod'

/** A JSON object, as it is stored and sent. */
export type JsonRecord = Record<string, z.core.util.JSONType>

// Kept small: what is sent here is decoded before anybody is known. The longest attestations (TPM chains) have about 10 kB.
const base64url = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[A-Za-z0-9_-]+$/)
/** 1023 bytes at most (WebAuthn Level 3, section 4, "Credential ID"). */
const credentialId = base64url(1364)
const transport = z.enum(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'])

const credential = {
  id: credentialId,
  rawId: credentialId,
  // Some Android clients leave it out.
  type: z.literal('public-key').default('public-key'),
  clientExtensionResults: z
    .looseObject({})
    .transform(() => ({}))
    .default({}),
}

/** A browser's `RegistrationResponseJSON`, as far as it is read. */
export const registrationResponse = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url(8192),
    attestationObject: base64url(65_536),
    // Hints, which no signature covers: those that are not understood are left out.
    transports: z
      .array(z.unknown())
      .max(32)
      .catch([])
      .transform((named) => transport.options.filter((known) => named.includes(known))),
  }),
})

/** A browser's `AuthenticationResponseJSON`, as far as it is read. */
export const authenticationResponse = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url(8192),
    authenticatorData: base64url(8192),
    signature: base64url(8192),
    /** 64 bytes at most. Some clients say null or nothing where they know none. */
    userHandle: base64url(86)
      .or(z.literal(''))
      .nullish()
      .transform((handle) => handle || undefined),
  }),
})

/** What is kept of a credential. */
export const storedCredential = z.object({
  credentialId,
  /** COSE, base64url. */
  publicKey: z.string(),
  signCount: z.number(),
  transports: z.array(transport),
  aaguid: z.string(),
  rpId: z.string(),
  /** Whom the authenticator believes it belongs to. */
  userHandle: z.string(),
  deviceType: z.enum(['singleDevice', 'multiDevice']),
  backedUp: z.boolean(),
  /** What vouches for the model, if anything does. */
  attestation: z.object({ format: z.string(), certificate: z.string(), fingerprint: z.string() }).optional(),
})

export type StoredCredential = z.output<typeof storedCredential>

/** The object as JSON carries it: without members that are undefined. */
export function asJson(value: object): JsonRecord {
  return JSON.parse(JSON.stringify(value))
}
