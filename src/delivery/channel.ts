import type { MessageChannel, OutgoingMessage } from '../flow/accounts.ts'
import type { AuditEvent } from '../flow/effects.ts'

/** A message that goes by one channel. */
export type MessageOf<Name extends MessageChannel> = Extract<OutgoingMessage, { channel: Name }>

/** One way in which messages reach people, and how patient it is. */
export interface Channel<Name extends MessageChannel = MessageChannel> {
  readonly name: Name
  /** What the log calls one: `mail`. */
  readonly noun: string
  /** Seconds between tries. When they are used up, the message is given up. */
  readonly pauses: readonly number[]
  /** How many messages a node sends at once. */
  readonly mostAtOnce: number
  /** How long one may take (milliseconds): less than its lease, or two nodes would send it. */
  readonly longestSending: number
  /** Seconds after which a message that was begun is begun again, because whoever did must have crashed. */
  readonly lease: number
  /** Whom it is for; undefined: nobody. Such a message was written only so that nobody can tell by the time it takes. */
  readonly recipientOf: (message: MessageOf<Name>) => string | undefined
  /** Who else is named in what providers say of it. */
  readonly othersIn: (message: MessageOf<Name>) => readonly string[]
  /** When what it says runs out. */
  readonly expiryOf: (message: MessageOf<Name>) => Date | undefined
  /** Throws a `DeliveryFailure`. `id` is the same each time that a message is sent again. */
  readonly send: (id: string, message: MessageOf<Name>, signal: AbortSignal) => Promise<void>
  /** What auditors are told of one that is out; undefined: nothing. */
  readonly sentEvent: (message: MessageOf<Name>) => AuditEvent | undefined
  /** What auditors are told of one that never will be, beside why: it is undefined where its key is gone. */
  readonly failedContext: (message: MessageOf<Name> | undefined) => NonNullable<AuditEvent['context']>
}
