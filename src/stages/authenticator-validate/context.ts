import type { MessageTally } from '../../credentials/message-limit.ts'
import type { SentCode } from '../../credentials/one-time-code.ts'
import type { SentMessage } from '../../credentials/sent-message.ts'
import type { DuoDevice } from '../../flow/duo.ts'
import type { StageContext } from '../../flow/stage.ts'
import type { DuoRequest } from './duo/request.ts'
import type { Config } from './settings.ts'

/** What the stage keeps between its turns. */
export type State = {
  /** What a key must sign. */
  readonly webauthnChallenge?: string
  /** The codes that were sent, by authenticator. */
  readonly codes?: Readonly<Record<string, SentCode>>
  /** What was sent last, and to which authenticator. */
  readonly message?: MessageState
  /** What Duo was asked last. */
  readonly duo?: DuoRequest
  /** An answer was refused since something slow began: whoever gives another one is not kept waiting for that. */
  readonly tried?: true
  /** How many messages were sent here, and how many requests were made at Duo. */
  readonly messages?: MessageTally
  readonly requests?: MessageTally
  /** The devices that Duo has told of, by authenticator. */
  readonly devices?: Readonly<Record<string, readonly KnownDevice[]>>
}

/** A device at Duo, as plain data. */
export type KnownDevice = Pick<DuoDevice, keyof DuoDevice>

/** A message, and whether another one may follow. */
export type MessageState = {
  readonly authenticator: string
  /** `email` or `sms`. */
  readonly kind: string
  /** Undefined: none was sent, because there were too many. */
  readonly sent?: SentMessage
  /** Milliseconds since 1970: when another one may be sent; undefined: now. */
  readonly retryAt?: number
}

export type Context = StageContext<Config, unknown>

/** What was kept, if anything was. */
export function stateOf({ state }: Pick<Context, 'state'>): State {
  return (state ?? {}) as State
}

/** What is kept where nothing slow is under way: one thing at a time is, and what took its place ends it. */
export function withoutSlow(context: Pick<Context, 'state'>): State {
  const { duo: _, message: __, ...state } = stateOf(context)
  return state
}

/** What is kept when something slow is asked for: whoever asks is kept waiting. */
export function untried({ tried: _, ...state }: State): State {
  return state
}

/** What is kept while this is what Duo was asked last, and these are the devices that it has told of. */
export function withRequest(context: Pick<Context, 'state'>, duo: DuoRequest, devices?: readonly DuoDevice[]): State {
  const state = withoutSlow(context)
  return { ...state, duo, ...(devices && { devices: { ...state.devices, [duo.authenticator]: devices } }) }
}

/** Whether the person has proved something before this stage, in this flow. */
export function hasProved({ plan }: Pick<Context, 'plan'>): boolean {
  return plan.context.auth_method !== undefined
}
