import { z } from 'zod'
import { secretText, text } from '../shapes/text.ts'

/** Config fields of every stage that sends mail (reference: stages 4.5). */
export const mailSettings = {
  useGlobalSettings: z
    .boolean()
    .default(false)
    .describe("Sends by the server's own mail settings; the fields about the mail server do nothing then."),
  host: text({ max: 253, min: 1 }).default('localhost').describe('Name or address of the mail server.'),
  port: z.int().min(1).max(65_535).default(25).describe('Its port: 25 or 587 as a rule, 465 for `use_ssl`.'),
  username: text({ max: 500 }).default('').describe('Whom to sign in as; empty: nobody.'),
  password: secretText({ max: 500 }).default('').describe('What to sign in with.'),
  useTls: z.boolean().default(false).describe('Encrypts after the greeting (STARTTLS), and refuses to go on without.'),
  useSsl: z.boolean().default(false).describe('Encrypts from the first byte. Not together with `use_tls`.'),
  timeout: z.int().min(1).max(120).default(10).describe('Seconds that the mail server may take.'),
  fromAddress: z.email().max(254).default('system@authentik.local').describe('Whom the mail comes from.'),
} as const

export type MailSettings = { readonly [Field in keyof typeof mailSettings]: z.output<(typeof mailSettings)[Field]> }

/** For `refine` on the whole config: a connection cannot be encrypted both ways. */
export function encryptsOnce({ useTls, useSsl }: Pick<MailSettings, 'useTls' | 'useSsl'>): boolean {
  return !(useTls && useSsl)
}

/** What `refine` says then. */
export const encryptsTwice = { path: ['useSsl'], message: 'Use either TLS or SSL, not both.' }

/** The mail server that a stage names; undefined: the server's own settings count. */
export function smtpOf(settings: MailSettings) {
  if (settings.useGlobalSettings) return undefined
  const { host, port, username, password, useTls, useSsl, timeout } = settings
  return { host, port, username, password, useTls, useSsl, timeout }
}

/** Whom a stage's mail comes from; empty: as the server's own settings say. */
export function fromOf({ useGlobalSettings, fromAddress }: MailSettings): string {
  return useGlobalSettings ? '' : fromAddress
}
