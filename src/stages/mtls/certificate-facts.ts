import type { X509Certificate } from 'node:crypto'

const emailPrefix = 'email:'

/** A certificate as policies read it in the context; a type, so that it is a JsonObject. */
export type CertificateFacts = {
  readonly serial_number: string
  readonly subject: string
  readonly issuer: string
  readonly fingerprint_sha256: string
  readonly fingerprint_sha1: string
}

/** What may name a person. */
export const certificateAttributes = ['subject', 'common_name', 'email'] as const

/** What a certificate says of its owner; undefined where it says nothing, or something that no account can be called. */
export function attributeOf(certificate: X509Certificate, attribute: (typeof certificateAttributes)[number]): string | undefined {
  const value = readers[attribute](certificate)
  return value === undefined || value === '' || /\p{Cc}/u.test(value) ? undefined : value
}

const readers = {
  subject: ({ subject }: X509Certificate) => oneLine(subject),
  common_name: (certificate: X509Certificate) => {
    // Types say text; a name that is there twice is a list.
    const name: unknown = certificate.toLegacyObject().subject?.CN
    const [first]: unknown[] = Array.isArray(name) ? name : [name]
    return typeof first === 'string' ? first : undefined
  },
  // Only the alternative name: an address in the subject was never meant for this (RFC 5280, section 4.1.2.6).
  email: ({ subjectAltName }: X509Certificate) => firstEmail(subjectAltName ?? ''),
} as const

/** The spelling is authentik's: a decimal number, names as in RFC 4514, fingerprints in lower case. */
export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  return {
    serial_number: BigInt(`0x${certificate.serialNumber}`).toString(),
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    fingerprint_sha256: certificate.fingerprint256.toLowerCase(),
    fingerprint_sha1: certificate.fingerprint.toLowerCase(),
  }
}

/** Node's lines, whose values are escaped already, as RFC 4514 writes them: the innermost first. */
function oneLine(name: string): string {
  return (name ?? '')
    .split('\n')
    .reverse()
    .map((part) => part.replaceAll(' + ', '+'))
    .join(',')
}

/** Node quotes every value that could be read as more than one, and writes its commas as escapes. */
function firstEmail(names: string): string | undefined {
  const first = names.split(', ').find((name) => name.startsWith(emailPrefix))
  const address = first?.slice(emailPrefix.length)
  return address?.startsWith('"') ? undefined : address
}
