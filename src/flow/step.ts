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
export const actionTypes = ['submit', 'cancel', 'restart'] as const
export type ActionType = (typeof actionTypes)[number]

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
}
