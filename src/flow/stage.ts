import type { z } from 'zod'
import type { AuthenticatorDirectory } from './authenticators.ts'
import type { ConfiguredStage, FlowHead } from './definition.ts'
import type { Effect } from './effects.ts'
import type { JsonObject } from './json.ts'
import type { FlowPlan } from './plan.ts'
import type { FieldError } from './step.ts'
import type { User } from './user.ts'

/** What a stage may look up. Effects go through its verdict, not through here. */
export interface StageServices {
  readonly now: () => Date
  readonly flows: {
    readonly slugOf: (flowId: string) => string | undefined
    readonly has: (slug: string) => boolean
    /** The path of a flow's page, with the execution's own query string; undefined when there is no such flow. */
    readonly pathOf: (flowId: string | null | undefined) => string | undefined
    /** The absolute URL of the page of the flow that the brand names for recovery. */
    readonly recoveryUrl: () => string | undefined
  }
  /** What authenticator apps and mails call the server. */
  readonly brandTitle: () => string
  readonly authenticators: AuthenticatorDirectory
  readonly users: {
    /** Whoever matches one of the fields, inactive users too. One query. */
    readonly find: (identifier: string, fields: readonly UserField[], caseInsensitive: boolean) => Promise<User | undefined>
  }
  readonly passwords: {
    /** The same work for a missing or unusable hash as for a wrong password. */
    readonly verify: (
      password: string,
      storedHash: string | undefined,
    ) => Promise<{ readonly matches: boolean; readonly upgrade?: string }>
  }
}

/** What people may identify themselves by. */
export const userFields = ['email', 'username', 'upn'] as const
export type UserField = (typeof userFields)[number]

/** All that a stage is given when it shows itself or judges an answer. */
export interface StageContext<Config, State> {
  readonly config: Config
  readonly stageId: string
  /** As the administrator named it. */
  readonly name: string
  /** The stages that this one's config names, by id. */
  readonly stages: Readonly<Record<string, ConfiguredStage>>
  readonly flow: FlowHead
  readonly plan: FlowPlan
  /** Who the flow is about, if it is somebody of ours. */
  readonly pendingUser: User | undefined
  /** Who the session belongs to. */
  readonly sessionUser: User | undefined
  /** What this stage kept from its earlier turns in this execution. */
  readonly state: State | undefined
  readonly services: StageServices
}

/** What a verdict changes beside the stage's own place in the plan. */
export interface Changes {
  /** Context keys to set; undefined removes a key. */
  readonly context?: JsonObject
  /** The record behind a new `pending_user`, so that it need not be read again. */
  readonly pendingUser?: User
  /** Whom a refused answer was about: for the audit trail, never for the plan. */
  readonly about?: User
  readonly effects?: readonly Effect[]
  /** Ids of stages, named by this one's config, that come next. */
  readonly nextStages?: readonly string[]
}

/** What a stage decided. Only `advance` passes it. */
export type Verdict<Challenge, State> =
  | { readonly type: 'ask'; readonly challenge: Challenge; readonly state?: State }
  | { readonly type: 'advance'; readonly changes: Changes }
  | { readonly type: 'invalid'; readonly errors: readonly FieldError[]; readonly changes: Changes }
  | { readonly type: 'deny'; readonly message: string | undefined }
  /** The execution goes on with another flow. */
  | { readonly type: 'switch_flow'; readonly slug: string; readonly keepContext: boolean }

/** Shows this and waits for an answer. `state` is kept, sealed, until the stage's next turn. */
export function ask<Challenge, State = never>(challenge: Challenge, state?: State): Verdict<Challenge, State> {
  return state === undefined ? { type: 'ask', challenge } : { type: 'ask', challenge, state }
}

/** The stage is passed. */
export function advance(changes: Changes = {}): Verdict<never, never> {
  return { type: 'advance', changes }
}

/** The answer is refused; `field` is a response field or `nonFieldErrors`. */
export function invalid(field: string, message: string, code = 'invalid', changes: Changes = {}): Verdict<never, never> {
  return { type: 'invalid', errors: [{ field, message, code }], changes }
}

/** The person may not go on; without a message the client sees "Unknown error". */
export function deny(message?: string): Verdict<never, never> {
  return { type: 'deny', message }
}

/** Goes on with another flow, in the same execution. */
export function switchFlow(slug: string, keepContext: boolean): Verdict<never, never> {
  return { type: 'switch_flow', slug, keepContext }
}

/**
 * A kind of stage: what it stores, shows and accepts as zod schemas, and two functions that say what it does. Every face
 * (GraphQL, REST, OpenAPI, blueprints) is derived from this.
 */
export interface StageDefinition<
  Config extends z.ZodObject = z.ZodObject,
  Challenge extends z.ZodObject = z.ZodObject,
  Response extends z.ZodObject = z.ZodObject,
  State = unknown,
> {
  /** `user_login`: what a stage row stores. */
  readonly kind: string
  /** authentik's name of the challenge on the wire; undefined for a kind that never shows anything. */
  readonly component?: string
  /** authentik's name of the model in blueprints. */
  readonly model: string
  /** One sentence. */
  readonly description: string
  readonly config: Config
  readonly challenge?: Challenge
  readonly response?: Response
  /** Whether its challenge names the pending user and shows their avatar. */
  readonly showsPendingUser?: boolean
  /** Whether an administrator may name a flow that sets it up. */
  readonly configurable?: boolean
  /** Ids of the stages whose config this one needs. */
  references?(config: z.output<Config>): readonly string[]
  /** Whom an answer claims to be. Its refusals are counted, against the stage's limit and the person's. */
  guesses?(context: StageContext<z.output<Config>, State>, response: z.output<Response>): string | undefined
  /** How many refused guesses end the execution. */
  attemptLimit?(context: StageContext<z.output<Config>, State>): number
  /** Repeating it must be harmless: a refreshed page and a refused answer call it again. */
  present(
    context: StageContext<z.output<Config>, State>,
  ): Promise<Verdict<z.input<Challenge>, State>> | Verdict<z.input<Challenge>, State>
  answer?(
    context: StageContext<z.output<Config>, State>,
    response: z.output<Response>,
  ): Promise<Verdict<never, State>> | Verdict<never, State>
}

/** Declares a kind, checking its functions against its schemas. */
export function defineStage<
  Config extends z.ZodObject,
  Challenge extends z.ZodObject = z.ZodObject,
  Response extends z.ZodObject = z.ZodObject,
  State = unknown,
>(definition: StageDefinition<Config, Challenge, Response, State>): StageDefinition {
  // The registry treats all kinds alike; each kind's functions only ever meet values that its own schemas let through.
  return definition as unknown as StageDefinition
}
