import type { OutgoingSms, SmsMessage, SmsSettings } from '../flow/accounts.ts'
import { DeliveryFailure } from './delivery-failure.ts'

/** Characters that are read of a provider's reply. */
const longestReply = 16_384
/** Characters that people are told of it. */
const longestProblem = 200
const unreachable = 'The text message could not be sent.'
/** Refusals that say "not now" (RFC 9110, sections 15.5.9 and 15.6; RFC 6585, section 4; RFC 8470). */
const passing = [408, 425, 429]

interface Request {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Makes what sends text messages, by Twilio's REST API or a webhook (reference: stages 4.17). It throws a DeliveryFailure that
 * quotes the provider: people read it.
 */
export function createSmsSender({
  twilioUrl = 'https://api.twilio.com',
  patience = 10_000,
}: {
  twilioUrl?: string
  /** How long a provider may take (milliseconds). */
  patience?: number
} = {}): (id: string, sms: OutgoingSms, signal: AbortSignal) => Promise<void> {
  return async (id, { settings, message }, signal) => {
    const { url, headers, body } =
      settings.provider === 'twilio' ? toTwilio(twilioUrl, settings, message) : toWebhook(id, settings, message)
    if (!isWebAddress(url)) {
      const detail = 'A webhook of text messages must have an http or https address without a password in it.'
      throw new DeliveryFailure(unreachable, { permanent: true, detail })
    }
    const answer = await exchange(url, { headers, body, signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]) })
    if (answer.ok) return
    throw new DeliveryFailure(withoutSecrets(problemIn(answer.text), settings, message) || unreachable, {
      permanent: answer.status < 500 && !passing.includes(answer.status),
      detail: `The provider of text messages answered with status ${answer.status}.`,
    })
  }
}

/** One request and the beginning of a refusal. Nobody knows what became of a request that was cut off. */
async function exchange(url: string, request: Pick<RequestInit, 'headers' | 'body' | 'signal'>) {
  try {
    const response = await fetch(url, {
      ...request,
      method: 'POST',
      // What is addressed elsewhere is not for elsewhere: it bears a code and a password.
      redirect: 'manual',
    })
    const text = readStart(response)
    if (!response.ok) return { ok: false, status: response.status, text: await text }
    // It is taken, however the rest of the reply goes.
    text.catch(() => undefined)
    return { ok: true } as const
  } catch (error) {
    throw new DeliveryFailure(unreachable, { permanent: false, detail: detailOf(error), cause: error })
  }
}

function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { name, message, cause } = error
  return `${name}: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}`
}

function toTwilio(base: string, { accountSid, auth, fromNumber }: SmsSettings, { to, text }: SmsMessage): Request {
  return {
    url: `${base}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json`,
    headers: { authorization: basic(accountSid, auth), 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ To: to, From: fromNumber, Body: text }).toString(),
  }
}

function toWebhook(
  id: string,
  { accountSid, auth, authPassword, authType, fromNumber }: SmsSettings,
  { to, code, text }: SmsMessage,
): Request {
  return {
    url: accountSid,
    headers: {
      authorization: authType === 'bearer' ? `Bearer ${auth}` : basic(auth, authPassword),
      'content-type': 'application/json',
      // So that a message that comes again after a crash can be told from a second one.
      'idempotency-key': `"${id}"`,
    },
    body: JSON.stringify({ From: fromNumber, To: to, Body: code, Message: text }),
  }
}

function isWebAddress(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}

function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

/** The beginning of a reply; the rest is not waited for. A short one is read to its end: that keeps the connection. */
async function readStart({ body }: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  // Leaving the loop cancels the rest.
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length >= longestReply) break
  }
  return text
}

/** Twilio says `{ "message": "..." }`, as many webhooks do; others say it plainly. */
function problemIn(reply: string): string {
  try {
    const { message } = JSON.parse(reply)
    return typeof message === 'string' ? message : ''
  } catch {
    return reply
  }
}

/** People read it: the request's secrets must not come back in it. */
function withoutSecrets(problem: string, { accountSid, auth, authPassword }: SmsSettings, { code }: SmsMessage): string {
  const secrets = [accountSid, auth, authPassword, basic(auth, authPassword), basic(accountSid, auth), code].filter(Boolean)
  const redacted = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), problem)
  return redacted
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, longestProblem)
}
