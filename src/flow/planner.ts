import type { AuthenticationRequirement } from './definition.ts'
import { type FlowPlan, newPlan, type PlanContext } from './plan.ts'
import type { Configuration, LiveFlow, PolicyGate, PolicyQuestion, PolicyVerdict, UserDirectory } from './ports.ts'
import type { StageRegistry } from './registry.ts'
import type { Visitor } from './session.ts'
import type { StageDefinition } from './stage.ts'
import type { User } from './user.ts'

/** Everything a plan depends on. */
export interface PlanRequest {
  readonly live: LiveFlow
  readonly configuration: Configuration
  readonly visitor: Visitor
  readonly sessionUser: User | undefined
  readonly pendingUser: User | undefined
  readonly context: PlanContext
  readonly query: FlowPlan['query']
}

/** A plan, which may be empty, or why the flow is not for this person. */
export type Planned =
  | { readonly type: 'planned'; readonly plan: FlowPlan }
  | { readonly type: 'not_applicable'; readonly messages: readonly string[] }

const refusals: Partial<Record<AuthenticationRequirement, string>> = {
  require_token: 'This link is invalid or has expired. Ask for a new one.',
}

/** Turns a flow and a person into the stages to pass (reference: flow-core 2.2). */
export class Planner {
  private readonly policies: PolicyGate
  private readonly users: UserDirectory
  private readonly stages: StageRegistry

  constructor(policies: PolicyGate, users: UserDirectory, stages: StageRegistry) {
    this.policies = policies
    this.users = users
    this.stages = stages
  }

  async plan(request: PlanRequest): Promise<Planned> {
    const { live, context, query } = request
    const requirement = live.definition.flow.authentication
    if (!(await this.meets(requirement, request)))
      return { type: 'not_applicable', messages: [refusals[requirement] ?? ''].filter(Boolean) }

    const verdict = await this.policies.judge(live.policies, questionOf(request))
    if (!verdict.passing) return { type: 'not_applicable', messages: verdict.messages }

    return { type: 'planned', plan: await this.leaveOutAtPlanTime(request, newPlan(live.definition.bindings, context, query)) }
  }

  /** Judged on the session's user, never on the pending one. */
  private async meets(requirement: AuthenticationRequirement, { sessionUser, context }: PlanRequest): Promise<boolean> {
    switch (requirement) {
      case 'none':
        return true
      case 'require_authenticated':
        return sessionUser !== undefined
      case 'require_unauthenticated':
        return sessionUser === undefined
      case 'require_superuser':
        return sessionUser !== undefined && this.users.isSuperuser(sessionUser.id)
      case 'require_redirect':
        return context.is_redirected !== undefined
      case 'require_token':
        return context.is_restored !== undefined
      case 'require_outpost':
        // Outposts are authentik's own proxies; nothing here can prove to be one.
        return false
    }
  }

  private async leaveOutAtPlanTime(request: PlanRequest, plan: FlowPlan): Promise<FlowPlan> {
    const { definition } = request.live
    const kept: string[] = []
    for (const binding of definition.bindings) {
      const target = binding.evaluateOnPlan ? request.configuration.bindingPolicies(binding.id) : undefined
      const underConstruction = { ...plan, bindings: [...kept, binding.id] }
      const verdict = target?.bindings.length && (await this.policies.judge(target, questionOf(request, underConstruction)))
      const stage = this.stages.find(definition.stages[binding.stageId]?.kind ?? '')
      if (!verdict || !leavesOut(verdict, stage)) kept.push(binding.id)
    }
    return { ...plan, bindings: kept }
  }
}

/**
 * Whether the policies of a stage's binding leave it out. One that fails has not said so: what asks for a proof or refuses
 * stays, so that nobody passes because something broke, and what acts does not happen.
 */
export function leavesOut({ passing, undecided }: PolicyVerdict, stage: Pick<StageDefinition, 'acts'> | undefined): boolean {
  return !passing && !(undecided && !stage?.acts)
}

/**
 * What policies are asked about: the pending user if the flow is about somebody, else the session's, in the light of the plan.
 * Whoever only pretends to exist is nobody: never the one who happens to be signed in.
 */
export function questionOf(
  who: Pick<PlanRequest, 'visitor' | 'sessionUser' | 'pendingUser' | 'context'>,
  plan?: FlowPlan,
): PolicyQuestion {
  const { visitor, sessionUser, pendingUser, context } = who
  return {
    user: context.pending_user ? pendingUser : sessionUser,
    context: plan ? { ...context, flow_plan: { bindings: plan.bindings, context: plan.context } } : context,
    clientIp: visitor.clientIp,
    requestId: visitor.requestId,
  }
}
