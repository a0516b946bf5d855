import { z } from 'zod'
import type { AuditEvent } from '../../src/flow/effects.ts'
import type { JsonObject } from '../../src/flow/json.ts'
import type { PolicyBinding, PolicyQuestion, PolicyTarget } from '../../src/flow/ports.ts'
import type { User } from '../../src/flow/user.ts'
import { PolicyEngine } from '../../src/policies/engine.ts'
import { definePolicy, type PolicyRequest, type PolicyResult } from '../../src/policies/policy.ts'
import { FakePolicyServices } from './policy-request.ts'

type Evaluation = (request: PolicyRequest<Record<string, unknown>>) => PolicyResult | Promise<PolicyResult>

/** An engine whose only kind of policy does what each binding says, and what it noted. */
export class TestEngine {
  readonly services = new FakePolicyServices()
  readonly events: AuditEvent[] = []
  /** From where the events came. */
  readonly addresses: string[] = []
  /** Whose groups were asked for. */
  readonly asked: number[] = []
  private readonly evaluations = new Map<string, Evaluation>()
  private readonly engine: PolicyEngine
  private made = 0

  /** `groups`: the groups of a user, ancestors included. */
  constructor(groups: Readonly<Record<number, readonly string[]>> = {}) {
    const scripted = definePolicy({
      kind: 'scripted',
      model: 'stagedoor.scripted',
      description: 'Does what a test says.',
      config: z.object({ script: z.string() }),
      evaluate: (request) => {
        const evaluate = this.evaluations.get(request.config.script)
        if (!evaluate) throw new Error('The test has no such script.')
        return evaluate(request)
      },
    })
    this.engine = new PolicyEngine([scripted], {
      services: this.services,
      groupsOf: async (userId) => {
        this.asked.push(userId)
        return new Set(groups[userId])
      },
      audit: (event, { clientIp }) => {
        this.events.push(event)
        this.addresses.push(clientIp)
      },
    })
  }

  /** A binding of a policy that evaluates so. */
  policy(
    evaluate: Evaluation,
    about: Partial<PolicyBinding> & { executionLogging?: boolean; kind?: string } = {},
  ): PolicyBinding {
    const { executionLogging = false, kind = 'scripted', ...binding } = about
    this.made += 1
    const id = `policy-${this.made}`
    this.evaluations.set(id, evaluate)
    return {
      ...plainBinding(this.made),
      policy: { id, name: id, kind, config: { script: id }, executionLogging },
      ...binding,
    }
  }

  /** A binding of a policy that always says the same. */
  says(passing: boolean, message: string, about: Partial<PolicyBinding> & { executionLogging?: boolean } = {}): PolicyBinding {
    return this.policy(() => ({ passing, messages: [message] }), about)
  }

  /** A binding of a user or a group. */
  membership(about: Partial<PolicyBinding>): PolicyBinding {
    this.made += 1
    return { ...plainBinding(this.made), ...about }
  }

  judge(
    mode: PolicyTarget['mode'],
    bindings: readonly PolicyBinding[],
    about: { user?: User | undefined; context?: JsonObject } = {},
  ) {
    const question: PolicyQuestion = {
      user: about.user,
      context: about.context ?? {},
      clientIp: '203.0.113.7',
      requestId: 'request-1',
    }
    return this.engine.judge({ mode, bindings }, question)
  }
}

function plainBinding(order: number): PolicyBinding {
  return { id: `binding-${order}`, order, negate: false, timeout: 30, failureResult: false }
}
