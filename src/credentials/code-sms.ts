import { z } from 'zod'
import { secretText, text } from '../shapes/text.ts'

/** How long a code that was sent in a text message counts (seconds; reference: stages 6.4). */
export const smsCodeLifetime = 300

/** Config fields that say how text messages reach people (reference: stages 4.17). */
export const smsSettings = {
  provider: z
    .enum(['twilio', 'generic'])
    .meta({
      id: 'SmsProvider',
      description: 'Who delivers text messages.',
      values: { twilio: 'Twilio, or what speaks its API.', generic: 'A webhook of your own.' },
    })
    .describe('Who delivers the messages.'),
  fromNumber: text({ max: 64, min: 1 }).describe('Whom the messages come from.'),
  accountSid: text({ max: 2000, min: 1 }).describe("Twilio's account; for `generic` the URL of the webhook."),
  auth: secretText({ max: 2000, min: 1 }).describe('A token, or the user name of basic authentication.'),
  authPassword: secretText({ max: 2000 }).default('').describe('The password of basic authentication.'),
  authType: z
    .enum(['basic', 'bearer'])
    .meta({
      id: 'SmsAuthType',
      description: 'How a webhook is told who calls.',
      values: { basic: 'By user name and password.', bearer: 'By a token.' },
    })
    .default('basic')
    .describe('How the webhook is told who calls; Twilio is always told by `basic`.'),
} as const

const schema = z.object(smsSettings)

export type SmsSettings = z.output<typeof schema>

/** The settings in a stored config; undefined when it is none of a stage that sends text messages. */
export function readSmsSettings(config: unknown): SmsSettings | undefined {
  return schema.safeParse(config).data
}

/** The settings of a stage that has more of them. */
export function smsSettingsIn(config: SmsSettings): SmsSettings {
  return schema.parse(config)
}

/** For `refine` on the whole config: a webhook needs an address. */
export function hasWebhook({ provider, accountSid }: Pick<SmsSettings, 'provider' | 'accountSid'>): boolean {
  if (provider !== 'generic') return true
  const url = URL.parse(accountSid)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}

/** What `refine` says then. */
export const lacksWebhook = {
  path: ['accountSid'],
  message: 'Enter the http or https URL of the webhook, without a user name in it.',
}

/** A text message with a code in it. */
export function codeSms(to: string, code: string, brandTitle: string) {
  return { to, code, text: `Use this code to authenticate in ${brandTitle}: ${code}` }
}

/** A phone number as it is dialled from anywhere (E.164); undefined for anything else. However it is spaced. */
export function readPhoneNumber(typed: string): string | undefined {
  const number = typed.replaceAll(/[\s().-]/g, '')
  return /^\+[1-9]\d{6,14}$/.test(number) ? number : undefined
}
