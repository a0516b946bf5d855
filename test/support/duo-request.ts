import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

/** How far a request's clock may be off (milliseconds). */
const widestSkew = 300_000

/** A refusal in Duo's words; the status of the reply is the first three digits of the code. */
export class DuoRefusal extends Error {
  readonly code: number
  readonly detail: string | undefined

  constructor(code: number, message: string, detail?: string) {
    super(message)
    this.code = code
    this.detail = detail
  }
}

/** A request as it came in. */
export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  /** As they were sent: still in form encoding. */
  readonly encoded: string
  readonly headers: IncomingMessage['headers']
}

/** Reads a request to its end. */
export async function receive(request: IncomingMessage): Promise<ReceivedRequest> {
  const { method = '', url = '', headers } = request
  const [path = '', query = ''] = url.split('?', 2)
  const body = await text(request)
  return { method, path, encoded: method === 'GET' ? query : body, headers }
}

/** The parameters of a request, each of which may be there once. */
export function readParameters({ method, encoded, headers }: ReceivedRequest): Map<string, string> {
  if (method === 'POST' && headers['content-type'] !== 'application/x-www-form-urlencoded')
    throw new DuoRefusal(40_106, 'Invalid content type')
  const parameters = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(encoded)) {
    if (parameters.has(name)) throw new DuoRefusal(40_002, 'Invalid request parameters', name)
    parameters.set(name, value)
  }
  return parameters
}

/** Who may ask: an integration and its secret. */
export interface Integration {
  readonly integrationKey: string
  readonly secretKey: string
}

/** Judges `Date` and `Authorization`; returns the integration that signed. */
export function verifySignature<Known extends Integration>(
  request: ReceivedRequest,
  parameters: ReadonlyMap<string, string>,
  known: readonly Known[],
  now: Date,
): Known {
  const { authorization, date, host = '' } = request.headers
  if (authorization === undefined) throw new DuoRefusal(40_101, 'Missing request credentials')
  if (date === undefined) throw new DuoRefusal(40_104, 'Missing request timestamp')
  const credentials = /^Basic (\S+)$/.exec(authorization)?.[1] ?? ''
  const [integrationKey, signature = ''] = Buffer.from(credentials, 'base64').toString('utf8').split(':')
  const integration = known.find((one) => one.integrationKey === integrationKey)
  if (!integration) throw new DuoRefusal(40_102, 'Invalid integration key in request credentials')

  const canonical = [date, request.method, host.toLowerCase(), request.path, canonicalForm(parameters)].join('\n')
  const expected = Buffer.from(createHmac('sha512', integration.secretKey).update(canonical).digest('hex'))
  const given = Buffer.from(signature)
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new DuoRefusal(40_103, 'Invalid signature in request credentials')
  if (!isRfc2822(date)) throw new DuoRefusal(40_105, 'Bad request timestamp')
  if (!(Math.abs(Date.parse(date) - now.getTime()) <= widestSkew)) throw new DuoRefusal(40_105, 'Bad request timestamp')
  return integration
}

function isRfc2822(date: string): boolean {
  return /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:[+-]\d{4}|GMT)$/.test(date)
}

/** As the documentation words it, and not as a client of ours does it: byte after byte. */
function canonicalForm(parameters: ReadonlyMap<string, string>): string {
  const pairs = [...parameters].map(([name, value]) => [encode(name), encode(value)] as const)
  return pairs
    .sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function encode(text: string): string {
  let encoded = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    const letter = String.fromCharCode(byte)
    encoded += /[\w.~-]/.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
