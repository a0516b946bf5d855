import type { z } from 'zod'
import type { Consent, Invitation, SourceConnection } from './accounts.ts'
import type { AuthenticatorDirectory } from './authenticators.ts'
import type { ConfiguredObject, ConfiguredStage, FlowDefinition, FlowDesignation, PolicyEngineMode } from './definition.ts'
import type { AuditEvent, Effect } from './effects.ts'
import type { Execution, FlowToken } from './execution.ts'
import type { JsonObject } from './json.ts'
import type { InlineStage } from './plan.ts'
import type { Delivery, StageServices, UserField } from './services.ts'
import type { IssuedHandle, Session, SessionKey, Visitor } from './session.ts'
import type { FieldError, FlowStep } from './step.ts'
import type { User } from './user.ts'

/** How an execution is found among those of a session. */
export type ExecutionSelector =
  | { readonly type: 'none' }
  | { readonly type: 'id'; readonly id: string }
  /** As authentik's clients address one: by its flow's slug. */
  | { readonly type: 'rest'; readonly slug: string }

/** What one read of the store tells about a request. */
export interface Opened {
  /** Of the configuration, as it stands in the store. */
  readonly revision: number
  /** Undefined when the key names none, or it has ended. */
  readonly session: Session | undefined
  readonly sessionUser: User | undefined
  readonly execution: Execution | undefined
  readonly pendingUser: User | undefined
  /** Set when the request came with the handle from before a rotation: it may only ask for a stored reply again. */
  readonly reissue: IssuedHandle | undefined
}

/** What is written together when an execution starts or moves on. */
export interface ExecutionWrite {
  readonly execution: Execution
  /** What a client is told of it. */
  readonly step: FlowStep
  /** The sequence that must stand in the store; undefined for a new execution. */
  readonly after: number | undefined
  /** What stood at a new execution's address when that was read: it alone may be replaced. */
  readonly replaces: Pick<Execution, 'id' | 'sequence'> | undefined
  /** Undefined: a new anonymous session is made. */
  readonly session: Session | undefined
  readonly definition: FlowDefinition
  readonly effects: readonly Effect[]
  readonly visitor: Visitor
}

/** Where executions and sessions live. Throws ServiceUnavailableError when it cannot be reached. */
export interface ExecutionStore {
  /** One read. */
  open(key: SessionKey, which: ExecutionSelector): Promise<Opened>
  /** One write, by compare-and-swap: all of it, or nothing and `saved: false` because somebody was faster. */
  write(change: ExecutionWrite): Promise<{ readonly saved: boolean; readonly issued?: IssuedHandle; readonly sessionId: string }>
  /** One that has not run out, used or not. */
  flowToken(hash: string): Promise<FlowToken | undefined>
  /** What was shown after `after` and before `before`, in order, as far as it is kept. The caller has made sure whose it is. */
  stepsBetween(executionId: string, after: number, before: number): Promise<readonly PastStep[]>
  /** The executions of a session that authentik's clients have under way. One read. */
  addressed(key: SessionKey): Promise<readonly string[]>
}

/** A step that stood for a while, as it was told then. */
export type PastStep = Omit<FlowStep, 'flow'> & { readonly definitionId: string }

/** An execution that waits for something slow. */
export interface WaitingExecution {
  readonly executionId: string
  readonly sessionId: string
  /** Whose request it was. */
  readonly visitor: Visitor
  readonly until: Date
}

/** The people that stages look up. */
export interface UserDirectory {
  find(identifier: string, fields: readonly UserField[], caseInsensitive: boolean): Promise<User | undefined>
  byId(id: number): Promise<User | undefined>
  /** An id that nobody has or had. */
  newId(): Promise<number>
  existingGroups(ids: readonly string[]): Promise<readonly string[]>
  /** Whether a group of the user, or one it descends from, makes them an administrator. */
  isSuperuser(userId: number): Promise<boolean>
}

/** What hangs on accounts, or will. */
export interface AccountDirectory {
  consentOf(userId: number, application: string): Promise<Consent | undefined>
  invitation(id: string): Promise<Invitation | undefined>
  sourceConnection(source: string, identifier: string): Promise<SourceConnection | undefined>
}

/** One policy, group or user that a target asks, as an administrator bound it. */
export interface PolicyBinding {
  readonly id: string
  readonly order: number
  readonly negate: boolean
  /** Seconds. */
  readonly timeout: number
  readonly failureResult: boolean
  readonly policy?: {
    readonly id: string
    readonly name: string
    readonly kind: string
    readonly config: JsonObject
    readonly executionLogging: boolean
  }
  readonly groupId?: string
  readonly userId?: number
}

/** What a flow or a stage binding asks before it lets somebody through. */
export interface PolicyTarget {
  readonly mode: PolicyEngineMode
  /** The enabled ones, in order. */
  readonly bindings: readonly PolicyBinding[]
}

/** Whom and what policies judge. */
export interface PolicyQuestion {
  readonly user: User | undefined
  readonly context: JsonObject
  readonly clientIp: string
  readonly requestId: string
}

/** What the policies of a target said together. */
export interface PolicyVerdict {
  readonly passing: boolean
  readonly messages: readonly string[]
  /** Not passing only because policies failed to say anything. */
  readonly undecided?: true
}

/** Judges policies, always live. */
export interface PolicyGate {
  judge(target: PolicyTarget, question: PolicyQuestion): Promise<PolicyVerdict>
}

/** A flow as it is configured now. */
export interface LiveFlow {
  readonly definition: FlowDefinition
  readonly policies: PolicyTarget
}

/** The flow slugs and title that a host name stands for. */
export interface Brand {
  readonly domain: string
  readonly title: string
  readonly logo: string
  readonly favicon: string
  readonly customCss: string
  readonly attributes: JsonObject
  /** Flow ids by purpose: `authentication`, `invalidation`, `recovery` ... */
  readonly flows: Readonly<Partial<Record<BrandFlow, string>>>
}

/** The purposes a brand names a flow for (reference: flow-core 1.6). */
export const brandFlows = [
  'authentication',
  'invalidation',
  'recovery',
  'unenrollment',
  'userSettings',
  'deviceCode',
  'lockdown',
  'userSwitch',
  'request',
] as const
export type BrandFlow = (typeof brandFlows)[number]

/** The configuration at one revision, in memory. */
export interface Configuration {
  readonly revision: number
  flowBySlug(slug: string): LiveFlow | undefined
  flowById(id: string): LiveFlow | undefined
  /** Ordered by slug. */
  flowsFor(designation: FlowDesignation): readonly LiveFlow[]
  allFlows(): readonly LiveFlow[]
  /** The policies of a stage binding; undefined once it was deleted. */
  bindingPolicies(bindingId: string): PolicyTarget | undefined
  stageById(id: string): ConfiguredStage | undefined
  /** All that was configured apart for stages to name. */
  objects(): readonly ConfiguredObject[]
  objectById(id: string): ConfiguredObject | undefined
  /** A binding that asks one policy, as a stage's config names it. One that does not exist passes nobody. */
  policyBinding(policyId: string, order: number): PolicyBinding
  /** The flow that sets a stage up for a user; undefined where none is named. */
  configureFlow(stageId: string): LiveFlow | undefined
  brandFor(host: string): Brand
}

/** Hands out configuration no older than a revision, and definitions that executions are pinned to. */
export interface Configurations {
  at(revision: number): Promise<Configuration>
  pinned(definitionId: string): Promise<FlowDefinition>
}

/** Slows down guessing, over all executions. */
export interface GuessLimiter {
  /**
   * Counts a guess before it is judged, so that many at once count as many; undefined when it may be judged, else the
   * seconds until the next one may.
   */
  take(guess: Guess): Promise<number | undefined>
  /** A right guess: those before it are forgotten. */
  succeeded(guess: Guess): Promise<void>
}

/** Who is guessed at, and from where. */
export interface Guess {
  readonly subject: string
  readonly clientIp: string
}

/** Tells listeners that an execution has changed; they read it again themselves. */
export interface ExecutionEvents {
  publish(change: { readonly executionId: string; readonly sequence: number }): void
}

/** Everything the engine needs from outside. */
export interface EngineDependencies {
  readonly store: ExecutionStore
  readonly configurations: Configurations
  readonly policies: PolicyGate
  readonly users: UserDirectory
  readonly authenticators: AuthenticatorDirectory
  readonly accounts: AccountDirectory
  readonly passwords: StageServices['passwords']
  readonly sources: StageServices['sources']
  readonly duo: StageServices['duo']
  readonly deliveries: { of(messageId: string): Promise<Delivery | undefined> }
  readonly takeTurn: StageServices['takeTurn']
  readonly mailTemplates: { has(name: string): boolean }
  /** Called when a message was saved to be sent. */
  readonly messageQueued: () => void
  /** Opens the secret part of a config that is kept for a stage or an object. */
  readonly openConfig: (sealed: string, ownerId: string) => JsonObject
  readonly tokens: {
    seal(purpose: string, claims: JsonObject, seconds: number): string
    open(purpose: string, token: string): JsonObject | undefined
  }
  /** What passkeys are made for. */
  readonly relyingParty: { readonly id: string; readonly origins: readonly string[] }
  /** What stands before a plan that a mailed link restores, so that opening the link uses nothing up. */
  readonly confirmation: InlineStage
  readonly digestOf: (token: string) => string
  readonly limiter: GuessLimiter
  readonly events: ExecutionEvents
  /** Called when somebody's request has left an execution waiting, or has found it so: this server may ask on. */
  readonly waits: (waiting: WaitingExecution) => void
  readonly now: () => Date
  /** An unguessable text of at least 128 random bits. */
  readonly randomToken: () => string
  /** A keyed digest that nobody can compare guesses with who has only the database. */
  readonly mac: (purpose: string, text: string) => string
  readonly sameText: (a: string, b: string) => boolean
  /** Says what is wrong with an answer to a kind of stage, in authentik's texts and codes. */
  readonly fieldErrors: (kind: string, error: z.ZodError, input: unknown) => readonly FieldError[]
  /** For what no caller can do anything about. */
  readonly report: (error: unknown, requestId: string) => void
  readonly audit: (event: AuditEvent, visitor: { readonly clientIp: string; readonly requestId: string }) => void
  /** Where browsers find this server, such as `https://login.example.org`. */
  readonly publicUrl: string
  /** The absolute URL of a flow's page. */
  readonly flowPageUrl: (slug: string, query: string) => string
  /** Seconds that an execution may stand still. */
  readonly executionTtl: number
}
