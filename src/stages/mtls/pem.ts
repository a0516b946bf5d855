import { X509Certificate } from 'node:crypto'

const block = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g
/** What stands in one header, or in one field, is a person's certificate and the few above it. */
const mostCertificates = 10

/** The certificates of a PEM text, in its order; none of them when one cannot be read. */
export function readPem(text: string): readonly X509Certificate[] {
  return readAll([...text.matchAll(block)].map(([, base64 = '']) => base64))
}

/** The certificates of texts in Base64, without the lines around them. */
export function readAll(texts: readonly string[]): readonly X509Certificate[] {
  if (texts.length > mostCertificates) return []
  try {
    return texts.map((base64) => new X509Certificate(Buffer.from(base64, 'base64')))
  } catch {
    return []
  }
}
