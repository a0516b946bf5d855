import type { z } from 'zod'
import type { JsonObject } from '../flow/json.ts'
import type { User } from '../flow/user.ts'

/** What a policy may use beside its config. */
export interface PolicyServices {
  readonly now: () => Date
  /** Resolves after that time, and rejects as soon as the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** At least 0, below 1. */
  readonly random: () => number
  /** The user can no longer sign in with the password they have. */
  readonly makePasswordUnusable: (userId: number) => Promise<void>
  /** A service that speaks like Have I Been Pwned's Pwned Passwords. */
  readonly pwnedPasswordsUrl: string
}

/** What one policy is asked. */
export interface PolicyRequest<Config> {
  readonly config: Config
  readonly user: User | undefined
  /** The plan's context, with `flow_plan` where a stage binding asks. */
  readonly context: JsonObject
  readonly clientIp: string
  /** Aborts when the binding's time is up; an evaluation must end then. */
  readonly signal: AbortSignal
  readonly services: PolicyServices
}

/** What one policy says. Messages are for the person. */
export interface PolicyResult {
  readonly passing: boolean
  readonly messages: readonly string[]
}

/** A kind of policy: its config as a zod schema, and how it decides. */
export interface PolicyDefinition<Config extends z.ZodObject = z.ZodObject> {
  /** `event_matcher`: what a policy row stores. */
  readonly kind: string
  /** authentik's name of the model in blueprints. */
  readonly model: string
  /** One sentence. */
  readonly description: string
  readonly config: Config
  evaluate(request: PolicyRequest<z.output<Config>>): Promise<PolicyResult> | PolicyResult
}

/** Declares a kind, checking its function against its schema. */
export function definePolicy<Config extends z.ZodObject>(definition: PolicyDefinition<Config>): PolicyDefinition {
  // The engine treats all kinds alike; each kind only ever meets configs that its own schema let through.
  return definition as unknown as PolicyDefinition
}
