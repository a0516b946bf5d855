import type { OutgoingSms } from '../flow/accounts.ts'
import type { Channel } from './channel.ts'

/** Text messages, handed to what sends one. A person waits for each, and its code does not count for long. */
export function smsChannel(send: (id: string, sms: OutgoingSms, signal: AbortSignal) => Promise<void>): Channel<'sms'> {
  return {
    name: 'sms',
    noun: 'text message',
    // With the sender's patience, four tries fit into the minute that a client written for authentik is held for.
    pauses: [1, 4, 10],
    mostAtOnce: 8,
    longestSending: 20_000,
    lease: 30,
    recipientOf: ({ message }) => message.to,
    othersIn: () => [],
    expiryOf: ({ expiresAt }) => (expiresAt === undefined ? undefined : new Date(expiresAt)),
    send,
    sentEvent: () => undefined,
    failedContext: (sms) => ({ message: 'Error sending SMS', stage: sms?.stage }),
  }
}
