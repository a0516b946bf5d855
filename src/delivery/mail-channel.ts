import type { OutgoingMail } from '../flow/accounts.ts'
import type { Channel } from './channel.ts'

/** A mail that is for somebody. */
export type AddressedMail = OutgoingMail & { readonly to: object }

/** Mails, handed to what sends one. */
export function mailChannel(send: (id: string, mail: AddressedMail, signal: AbortSignal) => Promise<void>): Channel<'mail'> {
  return {
    name: 'mail',
    noun: 'mail',
    pauses: [10, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800],
    mostAtOnce: 4,
    longestSending: 90_000,
    lease: 120,
    recipientOf: ({ mail }) => mail.to?.address,
    othersIn: ({ mail: { cc = [], bcc = [] } }) => [...cc, ...bcc],
    expiryOf: ({ mail }) => readInstant(mail.values.expires),
    send: async (id, { mail }, signal) => {
      if (mail.to) await send(id, { ...mail, to: mail.to }, signal)
    },
    sentEvent: ({ mail: { to, subject, template } }) => ({
      action: 'email_sent',
      context: { to_email: to?.address, subject, template },
    }),
    failedContext: (message) => ({ message: 'A mail was not sent.', template: message?.mail.template }),
  }
}

/** A link or a code that works no more is of no use to anybody. */
function readInstant(text: unknown): Date | undefined {
  return typeof text === 'string' && !Number.isNaN(Date.parse(text)) ? new Date(text) : undefined
}
