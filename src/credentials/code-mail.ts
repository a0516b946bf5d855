import { z } from 'zod'
import { text } from '../shapes/text.ts'
import { mailLanguages } from './mail-languages.ts'
import { fromOf, mailSettings, smtpOf } from './mail-settings.ts'

/** Config fields of a stage whose mails carry codes, beside how long these count (reference: stages 4.16). */
export const codeMailSettings = {
  ...mailSettings,
  subject: text({ max: 200, min: 1 }).default('Sign-in code').describe('What the mail is about.'),
  template: text({ max: 200, min: 1 }).default('email/email_otp.html').describe('The template that the mail is written by.'),
} as const

const schema = z.object({ ...codeMailSettings, tokenExpiry: z.string() })

export type CodeMailSettings = z.output<typeof schema>

/** The settings in a stored config; undefined when it is none of a stage that mails codes. */
export function readCodeMailSettings(config: unknown): CodeMailSettings | undefined {
  return schema.safeParse(config).data
}

/** A code on its way, and to whom. */
export interface MailedCode {
  readonly address: string
  readonly user: { readonly name: string; readonly username: string; readonly attributes: unknown }
  /** What their browser asks for. */
  readonly languages: readonly string[]
  readonly code: string
  /** How long it counts. */
  readonly seconds: number
}

/** A mail with a code in it. */
export function codeMail(
  settings: Omit<CodeMailSettings, 'tokenExpiry'>,
  { address, user, languages, code, seconds }: MailedCode,
  services: { readonly now: () => Date; readonly brandTitle: () => string },
) {
  const { name, username } = user
  return {
    to: { address, name },
    from: fromOf(settings),
    subject: settings.subject,
    template: settings.template,
    languages: mailLanguages(user.attributes, languages),
    values: {
      token: code,
      expires: new Date(services.now().getTime() + seconds * 1000).toISOString(),
      minutes: Math.ceil(seconds / 60),
      user: { username, name, email: address },
      brand: { title: services.brandTitle() },
    },
    smtp: smtpOf(settings),
  }
}
