import type { ConfiguredStage, FlowDefinition, StageBinding } from './definition.ts'
import type { Effect } from './effects.ts'
import type { Checkpoint, Execution, LastAnswer } from './execution.ts'
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import type { FlowPlan } from './plan.ts'
import type { Configuration, Opened } from './ports.ts'
import type { Session, Visitor } from './session.ts'
import type { Changes } from './stage.ts'
import type { ExecutionStatus, FieldError, StandingChallenge } from './step.ts'
import type { User } from './user.ts'

/** An execution while the engine works on it: what is stored, and what will be. Data in, next data out. */
export interface Run {
  /** Of its execution, from the first moment on: addresses that bring somebody back name it. */
  readonly id: string
  readonly visitor: Visitor
  readonly configuration: Configuration
  readonly definition: FlowDefinition
  readonly session: Session | undefined
  readonly sessionUser: User | undefined
  readonly pendingUser: User | undefined
  /** As it stands in the store; undefined for one that has just begun. */
  readonly stored: Execution | undefined
  /** What its address led to before, for one that has just begun. */
  readonly replaces: Execution | undefined
  readonly plan: FlowPlan
  readonly states: Readonly<Record<string, JsonValue>>
  readonly secrets: JsonObject
  readonly status: ExecutionStatus
  readonly shown: Execution['shown']
  readonly effects: readonly Effect[]
  readonly lastAnswer: LastAnswer | undefined
  readonly checkpoints: readonly Checkpoint[]
  readonly restKey: string | undefined
  readonly delivered: boolean
  /** Nobody's request is being answered: what only a reply can carry has to wait for one. */
  readonly unattended: boolean
  /** The `next` that a refused flow leads to (reference: flow-core 3.5). */
  readonly denialNext: string | undefined
}

/** What stands before anything was shown. */
export const nothingShown: Execution['shown'] = { challenge: { kind: '', component: '', fields: {} }, errors: [] }

/** A run that begins now. A handle from before a rotation brings no session into it. */
export function newRun({
  opened,
  ...begun
}: Pick<Run, 'id' | 'visitor' | 'configuration' | 'definition' | 'pendingUser' | 'plan' | 'denialNext'> & {
  readonly opened: Opened
}): Run {
  return {
    ...begun,
    session: opened.reissue ? undefined : opened.session,
    sessionUser: opened.reissue ? undefined : opened.sessionUser,
    stored: undefined,
    replaces: opened.execution,
    states: {},
    secrets: {},
    status: 'active',
    shown: nothingShown,
    effects: [],
    lastAnswer: undefined,
    checkpoints: [],
    restKey: undefined,
    delivered: false,
    unattended: false,
  }
}

/** A stored execution, taken up again. */
export function storedRun({
  opened: { session, sessionUser, pendingUser },
  execution,
  ...where
}: Pick<Run, 'visitor' | 'configuration' | 'definition'> & { readonly opened: Opened; readonly execution: Execution }): Run {
  const { id, plan, states, secrets, status, shown, lastAnswer, checkpoints, restKey, delivered } = execution
  const kept = { id, plan, states, secrets, status, shown, lastAnswer, checkpoints, restKey, delivered }
  return {
    ...where,
    ...kept,
    session,
    sessionUser,
    pendingUser,
    stored: execution,
    replaces: undefined,
    effects: [],
    unattended: false,
    denialNext: plan.query.next,
  }
}

/** The binding at the head of the plan. */
export function activeBinding(run: Pick<Run, 'plan' | 'definition'>): StageBinding | undefined {
  const [id] = run.plan.bindings
  if (id === undefined) return undefined
  const inserted = run.plan.inserted[id]
  if (inserted === undefined) return run.definition.bindings.find((binding) => binding.id === id)
  return insertedBinding(id, typeof inserted === 'string' ? inserted : id)
}

/** The stage of a binding, with its config as the plan or the pinned definition has it. */
export function stageOf({ plan, definition }: Pick<Run, 'plan' | 'definition'>, { id, stageId }: StageBinding): ConfiguredStage {
  const inserted = plan.inserted[id]
  if (typeof inserted === 'object') return { id, kind: inserted.kind, name: inserted.name, config: inserted.config }
  const stage = definition.stages[stageId]
  if (!stage) throw new Error(`The definition ${definition.id} lacks the stage of binding ${id}.`)
  return stage
}

/** The flow token that passing the active stage uses up. */
export function tokenAtStake({ plan }: Pick<Run, 'plan'>): string | undefined {
  const inserted = plan.inserted[plan.bindings[0] ?? '']
  return typeof inserted === 'object' ? inserted.flowToken : undefined
}

/** A stage that another one has put next is bound by nobody: no policy asks about it. */
function insertedBinding(id: string, stageId: string): StageBinding {
  return { id, stageId, order: 0, evaluateOnPlan: false, reEvaluatePolicies: false, invalidResponseAction: 'retry' }
}

/** The run with a verdict's changes: context, the person behind it, effects. */
export function withChanges(run: Run, changes: Changes): Run {
  let next: Run = {
    ...run,
    pendingUser: pendingUserAfter(run, changes),
    secrets: withoutUndefined({ ...run.secrets, ...changes.secrets }),
    effects: changes.effects ? [...run.effects, ...changes.effects] : run.effects,
  }
  for (const effect of changes.effects ?? []) next = { ...next, sessionUser: sessionUserAfter(next, effect) }
  return next
}

function sessionUserAfter({ sessionUser, pendingUser }: Run, effect: Effect): User | undefined {
  switch (effect.type) {
    case 'sign_in':
      return pendingUser?.id === effect.userId ? pendingUser : sessionUser
    case 'sign_out':
      return undefined
    case 'update_user':
      return sessionUser?.id === effect.change.id && pendingUser?.id === effect.change.id ? pendingUser : sessionUser
    case 'delete_user':
      return sessionUser?.id === effect.userId ? undefined : sessionUser
    default:
      return sessionUser
  }
}

function withoutUndefined(secrets: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== undefined && value !== null))
}

/** A record stands for the pending user only as long as the context names that one. */
function pendingUserAfter(run: Run, { context, pendingUser = run.pendingUser }: Changes): User | undefined {
  if (!context || !('pending_user' in context)) return pendingUser
  const named = context.pending_user
  return isJsonObject(named) && named.known && named.id === pendingUser?.id ? pendingUser : undefined
}

/** The run with an entry in the audit trail. */
export function audited(run: Run, action: string, context: Readonly<Record<string, JsonValue>>, user?: User): Run {
  const who = user ? { userId: user.id, username: user.username } : {}
  return { ...run, effects: [...run.effects, { type: 'audit', event: { action, context, ...who } }] }
}

/** The run showing a challenge. */
export function showing(
  run: Run,
  challenge: StandingChallenge,
  errors: readonly FieldError[] = [],
  status: ExecutionStatus = 'active',
): Run {
  return { ...run, shown: { challenge, errors }, status }
}

/** Whether something slow is under way that has time left. */
export function waitsStill({ shown, status }: Pick<Run, 'shown' | 'status'>, now: Date): boolean {
  return status === 'active' && shown.waiting !== undefined && shown.waiting.until > now.getTime()
}

/** Whether the time of a slow thing is over, and nobody has said yet what becomes of that. */
export function hasLapsed({ shown, status }: Pick<Run, 'shown' | 'status'>, now: Date): boolean {
  return status === 'active' && shown.waiting !== undefined && shown.waiting.until <= now.getTime()
}

/** Whom screens name: what was typed, where that is to hide whether it matched; else the pending user; else the session's. */
export function displayedUser(run: Pick<Run, 'plan' | 'pendingUser' | 'sessionUser'>): string {
  const typed = run.plan.context.pending_user_identifier
  if (typed !== undefined) return typed
  const pending = run.plan.context.pending_user
  if (pending && !pending.known) return pending.identifier
  return run.pendingUser?.username ?? run.sessionUser?.username ?? ''
}
