import type { SmsMessage, SmsOutcome, SmsSettings } from '../flow/services.ts'

/** Bytes that are read of a provider's reply. */
const longestReply = 16_384
/** Characters that people are told of it. */
const longestProblem = 200
const unreachable = 'The text message could not be sent.'

interface Request {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Makes what sends text messages, by Twilio's REST API or a webhook (reference: stages 4.17). `report` is told of what no
 * provider says: its answer has its own words.
 */
export function createSmsSender({
  report,
  twilioUrl = 'https://api.twilio.com',
  patience = 10_000,
}: {
  report: (error: unknown) => void
  twilioUrl?: string
  /** How long a provider may take (milliseconds). */
  patience?: number
}): (settings: SmsSettings, message: SmsMessage) => Promise<SmsOutcome> {
  return async (settings, message) => {
    const { url, headers, body } =
      settings.provider === 'twilio' ? toTwilio(twilioUrl, settings, message) : toWebhook(settings, message)
    if (!isWebAddress(url)) {
      report(new Error('A webhook of text messages must have an http or https address without a password in it.'))
      return { sent: false, problem: unreachable }
    }
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        // What is addressed elsewhere is not for elsewhere: it bears a code and a password.
        redirect: 'manual',
        signal: AbortSignal.timeout(patience),
      })
      if (response.ok) {
        await response.body?.cancel()
        return { sent: true }
      }
      const reply = await readStart(response)
      report(new Error(`The provider of text messages answered with status ${response.status}.`))
      return { sent: false, problem: withoutSecrets(problemIn(reply), settings, message) || unreachable }
    } catch (error) {
      report(error)
      return { sent: false, problem: unreachable }
    }
  }
}

function toTwilio(base: string, { accountSid, auth, fromNumber }: SmsSettings, { to, text }: SmsMessage): Request {
  return {
    url: `${base}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json`,
    headers: { authorization: basic(accountSid, auth), 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ To: to, From: fromNumber, Body: text }).toString(),
  }
}

function toWebhook(
  { accountSid, auth, authPassword, authType, fromNumber }: SmsSettings,
  { to, code, text }: SmsMessage,
): Request {
  return {
    url: accountSid,
    headers: {
      authorization: authType === 'bearer' ? `Bearer ${auth}` : basic(auth, authPassword),
      'content-type': 'application/json',
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

/** The beginning of a reply; the rest is not waited for. */
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
