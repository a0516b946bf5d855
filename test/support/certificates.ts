// The certificate library asks for it.
import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  type JsonGeneralNames,
  type JsonName,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** A certificate, with what is needed to issue others by it. */
export interface TestCertificate {
  readonly subject: JsonName
  readonly pem: string
  /** PKCS #8, in PEM. */
  readonly keyPem: string
  readonly keys: CryptoKeyPair
}

/** What a certificate says; everything else is unremarkable, and valid for a year around the tests' clock. */
export interface CertificateOptions {
  /** Outermost first: `[{ O: ['Acme'] }, { CN: ['ada'] }]`. */
  readonly subject?: JsonName
  /** Undefined: it signs itself. */
  readonly issuer?: TestCertificate
  readonly ca?: boolean
  readonly pathLength?: number
  readonly names?: JsonGeneralNames
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** Extended key usages, by their object identifiers. */
  readonly usages?: readonly string[]
  /** The only domain of addresses that it may vouch for. */
  readonly constrainedTo?: string
  /** Undefined: new ones. */
  readonly keys?: CryptoKeyPair
}

/** A real certificate with a key of its own. */
export async function createCertificate(options: CertificateOptions = {}): Promise<TestCertificate> {
  const { subject = [{ CN: ['ada'] }], issuer, ca = false, pathLength, names = [], usages, constrainedTo } = options
  const keys = options.keys ?? (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']))
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: issuer?.subject ?? subject,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: algorithm,
    notBefore: options.notBefore ?? new Date('2026-01-01T00:00:00Z'),
    notAfter: options.notAfter ?? new Date('2027-01-01T00:00:00Z'),
    extensions: [
      new BasicConstraintsExtension(ca, pathLength, true),
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
      ...(usages ? [new ExtendedKeyUsageExtension([...usages])] : []),
      ...(constrainedTo === undefined
        ? []
        : [new Extension('2.5.29.30', true, new Uint8Array(permittedAddresses(constrainedTo)))]),
    ],
  })
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`
  return { subject, pem: `${certificate.toString('pem')}\n`, keyPem, keys }
}

/** An authority that issues others. */
export function createAuthority(options: CertificateOptions = {}): Promise<TestCertificate> {
  return createCertificate({ subject: [{ O: ['Acme'] }, { CN: ['Acme Root'] }], ca: true, ...options })
}

/** NameConstraints { permittedSubtrees [0] { GeneralSubtree { rfc822Name [1] } } } of RFC 5280, section 4.2.1.10. */
function permittedAddresses(domain: string): Buffer {
  const element = (tag: number, content: Buffer) => Buffer.concat([Buffer.from([tag, content.length]), content])
  return element(0x30, element(0xa0, element(0x30, element(0x81, Buffer.from(domain)))))
}
