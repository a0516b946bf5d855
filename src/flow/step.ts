import type { FlowHead } from './definition.ts'
import type { JsonObject } from './json.ts'

/** Why an answer was refused. `field` is a camelCase response field, or `nonFieldErrors`. */
export interface FieldError {
  readonly field: string
  readonly message: string
  /** Machine-readable, as Django REST framework names them: `required`, `blank`, `invalid` ... */
  readonly code: string
}

/** What a client may do about a step. */
export const actionTypes = ['submit', 'resend', 'choose_another', 'back', 'restart', 'cancel'] as const
export type ActionType = (typeof actionTypes)[number]

/** Those that a stage offers itself. */
export type StageActionType = Extract<ActionType, 'resend' | 'choose_another'>

/** An action that a stage offers, as it is stored with what is shown. */
export interface StageAction {
  readonly type: StageActionType
  /** Milliseconds since 1970: when it may be done; undefined: now. */
  readonly availableAt?: number
  /** Why not before, for people. */
  readonly reason?: string
}

/** What a step waits for: an approval on another device, a device being set up, a mailed link being confirmed, a message going out. */
export const waitingReasons = ['approval', 'activation', 'confirmation', 'delivery'] as const
export type WaitingReason = (typeof waitingReasons)[number]

/** How far a message has come. */
export const deliveryStates = ['queued', 'sent', 'failed'] as const
export type DeliveryState = (typeof deliveryStates)[number]

/** A slow thing that is under way, as it is stored with what is shown. */
export interface StandingWait {
  readonly reason: WaitingReason
  /** Milliseconds since 1970: it is over then, whatever came of it. */
  readonly until: number
  /** Seconds after which a client that polls should ask again. */
  readonly pollAfter: number
  /** Seconds after which the server looks again by itself; `pollAfter` if not given. */
  readonly recheck?: number
  /** Whether clients written for authentik get their answer only when it is over. */
  readonly holds?: true
  /** How far the message has come that was sent for it. */
  readonly delivery?: DeliveryState
}

/** What a step shows, as plain data. */
export interface Shown {
  readonly challenge: StandingChallenge
  readonly errors: readonly FieldError[]
  readonly actions?: readonly StageAction[]
  readonly waiting?: StandingWait
}

/** A slow thing that is under way: the next step comes by itself. */
export interface Waiting {
  readonly reason: WaitingReason
  readonly until: Date
  /** Seconds. */
  readonly pollAfter: number
  readonly delivery: DeliveryState | undefined
  readonly holds: boolean
}

/** An action that the step lists. One that is not listed, or not enabled, is refused. */
export interface FlowAction {
  readonly type: ActionType
  readonly enabled: boolean
  /** Why it is not enabled, for people. */
  readonly reason?: string
  /** When it will be. */
  readonly availableAt?: Date
}

/** How far an execution has come. Only an active one takes answers. */
export const executionStatuses = ['active', 'finished', 'denied', 'cancelled'] as const
export type ExecutionStatus = (typeof executionStatuses)[number]

/** A challenge in the engine's words: the kind, its component, and the fields its schema declares. */
export interface StandingChallenge {
  readonly kind: string
  readonly component: string
  readonly fields: JsonObject
}

/** What a client is told. GraphQL and REST are two spellings of exactly this. */
export interface FlowStep {
  readonly executionId: string
  readonly flow: FlowHead
  /** With its placeholders filled in. */
  readonly title: string
  /** Where a client goes to give up: keeps the way back. */
  readonly cancelPath: string
  /** The query string of the flow's page, parsed. */
  readonly query: Readonly<Record<string, string>>
  readonly sequence: number
  readonly stepToken: string
  readonly status: ExecutionStatus
  readonly expiresAt: Date
  readonly challenge: StandingChallenge
  readonly errors: readonly FieldError[]
  readonly actions: readonly FlowAction[]
  readonly waiting: Waiting | undefined
}
