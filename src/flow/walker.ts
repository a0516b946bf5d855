import { accessDenied, continuation, flowError, redirect } from './challenges.ts'
import type { ConfiguredStage, StageBinding } from './definition.ts'
import type { Effect } from './effects.ts'
import { FlowError } from './errors.ts'
import type { JsonObject, JsonValue } from './json.ts'
import { isSafeNextPath } from './next-path.ts'
import { completeStage, type FlowPlan, insertStages, withContext } from './plan.ts'
import { leavesOut, type Planned, Planner, questionOf } from './planner.ts'
import type { EngineDependencies, LiveFlow } from './ports.ts'
import type { StageRegistry } from './registry.ts'
import {
  activeBinding,
  audited,
  displayedUser,
  nothingShown,
  type Run,
  showing,
  stageOf,
  tokenAtStake,
  withChanges,
} from './run.ts'
import type { Changes, StageContext, StageDefinition, Verdict, Wait } from './stage.ts'
import { openConfigOf, stageServices } from './stage-services.ts'
import type { ExecutionStatus, FieldError, StandingChallenge, StandingWait } from './step.ts'
import { defaultAvatar } from './user.ts'

/** How often one execution may start over. */
const mostRestarts = 10
/** How many stages one request may come past: more is a loop. */
const mostStagesAtOnce = 100

const generic = 'Flow does not apply to current user.'

/** Walks runs past every stage that needs nothing from the client, to the first that does, or to the end. */
export class Walker {
  private readonly deps: EngineDependencies
  private readonly stages: StageRegistry
  readonly planner: Planner

  constructor(deps: EngineDependencies, stages: StageRegistry) {
    this.deps = deps
    this.stages = stages
    this.planner = new Planner(deps.policies, deps.users, stages)
  }

  /** A planned flow's first step, or the step that refuses it. */
  async enter(run: Run, planned: Planned): Promise<Run> {
    if (planned.type === 'planned') return this.walk({ ...run, plan: planned.plan, states: {} })
    const alreadyDone = run.definition.flow.designation === 'authentication' && run.sessionUser !== undefined
    return alreadyDone ? this.finish(run) : this.refuse(run, planned.messages)
  }

  /** Errors belong to the stage that was answered, not to one that took its place. */
  async walk(reached: Run, errors: readonly FieldError[] = []): Promise<Run> {
    let run = reached
    const answered = run.plan.bindings[0]
    for (let passed = 0; passed < mostStagesAtOnce; passed += 1) {
      run = await this.reEvaluate(run)
      const active = activeBinding(run)
      if (!active) return this.finish(run)

      const verdict = await this.present(run, active)
      if (run.unattended && needsReply(verdict)) return this.pause(run)
      switch (verdict.type) {
        case 'ask':
        case 'wait':
          return this.asked(run, active, verdict, active.id === answered ? errors : [])
        case 'advance':
          run = this.advanced(run, verdict.changes)
          break
        case 'deny':
          return this.denied(withChanges(run, { effects: verdict.effects ?? [] }), active, verdict.message)
        case 'switch_flow':
          return this.switchFlow(run, verdict)
        case 'failed':
          return showing(run, verdict.challenge)
        case 'invalid':
          throw new Error(`The stage "${active.id}" refused an answer that nobody gave.`)
      }
    }
    throw new Error('The flow never comes to rest.')
  }

  /** Leaves out the next stages whose policies do not pass now. */
  async reEvaluate(reached: Run): Promise<Run> {
    let run = reached
    for (;;) {
      const active = activeBinding(run)
      if (!active?.reEvaluatePolicies) return run
      const target = run.configuration.bindingPolicies(active.id)
      if (!target?.bindings.length) return run
      const verdict = await this.deps.policies.judge(target, questionOf({ ...run, context: run.plan.context }, run.plan))
      if (!leavesOut(verdict, this.stages.find(stageOf(run, active).kind))) return run
      run = { ...run, plan: completeStage(run.plan, 'skipped', this.deps.now()) }
    }
  }

  /** The run with its active stage passed. */
  advanced(run: Run, changes: Changes): Run {
    const hash = tokenAtStake(run)
    const effects = [...(changes.effects ?? []), ...(hash === undefined ? [] : [{ type: 'use_flow_token', hash } as const])]
    // What a confirmation says of itself is no business of a later one.
    const context = hash === undefined ? changes.context : { ...changes.context, consent_header: undefined }
    const changed = withChanges(run, { ...changes, effects })
    const plan = insertStages(run.plan, changes.nextStages ?? [])
    return { ...changed, plan: completeStage(plan, 'passed', this.deps.now(), context) }
  }

  /** A stage refused the person: the plan starts over where the binding says so, and ends otherwise. */
  async denied(run: Run, active: StageBinding, message: string | undefined): Promise<Run> {
    if (active.invalidResponseAction !== 'retry')
      return this.restart(run, active.invalidResponseAction === 'restart_with_context')
    return this.end(run, 'denied', this.accessDenied(run, message ?? 'Unknown error'))
  }

  /** Plans anew. An execution that does so too often is denied for good. */
  async restart(run: Run, keepContext: boolean): Promise<Run> {
    const live = run.configuration.flowBySlug(run.definition.flow.slug)
    if (!live || run.plan.restarts >= mostRestarts) return this.end(run, 'denied', this.accessDenied(run, generic))
    return this.plannedAnew(run, live, keepContext ? run.plan.context : {})
  }

  /** Where every flow ends that went well (reference: flow-core 3.4). */
  finish(run: Run): Run {
    const to = run.plan.context.redirect ?? run.plan.query.next ?? '/'
    if (run.plan.context.redirect === undefined && !isSafeNextPath(to)) {
      return this.end(run, 'denied', this.accessDenied(run, 'Invalid next URL'))
    }
    return this.end(run, 'finished', finalRedirect(to))
  }

  /** The execution is over. */
  end(run: Run, status: ExecutionStatus, challenge: StandingChallenge): Run {
    const over = { plan: { ...run.plan, bindings: [] }, states: {}, secrets: {}, checkpoints: [] }
    const ended = showing({ ...run, ...over }, challenge, [], status)
    return audited(
      ended,
      'flow_execution',
      { flow: run.definition.flow.slug, outcome: status },
      run.sessionUser ?? run.pendingUser,
    )
  }

  accessDenied(run: Run, errorMessage: string): StandingChallenge {
    return { kind: accessDenied.kind, component: accessDenied.component, fields: { ...pendingUserFields(run), errorMessage } }
  }

  /** All that a stage is given. */
  contextFor(run: Run, active: StageBinding): StageContext<JsonObject, JsonValue> {
    const stage = stageOf(run, active)
    return {
      executionId: run.id,
      config: openConfigOf(this.deps, run, active),
      stageId: stage.id,
      name: stage.name,
      stages: run.definition.stages,
      objects: this.objectsFor(run, stage),
      flow: run.definition.flow,
      plan: run.plan,
      pendingUser: run.pendingUser,
      sessionUser: run.sessionUser,
      state: run.states[active.id],
      secrets: run.secrets,
      visitor: run.visitor,
      services: stageServices(this.deps, run),
    }
  }

  /** A stage that lives in the plan alone names objects that no definition has pinned. */
  private objectsFor({ configuration, definition }: Run, { id, kind, config }: ConfiguredStage) {
    const { objects = {} } = definition
    if (definition.stages[id]) return objects
    const named = this.stages.get(kind).references?.(config as never) ?? []
    const found = named.flatMap((name) => configuration.objectById(name) ?? [])
    return { ...objects, ...Object.fromEntries(found.map((object) => [object.id, object])) }
  }

  /** The kind that a binding's stage is of. */
  kindOf(run: Run, active: StageBinding): StageDefinition {
    return this.stages.get(stageOf(run, active).kind)
  }

  /** What is told when a stage breaks. The plan stays, so that reading the execution tries again. */
  async failure(run: Run, error: unknown): Promise<StandingChallenge> {
    this.deps.report(error, run.visitor.requestId)
    this.deps.audit({ action: 'system_exception', context: { flow: run.definition.flow.slug } }, run.visitor)
    const trusted = run.sessionUser !== undefined && (await this.deps.users.isSuperuser(run.sessionUser.id))
    const detail = trusted && error instanceof Error ? { error: error.message, traceback: error.stack ?? '' } : {}
    return { kind: flowError.kind, component: flowError.component, fields: { requestId: run.visitor.requestId, ...detail } }
  }

  private asked(
    run: Run,
    active: StageBinding,
    verdict: Extract<Verdict<unknown, unknown>, { type: 'ask' | 'wait' }>,
    errors: readonly FieldError[],
  ): Run {
    const stage = this.kindOf(run, active)
    if (!stage.challenge || !stage.component) throw new Error(`The kind "${stage.kind}" asks, but declares no challenge.`)
    // Only what the schema declares leaves the server.
    const declared = stage.challenge.parse(verdict.challenge) as JsonObject
    const fields = stage.showsPendingUser ? { ...pendingUserFields(run), ...declared } : declared
    const { changes } = verdict
    const changed = changes ? withChanges({ ...run, plan: withContext(run.plan, changes.context ?? {}) }, changes) : run
    const states = verdict.state === undefined ? run.states : { ...run.states, [active.id]: verdict.state as JsonValue }
    const shown = showing({ ...changed, states }, { kind: stage.kind, component: stage.component, fields }, errors)
    const actions = stage.actions?.(this.contextFor(shown, active) as never) ?? []
    const waiting = verdict.type === 'wait' ? this.waitOf(verdict.wait) : undefined
    return { ...shown, shown: { ...shown.shown, ...(actions.length > 0 && { actions }), ...(waiting && { waiting }) } }
  }

  /** A wait whose time is over is none. */
  private waitOf({ until, ...wait }: Wait): StandingWait | undefined {
    return until > this.deps.now() ? { ...wait, until: until.getTime() } : undefined
  }

  /** Rests until a request comes. Whatever the stage wanted is asked of it again then. */
  private pause(run: Run): Run {
    return showing(run, { kind: continuation.kind, component: continuation.component, fields: {} })
  }

  private async present(
    run: Run,
    active: StageBinding,
  ): Promise<Verdict<unknown, unknown> | { type: 'failed'; challenge: StandingChallenge }> {
    try {
      return await this.kindOf(run, active).present(this.contextFor(run, active) as never)
    } catch (error) {
      if (error instanceof FlowError) throw error
      return { type: 'failed', challenge: await this.failure(run, error) }
    }
  }

  /** The engine's execution goes on with another flow; its clients see the new flow's first step. */
  async switchFlow(reached: Run, verdict: Extract<Verdict<never, never>, { type: 'switch_flow' }>): Promise<Run> {
    const { slug, keepContext, changes = {} } = verdict
    const run = withChanges({ ...reached, plan: withContext(reached.plan, changes.context ?? {}) }, changes)
    const live = run.configuration.flowBySlug(slug)
    if (!live || run.plan.restarts >= mostRestarts) return this.end(run, 'denied', this.accessDenied(run, generic))
    return this.plannedAnew(run, live, { ...(keepContext ? run.plan.context : {}), is_redirected: run.definition.flow.id })
  }

  private async plannedAnew(run: Run, live: LiveFlow, context: FlowPlan['context']): Promise<Run> {
    const pendingUser = context.pending_user ? run.pendingUser : undefined
    const { restarts, attempts, history, query, restored } = run.plan
    const planned = await this.planner.plan({ ...run, live, context, pendingUser, query })
    const plan = planned.type === 'planned' ? planned.plan : withContext({ ...run.plan, context: {} }, context)
    const kept = { ...plan, history, attempts, restarts: restarts + 1, ...(restored !== undefined && { restored }) }
    const secrets = Object.keys(context).length === 0 ? {} : run.secrets
    const begun = { plan: kept, states: {}, secrets, shown: nothingShown, checkpoints: [] }
    const fresh: Run = { ...run, definition: live.definition, pendingUser, ...begun }
    // A refusal inside a restart is final: the binding that restarts is not asked again.
    return this.enter(fresh, planned.type === 'planned' ? { type: 'planned', plan: kept } : planned)
  }

  /** What a person sees whom the flow itself refuses (reference: flow-core 3.5). */
  private refuse(run: Run, messages: readonly string[]): Run {
    const message = messages.join('\n') || generic
    const { deniedAction } = run.definition.flow
    const next = run.denialNext !== undefined && isSafeNextPath(run.denialNext) ? run.denialNext : undefined
    if (deniedAction !== 'message' && next !== undefined) return this.end(run, 'denied', finalRedirect(next))
    if (deniedAction === 'continue') return this.end(run, 'denied', finalRedirect('/'))
    return this.end(run, 'denied', this.accessDenied(run, message))
  }
}

/** Whether something would be handed to the browser that only the reply to a request can carry. */
function needsReply(verdict: { readonly type: string; readonly changes?: Changes }): boolean {
  return verdict.changes?.effects?.some(({ type }) => repliesOnly.has(type)) ?? false
}

const repliesOnly: ReadonlySet<Effect['type']> = new Set(['sign_in', 'sign_out', 'renew_session', 'remember_device'])

/** The end of a flow that leads somewhere. */
export function finalRedirect(to: string): StandingChallenge {
  return { kind: redirect.kind, component: redirect.component, fields: { to, finalRedirect: true } }
}

function pendingUserFields(run: Run): JsonObject {
  return { pendingUser: displayedUser(run), pendingUserAvatar: defaultAvatar }
}
