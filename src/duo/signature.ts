import { createHmac } from 'node:crypto'

/** What a request asks for, by name. */
export type DuoParameters = Readonly<Record<string, string>>

/** What a signature is made of. */
export interface SignedRequest {
  readonly integrationKey: string
  readonly secretKey: string
  readonly method: 'GET' | 'POST'
  /** As the `Host` header says it. */
  readonly host: string
  readonly path: string
  readonly parameters: DuoParameters
  /** As the `Date` header says it. */
  readonly date: string
}

/** The `Date` header: RFC 2822, section 3.3. */
export function dateHeader(now: Date): string {
  return now.toUTCString().replace('GMT', '-0000')
}

/** The `Authorization` header, as Duo describes it under "Authentication": HMAC-SHA512 over the request's canonical form. */
export function authorizationHeader({ integrationKey, secretKey, ...request }: SignedRequest): string {
  const signature = createHmac('sha512', secretKey).update(canonicalRequest(request)).digest('hex')
  return `Basic ${Buffer.from(`${integrationKey}:${signature}`).toString('base64')}`
}

/** Parameters as they are signed and sent: sorted by name, in the characters that RFC 3986, section 2.3, leaves alone. */
export function canonicalParameters(parameters: DuoParameters): string {
  const names = Object.keys(parameters).sort()
  return names.map((name) => `${percentEncode(name)}=${percentEncode(parameters[name] ?? '')}`).join('&')
}

function canonicalRequest({ date, method, host, path, parameters }: Omit<SignedRequest, 'integrationKey' | 'secretKey'>): string {
  return [date, method, host.toLowerCase(), path, canonicalParameters(parameters)].join('\n')
}

function percentEncode(text: string): string {
  // Half a surrogate pair has no bytes in UTF-8, and people may type one.
  const encoded = encodeURIComponent(text.toWellFormed())
  return encoded.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
}
