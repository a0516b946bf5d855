import type { AuditEvent } from '../flow/effects.ts'
import type { PolicyBinding, PolicyGate, PolicyQuestion, PolicyTarget, PolicyVerdict } from '../flow/ports.ts'
import type { PolicyDefinition, PolicyResult, PolicyServices } from './policy.ts'

/** What the engine needs beside the policies themselves. */
export interface PolicyEngineDependencies {
  readonly services: PolicyServices
  /** The groups a user is in, directly or through ancestors. One query. */
  readonly groupsOf: (userId: number) => Promise<ReadonlySet<string>>
  readonly audit: (event: AuditEvent, visitor: { readonly clientIp: string; readonly requestId: string }) => void
}

/** A timer for longer than this goes off at once (milliseconds). */
const longestTimer = 2 ** 31 - 1

/** What one binding says. */
interface Vote extends PolicyResult {
  /** It is the failure result. */
  readonly failed?: true
}

const passed: PolicyVerdict = { passing: true, messages: [] }

/** Judges all policies of a target, always live and without short cuts (reference: flow-core 5.1, 5.2). */
export class PolicyEngine implements PolicyGate {
  private readonly kinds: ReadonlyMap<string, PolicyDefinition>
  private readonly deps: PolicyEngineDependencies

  constructor(kinds: readonly PolicyDefinition[], deps: PolicyEngineDependencies) {
    this.kinds = new Map(kinds.map((kind) => [kind.kind, kind]))
    this.deps = deps
  }

  async judge(target: PolicyTarget, question: PolicyQuestion): Promise<PolicyVerdict> {
    if (target.bindings.length === 0) return passed
    const byPolicy = target.bindings.filter((binding) => binding.policy)
    const results = await Promise.all(byPolicy.map((binding) => this.judgeBinding(binding, question)))
    const memberships = await this.judgeMemberships(target, question)
    const all: readonly Vote[] = memberships === undefined ? results : [...results, { passing: memberships, messages: [] }]
    if (all.length === 0) return passed

    const tally = (votes: readonly boolean[]) => (target.mode === 'all' ? votes.every(Boolean) : votes.some(Boolean))
    const passing = tally(all.map((result) => result.passing))
    const undecided = !passing && tally(all.map((result) => result.passing || result.failed === true))
    return { passing, messages: all.flatMap((result) => result.messages), ...(undecided && { undecided }) }
  }

  /** User and group bindings speak with one voice. Nobody signed in and nobody pending never passes, even negated. */
  private async judgeMemberships({ bindings, mode }: PolicyTarget, { user }: PolicyQuestion): Promise<boolean | undefined> {
    const memberships = bindings.filter(
      ({ policy, groupId, userId }) => !policy && (groupId !== undefined || userId !== undefined),
    )
    if (memberships.length === 0) return undefined
    if (!user) return false
    const asksGroups = memberships.some(({ groupId }) => groupId !== undefined)
    const groups = asksGroups ? await this.deps.groupsOf(user.id) : new Set<string>()
    const votes = memberships.map(
      ({ groupId, userId, negate }) => (groupId === undefined ? userId === user.id : groups.has(groupId)) !== negate,
    )
    return mode === 'all' ? votes.every(Boolean) : votes.some(Boolean)
  }

  private async judgeBinding(binding: PolicyBinding, question: PolicyQuestion): Promise<Vote> {
    const { policy } = binding
    if (!policy) throw new Error('Only a binding of a policy can be evaluated.')
    const result = await this.evaluateInTime(binding, question)
    if (policy.executionLogging) {
      const context = { policy: policy.id, binding: binding.id, passing: result.passing, messages: result.messages }
      this.deps.audit({ action: 'policy_execution', context, ...who(question) }, question)
    }
    return result
  }

  /** A policy that throws, or is not done in time, takes the binding's failure result, which is never negated. */
  private async evaluateInTime(binding: PolicyBinding, question: PolicyQuestion): Promise<Vote> {
    const deadline = new AbortController()
    const timeout = Math.min(binding.timeout * 1000, longestTimer)
    const timer = setTimeout(() => deadline.abort(new Error('The policy took too long.')), timeout)
    try {
      const result = await Promise.race([this.evaluate(binding, question, deadline.signal), whenAborted(deadline.signal)])
      return { passing: result.passing !== binding.negate, messages: result.messages }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const context = { policy: binding.policy?.id ?? '', binding: binding.id, message }
      this.deps.audit({ action: 'policy_exception', context, ...who(question) }, question)
      return { passing: binding.failureResult, messages: [message], failed: true }
    } finally {
      clearTimeout(timer)
      // Ends whatever the evaluation left running.
      deadline.abort()
    }
  }

  private async evaluate(
    { policy }: PolicyBinding,
    { user, context, clientIp }: PolicyQuestion,
    signal: AbortSignal,
  ): Promise<PolicyResult> {
    const kind = this.kinds.get(policy?.kind ?? '')
    if (!kind) throw new Error(`This version has no policy of kind "${policy?.kind}".`)
    return kind.evaluate({ config: policy?.config ?? {}, user, context, clientIp, signal, services: this.deps.services })
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}

function who({ user }: PolicyQuestion): Pick<AuditEvent, 'userId' | 'username'> {
  return user ? { userId: user.id, username: user.username } : {}
}
