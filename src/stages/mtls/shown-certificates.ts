import type { X509Certificate } from 'node:crypto'
import type { StageVisitor } from '../../flow/services.ts'
import { readAll, readPem } from './pem.ts'

/** The headers in which proxies hand certificates on, in authentik's order. */
const headers: readonly (readonly [string, (value: string) => readonly X509Certificate[]])[] = [
  ['x-forwarded-client-cert', readEnvoy],
  ['ssl-client-cert', readEscaped],
  ['x-forwarded-tls-client-cert', readEscaped],
]

/** What the client showed: its own certificate first, then those that may link it to an authority. Nothing here is proven yet. */
export function shownCertificates(visitor: StageVisitor): readonly X509Certificate[] {
  for (const [name, read] of headers) {
    const certificates = read(visitor.proxyHeader(name) ?? '')
    if (certificates.length > 0) return certificates
  }
  return readPem(visitor.clientCertificate ?? '')
}

/** nginx sends PEM, percent-encoded; Traefik Base64 only, a comma between certificates, percent-encoded before version 3. */
function readEscaped(value: string): readonly X509Certificate[] {
  const text = decoded(value)
  if (text === '') return []
  return text.includes('-----BEGIN') ? readPem(text) : readAll(text.split(','))
}

/**
 * Envoy: elements between commas, pairs between semicolons, values quoted where they hold either. A proxy that appends writes the
 * last element; what stands before it, the client may have sent.
 */
function readEnvoy(value: string): readonly X509Certificate[] {
  const own = splitOutsideQuotes(value, ',').at(-1) ?? ''
  const pairs = new Map(splitOutsideQuotes(own, ';').map(readPair))
  const chain = readEscaped(pairs.get('chain') ?? '')
  return [...readEscaped(pairs.get('cert') ?? ''), ...chain]
}

function readPair(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  const value = text.slice(at + 1).trim()
  return [text.slice(0, at).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1')]
}

/** Nothing of a text whose last quote never ends: it would turn what is quoted inside out, and a client may have opened it. */
function splitOutsideQuotes(text: string, separator: string): readonly string[] {
  const parts = ['']
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '"' && text.charAt(at - 1) !== '\\') quoted = !quoted
    if (character === separator && !quoted) parts.push('')
    else parts[parts.length - 1] += character
  }
  return quoted ? [] : parts
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
