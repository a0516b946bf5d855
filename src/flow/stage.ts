import type { z } from 'zod'
import type { ConfiguredObject, ConfiguredStage, FlowHead } from './definition.ts'
import type { Effect } from './effects.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { FlowPlan } from './plan.ts'
import type { StageServices, StageVisitor } from './services.ts'
import type { FieldError, StageAction, StageActionType, StandingWait } from './step.ts'
import type { User } from './user.ts'

/** All that a stage is given when it shows itself or judges an answer. */
export interface StageContext<Config, State> {
  /** Only the session that it belongs to can do anything with it. */
  readonly executionId: string
  readonly config: Config
  readonly stageId: string
  /** As the administrator named it. */
  readonly name: string
  /** The stages that this one's config names, by id, without their secrets. */
  readonly stages: Readonly<Record<string, ConfiguredStage>>
  /** The objects that its config names, or that a stage named by it does, by id, without their secrets. */
  readonly objects: Readonly<Record<string, ConfiguredObject>>
  readonly flow: FlowHead
  readonly plan: FlowPlan
  /** Who the flow is about, if it is somebody of ours. */
  readonly pendingUser: User | undefined
  /** Who the session belongs to. */
  readonly sessionUser: User | undefined
  /** What this stage kept from its earlier turns in this execution. */
  readonly state: State | undefined
  /** What stages keep from each other's eyes no more than from each other's hands: passwords on their way to `user_write`. */
  readonly secrets: JsonObject
  readonly visitor: StageVisitor
  readonly services: StageServices
}

/** Whom a stage is about: the pending user, else the session's. Who only pretends to exist is nobody, whatever the session says. */
export function personOf({
  plan,
  pendingUser,
  sessionUser,
}: Pick<StageContext<unknown, unknown>, 'plan' | 'pendingUser' | 'sessionUser'>): User | undefined {
  return plan.context.pending_user ? pendingUser : sessionUser
}

/** What a verdict changes beside the stage's own place in the plan. */
export interface Changes {
  /** Context keys to set; undefined removes a key. */
  readonly context?: JsonObject
  /** Kept sealed with the execution, never in the plan; undefined removes a key. */
  readonly secrets?: JsonObject
  /** The record behind a new `pending_user`, so that it need not be read again. */
  readonly pendingUser?: User
  /** Whom a refused answer was about: for the audit trail, never for the plan. */
  readonly about?: User
  readonly effects?: readonly Effect[]
  /** What this stage keeps from now on, also where its answer is refused. */
  readonly state?: JsonValue
  /** Stages that come next: ids of those that this one's config names. */
  readonly nextStages?: readonly string[]
  /** Of a refusal that nobody answered for, such as a denied push: it counts as a wrong guess all the same. */
  readonly counts?: true
}

/** A slow thing that is under way. */
export interface Wait extends Omit<StandingWait, 'until'> {
  readonly until: Date
}

/** What a stage decided. Only `advance` passes it. */
export type Verdict<Challenge, State> =
  | { readonly type: 'ask'; readonly challenge: Challenge; readonly state?: State; readonly changes?: Changes }
  /** Shows this while something slow is under way; the next step comes by itself. */
  | {
      readonly type: 'wait'
      readonly challenge: Challenge
      readonly state: State
      readonly wait: Wait
      readonly changes?: Changes
    }
  | { readonly type: 'advance'; readonly changes: Changes }
  | { readonly type: 'invalid'; readonly errors: readonly FieldError[]; readonly changes: Changes }
  | { readonly type: 'deny'; readonly message: string | undefined; readonly effects?: readonly Effect[] }
  /** The execution goes on with another flow. */
  | { readonly type: 'switch_flow'; readonly slug: string; readonly keepContext: boolean; readonly changes?: Changes }

/**
 * Shows this and waits for an answer. `state` is kept, sealed, until the stage's next turn; `changes` happen once the step is
 * saved, and must not be asked for again by a repeat.
 */
export function ask<Challenge, State = never>(challenge: Challenge, state?: State, changes?: Changes): Verdict<Challenge, State> {
  return { type: 'ask', challenge, ...(state !== undefined && { state }), ...(changes && { changes }) }
}

/**
 * Shows this while something slow is under way, which `resume` asks about. An answer may come meanwhile, and is judged as ever.
 * What is in `state` decides: the stage waits for as long as it says so again, and until `until` at the most.
 */
export function wait<Challenge, State>(
  challenge: Challenge,
  state: State,
  under: Wait,
  changes?: Changes,
): Verdict<Challenge, State> {
  return { type: 'wait', challenge, state, wait: under, ...(changes && { changes }) }
}

/** The stage is passed. */
export function advance(changes: Changes = {}): Verdict<never, never> {
  return { type: 'advance', changes }
}

type Refused = Extract<Verdict<never, never>, { type: 'invalid' }>
type Denied = Extract<Verdict<never, never>, { type: 'deny' }>

/** The answer is refused; `field` is a response field or `nonFieldErrors`. */
export function invalid(field: string, message: string, code = 'invalid', changes: Changes = {}): Refused {
  return { type: 'invalid', errors: [{ field, message, code }], changes }
}

/** The answer is taken, but more is asked: nothing is wrong, and the stage shows itself anew. */
export function askAgain(changes: Changes): Refused {
  return { type: 'invalid', errors: [], changes }
}

/** The person may not go on; without a message the client sees "Unknown error". What happens all the same is told to auditors. */
export function deny(message?: string, effects: readonly Effect[] = []): Denied {
  return { type: 'deny', message, ...(effects.length > 0 && { effects }) }
}

/** Goes on with another flow, in the same execution. `changes` happen before: what they set is kept only if the context is. */
export function switchFlow(slug: string, keepContext: boolean, changes?: Changes): Verdict<never, never> {
  return { type: 'switch_flow', slug, keepContext, ...(changes && { changes }) }
}

/** A kind of object that stages name by id. */
export interface StageObjectDefinition<Config extends z.ZodObject = z.ZodObject> {
  /** `prompt`: what a row stores. */
  readonly kind: string
  /** authentik's name of the model in blueprints. */
  readonly model: string
  readonly config: Config
  /** The challenge of its own stage with this object alone, before anybody answers: for administrators. */
  preview?(config: z.output<Config>): JsonObject
  /** Ids of what its config names, which must exist. */
  references?(config: z.output<Config>): readonly string[]
}

/** Declares a kind of object. */
export function defineStageObject<Config extends z.ZodObject>(definition: StageObjectDefinition<Config>): StageObjectDefinition {
  // As with stages: its functions only ever meet what its own schema let through.
  return definition as unknown as StageObjectDefinition
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
  /** Whether it does something to sessions or accounts, rather than to ask or to refuse: when a policy of its binding fails, it is left out. */
  readonly acts?: true
  /** Whether an administrator may name a flow that sets it up. */
  readonly configurable?: boolean
  /**
   * The field of the response, a list of `{ key, value }`, whose members stand beside each other under their keys on authentik's
   * wire. Errors of such a kind name those keys.
   */
  readonly keyedField?: string
  /** What administrators configure apart, for stages of this kind to name: prompts, sources ... */
  readonly objects?: readonly StageObjectDefinition[]
  /** Ids of what its config names, which must exist; of these, stages and objects come with the context. */
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
  /**
   * Asks the outside world how the slow thing stands that the state tells of, for as long as the signal lets it; undefined:
   * nothing new. It says what is kept of the news (`askAgain`, `invalid`, `deny`), and `present` what that means: news may
   * come to a server that has no request to answer. Two servers may ask at once, and only one is heard.
   */
  resume?(context: StageContext<z.output<Config>, State>, signal: AbortSignal): Promise<Resumed | undefined>
  /** What becomes of a wait whose time is over. It shows itself anew if nothing is said. */
  lapse?(context: StageContext<z.output<Config>, State>): Promise<Resumed> | Resumed
  /** What may be done beside answering, as things stand once it is shown. */
  actions?(context: StageContext<z.output<Config>, State>): readonly StageAction[]
  /** Does one of them. Judged as an answer is. */
  act?(
    context: StageContext<z.output<Config>, State>,
    action: StageActionType,
  ): Promise<Verdict<never, State>> | Verdict<never, State>
  /** What programs ask about it apart from the flow, by the name that authentik's wire has for the question; undefined: nothing to tell. */
  readonly probes?: Readonly<Record<string, (context: StageContext<z.output<Config>, State>) => Promise<JsonObject | undefined>>>
}

/** News of a slow thing: nothing of it passes the stage. */
export type Resumed = Extract<Verdict<never, never>, { type: 'invalid' | 'deny' }>

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
