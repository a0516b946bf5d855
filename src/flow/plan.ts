import type { StageBinding } from './definition.ts'
import type { JsonObject, JsonValue } from './json.ts'

/** Who the flow is about: someone of ours, or a name nobody has, which is treated alike until the end. */
export type PendingUser =
  | { readonly known: true; readonly id: number; readonly backend?: string }
  | { readonly known: false; readonly identifier: string }

/** What stages and policies tell each other, under authentik's key names (reference: flow-core 5.6). Holds no secret. */
export interface PlanContext extends JsonObject {
  readonly pending_user?: PendingUser & JsonObject
  /** As typed; hides whether it matched somebody. */
  readonly pending_user_identifier?: string
  /** Where the flow ends, set by the server only. */
  readonly redirect?: string
  readonly redirect_stage_target?: string
  readonly deny_message?: string
  readonly auth_method?: string
}

/** One stage that an execution came past. */
export interface HistoryEntry {
  readonly bindingId: string
  readonly outcome: 'passed' | 'skipped'
  /** Milliseconds since 1970. */
  readonly at: number
  /** The context keys that it changed. */
  readonly changed: JsonObject
}

/** A stage that no administrator has made: it lives in one plan. */
export interface InlineStage extends JsonObject {
  readonly kind: string
  readonly name: string
  readonly config: JsonObject
  /** Passing it uses up the flow token of this hash. */
  readonly flowToken?: string
}

/** The stages still to pass, in order, and what is known so far. Plain JSON. */
export interface FlowPlan {
  /** Ids of bindings, of the pinned definition or inserted; the first is the active one. */
  readonly bindings: readonly string[]
  /** Stages that another one, or the engine, has put in: their ids by binding, or the stages themselves. */
  readonly inserted: Readonly<Record<string, string | InlineStage>>
  readonly context: PlanContext
  readonly history: readonly HistoryEntry[]
  /** The page's query string, parsed: `next` and what stages read from it. */
  readonly query: Readonly<Record<string, string>>
  /** Refused guesses by binding. They survive a restart. */
  readonly attempts: Readonly<Record<string, number>>
  readonly restarts: number
  /** The hash of the flow token that brought it here (reference: flow-core 3.6). */
  readonly restored?: string
}

/** The plan of a flow about to start. */
export function newPlan(bindings: readonly StageBinding[], context: PlanContext, query: FlowPlan['query']): FlowPlan {
  return { bindings: bindings.map((binding) => binding.id), inserted: {}, context, history: [], query, attempts: {}, restarts: 0 }
}

/** The plan with context keys set; an undefined value removes its key. */
export function withContext(plan: FlowPlan, changes: JsonObject): FlowPlan {
  const context: Record<string, JsonValue> = {}
  for (const [key, value] of Object.entries({ ...plan.context, ...changes })) if (value !== undefined) context[key] = value
  return { ...plan, context }
}

/** The plan once its active stage is behind it. */
export function completeStage(plan: FlowPlan, outcome: HistoryEntry['outcome'], at: Date, changed: JsonObject = {}): FlowPlan {
  const [bindingId, ...bindings] = plan.bindings
  if (bindingId === undefined) return plan
  const history = [...plan.history, { bindingId, outcome, at: at.getTime(), changed }]
  return { ...withContext(plan, changed), bindings, history }
}

/** The plan with stages right after its active one. */
export function insertStages(plan: FlowPlan, stages: readonly (string | InlineStage)[]): FlowPlan {
  const [active, ...rest] = plan.bindings
  return active === undefined || stages.length === 0 ? plan : withInserted(plan, [active], stages, rest)
}

/** The plan with a stage before its active one. */
export function putFirst(plan: FlowPlan, stage: InlineStage): FlowPlan {
  return withInserted(plan, [], [stage], plan.bindings)
}

function withInserted(
  plan: FlowPlan,
  before: readonly string[],
  stages: readonly (string | InlineStage)[],
  after: readonly string[],
): FlowPlan {
  const known = Object.keys(plan.inserted).length
  const added = stages.map((stage, index) => [`inserted-${known + index}`, stage] as const)
  return {
    ...plan,
    bindings: [...before, ...added.map(([id]) => id), ...after],
    inserted: { ...plan.inserted, ...Object.fromEntries(added) },
  }
}

/** The plan with one more refused guess at its active stage, and their number. */
export function countAttempt(plan: FlowPlan, bindingId: string): { plan: FlowPlan; attempts: number } {
  const attempts = (plan.attempts[bindingId] ?? 0) + 1
  return { plan: { ...plan, attempts: { ...plan.attempts, [bindingId]: attempts } }, attempts }
}
