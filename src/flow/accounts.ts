import type { JsonObject } from './json.ts'
import type { User } from './user.ts'

/** What a user has allowed an application. */
export interface Consent {
  readonly userId: number
  readonly application: string
  /** Ids of permissions, sorted. */
  readonly permissions: readonly string[]
  /** Undefined: until it is taken back. */
  readonly expiresAt: Date | undefined
}

/** A letter that lets somebody into an enrolment flow (reference: stages 4.13). */
export interface Invitation {
  readonly id: string
  readonly name: string
  readonly expiresAt: Date | undefined
  /** What the new account must have, whatever is answered. */
  readonly fixedData: JsonObject
  readonly singleUse: boolean
  /** The only flow it is for. */
  readonly flowId: string | undefined
}

/** An account of ours that a source knows by a name of its own. */
export interface SourceConnection {
  readonly source: string
  readonly identifier: string
  readonly userId: number
}

/** What `user_write` may set: a list, so that nothing else is ever set by a form. */
export type WritableUser = Pick<User, 'username' | 'name' | 'email' | 'isActive' | 'type' | 'path' | 'attributes'>

/** An account that is about to be. */
export interface NewUser extends WritableUser {
  readonly id: number
  /** Chosen by who needs to know it before the account is written. */
  readonly uuid?: string
  readonly passwordHash: string | undefined
  /** Ids of groups that exist. */
  readonly groups: readonly string[]
}

/** What changes about an account. */
export interface UserChange extends Partial<WritableUser> {
  readonly id: number
  readonly passwordHash?: string
  /** Ids of groups to join. */
  readonly groups?: readonly string[]
  /** Whether all sessions of the user but this one end. */
  readonly endOtherSessions?: boolean
}

/** A mail on its way. Holds secrets: it is sealed wherever it waits. */
export interface OutgoingMail {
  /** Undefined: nobody has that address. Such a mail is written and dropped, so that it takes as long as another. */
  readonly to: { readonly address: string; readonly name: string } | undefined
  /** Addresses of those who get a copy, and may be seen to. */
  readonly cc?: readonly string[]
  /** Addresses of those who get a copy that nobody else sees. */
  readonly bcc?: readonly string[]
  readonly from: string
  readonly subject: string
  /** `email/password_reset.html`: the HTML one; a text one of the same name is sent with it. */
  readonly template: string
  /** Language tags, the best first: a template may be there in one of them. */
  readonly languages?: readonly string[]
  /** What the template may say. */
  readonly values: JsonObject
  /** Undefined: as the server's own settings say. */
  readonly smtp: SmtpSettings | undefined
}

/** A mail server (reference: stages 4.5). */
export interface SmtpSettings {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  /** Encrypts after the greeting, and refuses to go on without. */
  readonly useTls: boolean
  /** Encrypts from the first byte. */
  readonly useSsl: boolean
  /** Seconds. */
  readonly timeout: number
}

/** How text messages reach people (reference: stages 4.17). */
export interface SmsSettings {
  readonly provider: 'twilio' | 'generic'
  readonly fromNumber: string
  /** Twilio's account; for `generic` the webhook's URL. */
  readonly accountSid: string
  readonly auth: string
  readonly authPassword: string
  readonly authType: 'basic' | 'bearer'
}

/** One text message. */
export interface SmsMessage {
  readonly to: string
  /** The bare code. */
  readonly code: string
  /** The sentence with the code. */
  readonly text: string
}

/** A message of any sort on its way. Holds secrets: it is sealed wherever it waits. */
export type OutgoingMessage = { readonly channel: 'mail'; readonly mail: OutgoingMail } | OutgoingSms

/** A text message on its way. */
export interface OutgoingSms {
  readonly channel: 'sms'
  readonly settings: SmsSettings
  readonly message: SmsMessage
  /** ISO 8601: it is not sent any more then. */
  readonly expiresAt?: string
  /** What the stage is called that sends it: for auditors. */
  readonly stage?: string
}

/** The ways in which messages reach people. */
export type MessageChannel = OutgoingMessage['channel']

/** A message that somebody has begun to send. */
export interface QueuedMessage {
  readonly id: string
  /** How often it was begun, this time included. */
  readonly attempts: number
  /** Whoever is told how it goes. */
  readonly executionId: string | undefined
  /** Undefined: it was sealed with a key that is gone. */
  readonly message: OutgoingMessage | undefined
}

/** Messages that wait to be sent, for all nodes together. */
export interface MessageQueue {
  /** Takes up to `most` of a channel that are due, for `lease` seconds: nobody else is given them meanwhile, and everybody is after that. */
  claim(channel: MessageChannel, most: number, lease: number): Promise<readonly QueuedMessage[]>
  /** It is gone out: nothing of it is kept, but for a while that it was sent, where an execution may ask. */
  sent(id: string): Promise<void>
  /** It was not sent; without `retryAt`: it never will be. `problem` is what may be told. Nothing, if somebody else has begun it since. */
  failed(message: Pick<QueuedMessage, 'id' | 'attempts'>, retryAt: Date | undefined, problem: string): Promise<void>
}
