import type { JsonRecord } from './webauthn-json.ts'

/** A token to be judged by a provider that speaks reCAPTCHA's protocol, as hCaptcha, Turnstile and Cap do. */
export interface SiteverifyRequest {
  readonly url: string
  readonly contentType: 'application/x-www-form-urlencoded' | 'application/json'
  readonly secret: string
  readonly token: string
  readonly clientIp: string
}

/** Answers are a few hundred bytes; this much may end up in the plan. */
const mostBytes = 16_384

/** Asks the provider once; undefined when there was no answer that could be read, whatever the reason. */
export async function siteverify(request: SiteverifyRequest, timeout = 10_000): Promise<JsonRecord | undefined> {
  try {
    const response = await fetch(httpUrl(request.url), {
      method: 'POST',
      headers: { 'content-type': request.contentType, accept: 'application/json' },
      body: bodyOf(request),
      // A redirect would carry the secret to somebody else.
      redirect: 'error',
      signal: AbortSignal.timeout(timeout),
    })
    if (response.ok) return parseObject(await readText(response))
    await response.body?.cancel()
  } catch {
    // Nothing of it may be told: addresses and causes are the operator's business, and the secret was sent along.
  }
  return undefined
}

/** Whether a text is an address that a browser or this server may load something from. */
export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol)
}

function httpUrl(text: string): URL {
  if (!isHttpUrl(text)) throw new TypeError('Providers are reached by HTTP.')
  return new URL(text)
}

function bodyOf({ contentType, secret, token, clientIp }: SiteverifyRequest): string {
  const fields = { secret, response: token, remoteip: clientIp }
  return contentType === 'application/json' ? JSON.stringify(fields) : new URLSearchParams(fields).toString()
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > mostBytes) throw new RangeError('The reply is too long.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseObject(text: string): JsonRecord | undefined {
  const parsed = JSON.parse(text)
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined
}
