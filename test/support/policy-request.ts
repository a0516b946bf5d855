import type { JsonObject } from '../../src/flow/json.ts'
import type { User } from '../../src/flow/user.ts'
import type { PolicyDefinition, PolicyRequest, PolicyServices } from '../../src/policies/policy.ts'

/** What policies may use, with a clock that stands still; notes what they asked for. */
export class FakePolicyServices implements PolicyServices {
  readonly slept: number[] = []
  readonly madeUnusable: number[] = []
  /** Nobody listens there. */
  pwnedPasswordsUrl = 'http://127.0.0.1:1'
  /** What `random` says. */
  luck = 0

  now(): Date {
    return new Date('2026-03-01T12:00:00.000Z')
  }

  random(): number {
    return this.luck
  }

  async sleep(milliseconds: number): Promise<void> {
    this.slept.push(milliseconds)
  }

  async makePasswordUnusable(userId: number): Promise<void> {
    this.madeUnusable.push(userId)
  }
}

/** What a test says about a request; the config is judged by the policy's own schema. */
export interface RequestOptions {
  readonly config?: object
  readonly user?: User
  readonly context?: JsonObject
  readonly services?: PolicyServices
  readonly signal?: AbortSignal
}

/** Everything that a policy is asked. */
export function policyRequest(policy: PolicyDefinition, options: RequestOptions = {}): PolicyRequest<Record<string, unknown>> {
  return {
    config: policy.config.parse(options.config ?? {}),
    user: options.user,
    context: options.context ?? {},
    clientIp: '203.0.113.7',
    signal: options.signal ?? new AbortController().signal,
    services: options.services ?? new FakePolicyServices(),
  }
}
