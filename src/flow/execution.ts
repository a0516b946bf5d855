import type { JsonObject, JsonValue } from './json.ts'
import type { FlowPlan } from './plan.ts'
import type { ExecutionStatus, Shown } from './step.ts'

/** The answer that led to the standing step: asked again, it gets the same reply. */
export interface LastAnswer {
  /** The step token it answered. */
  readonly stepToken: string
  /** Keyed digest of the answer. */
  readonly digest: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** Whether stages were left when it had passed its own: what authentik's wire answers with a 302. */
  readonly stagesLeft: boolean
  /** Whether the same answer would also suit the standing challenge, so that only a client that saw it can mean that. */
  readonly ambiguous: boolean
}

/** What lets somebody go on, in a browser of their own, where an execution stood (reference: flow-core 1.5). */
export interface FlowToken {
  /** SHA-256 of the token, in hex. */
  readonly hash: string
  readonly flowSlug: string
  readonly definitionId: string
  readonly userId: number | undefined
  readonly plan: FlowPlan
  readonly states: Readonly<Record<string, JsonValue>>
  readonly secrets: JsonObject
  readonly used: boolean
  /** The execution that had it mailed; undefined for one from before this was kept. */
  readonly issuedBy: string | undefined
}

/** How things stood at a screen that somebody has come past. */
export interface Checkpoint {
  readonly plan: FlowPlan
  readonly states: Readonly<Record<string, JsonValue>>
  readonly secrets: JsonObject
}

/** One run of a plan, owned by one session. Plain data; every stored change makes the next one of these. */
export interface Execution {
  readonly id: string
  /** The flow it was started with, or has switched to. */
  readonly flowSlug: string
  readonly definitionId: string
  readonly sequence: number
  readonly stepToken: string
  readonly status: ExecutionStatus
  readonly plan: FlowPlan
  /** What was last shown. */
  readonly shown: Shown
  /** What stages keep between their turns, by binding. */
  readonly states: Readonly<Record<string, JsonValue>>
  /** What stages keep for each other and nobody may see, such as a password on its way to be written. */
  readonly secrets: JsonObject
  readonly lastAnswer: LastAnswer | undefined
  /** Where `back` leads, the nearest last. */
  readonly checkpoints: readonly Checkpoint[]
  /** The slug that authentik's clients address it by. */
  readonly restKey: string | undefined
  /** Whether such a client has been told of the end. */
  readonly delivered: boolean
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly expiresAt: Date
}
