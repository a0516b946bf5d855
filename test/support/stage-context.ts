import { createSecretBox } from '../../src/credentials/secret-box.ts'
import type { Consent, Invitation, SourceConnection } from '../../src/flow/accounts.ts'
import type { Authenticator } from '../../src/flow/authenticators.ts'
import type { ConfiguredStage, FlowHead } from '../../src/flow/definition.ts'
import type { DuoGateway } from '../../src/flow/duo.ts'
import type { JsonObject } from '../../src/flow/json.ts'
import { newPlan, type PlanContext } from '../../src/flow/plan.ts'
import type { Delivery, DeviceCookie, StageServices } from '../../src/flow/services.ts'
import type { SourceGateway } from '../../src/flow/sources.ts'
import type { StageContext, StageDefinition, Verdict } from '../../src/flow/stage.ts'
import type { FieldError } from '../../src/flow/step.ts'
import type { User } from '../../src/flow/user.ts'
import { fieldErrors } from '../../src/shapes/field-errors.ts'
import { readShape } from '../../src/shapes/shape.ts'
import { FakeFlows, FakePasswords, FakeUsers } from './stage-services.ts'

/** A context that a stage can be called with, and the fakes behind it. */
export interface TestContext extends StageContext<Record<string, unknown>, unknown> {
  readonly users: FakeUsers
  readonly passwords: FakePasswords
}

/** What a test says about the moment; everything else is an unremarkable sign-in. */
export interface ContextOptions {
  /** As an administrator writes it; judged and completed by the stage's own schema. */
  readonly config?: object
  readonly name?: string
  readonly flow?: Partial<FlowHead>
  readonly context?: PlanContext
  readonly query?: Readonly<Record<string, string>>
  /** Whom the flow is about: named in the plan's context too, unless `context` names somebody. */
  readonly pendingUser?: User
  readonly sessionUser?: User
  readonly state?: unknown
  /** The configs of the stages that this one names, by id; their kind is `kind` or `password`. */
  readonly stages?: Readonly<Record<string, JsonObject & { readonly kind?: string }>>
  /** What `stageConfig` finds: stages as they are configured now, by id. */
  readonly liveStages?: Readonly<Record<string, { readonly kind: string; readonly config: JsonObject }>>
  /** Who has an account. */
  readonly users?: readonly User[]
  /** Slugs by flow id. */
  readonly flows?: Readonly<Record<string, string>>
  readonly recoveryUrl?: string
  /** What the people have set up. */
  readonly authenticators?: readonly Authenticator[]
  /** What stages before this one kept sealed with the execution. */
  readonly secrets?: JsonObject
  /** The configs of the objects that this stage names, by id; their kind is `kind` or `object`. */
  readonly objects?: Readonly<Record<string, JsonObject & { readonly kind?: string }>>
  /** The secret config of other stages and of objects, by id. */
  readonly secretConfigs?: Readonly<Record<string, JsonObject>>
  readonly visitor?: {
    readonly clientIp?: string
    readonly userAgent?: string
    readonly host?: string
    readonly languages?: readonly string[]
    readonly proxyHeaders?: Readonly<Record<string, string>>
    readonly clientCertificate?: string
    readonly deviceCookies?: Readonly<Partial<Record<DeviceCookie, string>>>
  }
  readonly consents?: readonly Consent[]
  readonly invitations?: readonly Invitation[]
  readonly sourceConnections?: readonly SourceConnection[]
  /** The way to sources; none answers unless told. */
  readonly sources?: Partial<SourceGateway>
  /** What the policies say of a context; all pass unless told. */
  readonly judge?: (policyIds: readonly string[], context: JsonObject) => { passing: boolean; messages: readonly string[] }
  /** The seconds until something may happen again; undefined: it may now. */
  readonly takeTurn?: (subject: string, most: number, window: number) => number | undefined
  readonly now?: Date
  readonly mailTemplates?: readonly string[]
  /** What Duo answers; nothing unless told. */
  readonly duo?: Partial<DuoGateway>
  /** What became of messages, by their ids. */
  readonly deliveries?: Readonly<Record<string, Delivery>>
  /** Digests (`digest of <token>`) of mailed links that were confirmed. */
  readonly usedLinks?: readonly string[]
}

const unreachable = async () => ({ ok: false, problem: 'unreachable', message: 'Duo does not answer.', code: undefined }) as const

/** A Duo that does not answer. */
const silentDuo: DuoGateway = {
  enroll: unreachable,
  enrollmentStatus: unreachable,
  preauth: unreachable,
  begin: unreachable,
  verify: unreachable,
  status: unreachable,
  users: unreachable,
}

/** When stages are called. */
export const testNow = new Date('2026-03-01T12:00:00.000Z')

const signInFlow: FlowHead = {
  id: '5d0c7f0e-0c0b-4e5a-9a43-3b8a3c0f7d10',
  slug: 'sign-in',
  name: 'Sign in',
  title: 'Welcome',
  designation: 'authentication',
  background: '',
  layout: 'stacked',
  compatibilityMode: false,
  deniedAction: 'message_continue',
  authentication: 'none',
}

/** Everything a stage is given, with fakes for what it may look up. */
export function stageContext(stage: StageDefinition, options: ContextOptions = {}): TestContext {
  const { context = {}, query = {}, pendingUser, sessionUser, state } = options
  const about: PlanContext = pendingUser ? { pending_user: { known: true, id: pendingUser.id }, ...context } : context
  const users = new FakeUsers(options.users ?? [])
  const passwords = new FakePasswords()
  const flows = new FakeFlows(options.flows ?? {}, query, options.recoveryUrl)
  const now = options.now ?? testNow
  const authenticators = options.authenticators ?? []
  const box = createSecretBox(['a key for tests, and for nothing else'])
  let tokens = 0
  const services: StageServices = {
    now: () => now,
    brandTitle: () => 'Acme',
    relyingParty: () => ({ id: 'login.example.test', name: 'Acme', origins: ['https://login.example.test'] }),
    authenticators: {
      of: async (userId) => authenticators.filter((one) => one.confirmed && one.userId === userId),
      find: async (kind, lookup) => authenticators.find((one) => one.confirmed && one.kind === kind && one.lookup === lookup),
      begun: async (...of) =>
        authenticators.find(({ userId, kind, stageId, confirmed }) => !confirmed && [userId, kind, stageId].join() === of.join()),
    },
    users,
    passwords,
    flows,
    consentOf: async (userId, application) =>
      options.consents?.find((consent) => consent.userId === userId && consent.application === application),
    invitation: async (id) => options.invitations?.find((invitation) => invitation.id === id),
    sourceConnection: async (source, identifier) =>
      options.sourceConnections?.find((connection) => connection.source === source && connection.identifier === identifier),
    stageConfig: (id) => {
      const found = options.liveStages?.[id]
      return found && { id, name: `stage ${id}`, ...found }
    },
    secretsOf: (id) => options.secretConfigs?.[id] ?? {},
    sources: {
      callbackUrl: (slug) => `https://login.example.test/source/oauth/callback/${slug}/`,
      depart: async () => ({ ready: false, problem: 'unreachable' }),
      arrive: async () => ({ arrived: false, problem: 'unreachable' }),
      ...options.sources,
    },
    judgePolicies: async (ids, judged) => options.judge?.(ids, judged) ?? { passing: true, messages: [] },
    takeTurn: async (subject, most, window) => options.takeTurn?.(subject, most, window),
    randomToken: () => {
      tokens += 1
      return `random-token-${tokens}`
    },
    sealToken: (purpose, claims, seconds) => box.seal(JSON.stringify({ claims, until: now.getTime() + seconds * 1000 }), purpose),
    openToken: (purpose, token) => {
      try {
        const { claims, until } = JSON.parse(box.open(token, purpose)) as { claims: JsonObject; until: number }
        return until > now.getTime() ? claims : undefined
      } catch {
        return undefined
      }
    },
    mac: (purpose, text) => box.mac(purpose, text),
    hasMailTemplate: (name) => options.mailTemplates?.includes(name) ?? true,
    duo: { ...silentDuo, ...options.duo },
    deliveryOf: async (messageId) => options.deliveries?.[messageId],
    isLinkUsed: async (digest) => options.usedLinks?.includes(digest) ?? false,
    digestOf: (token) => `digest of ${token}`,
  }
  const { visitor = {} } = options
  return {
    executionId: 'an-execution',
    config: stage.config.parse(options.config ?? {}),
    stageId: 'f3f1c0a2-3c6e-4a53-9d5a-0d8a4c5b2e11',
    name: options.name ?? `the ${stage.kind} stage`,
    stages: configuredStages(options.stages ?? {}),
    objects: configuredObjects(options.objects ?? {}),
    secrets: options.secrets ?? {},
    visitor: {
      clientIp: visitor.clientIp ?? '192.0.2.7',
      userAgent: visitor.userAgent ?? 'A browser',
      host: visitor.host ?? 'login.example.test',
      languages: () => visitor.languages ?? [],
      proxyHeader: (name) => visitor.proxyHeaders?.[name],
      clientCertificate: visitor.clientCertificate,
      deviceCookie: (name) => visitor.deviceCookies?.[name],
    },
    flow: { ...signInFlow, ...options.flow },
    plan: newPlan([], about, query),
    pendingUser,
    sessionUser,
    state,
    services,
    users,
    passwords,
  }
}

function configuredObjects(configs: NonNullable<ContextOptions['objects']>): Readonly<Record<string, ConfiguredStage>> {
  const named = Object.entries(configs).map(([id, { kind = 'object', ...config }]) => [
    id,
    { id, name: `object ${id}`, kind, config },
  ])
  return Object.fromEntries(named)
}

function configuredStages(configs: NonNullable<ContextOptions['stages']>): Readonly<Record<string, ConfiguredStage>> {
  const named = Object.entries(configs).map(([id, { kind = 'password', ...config }]) => [
    id,
    { id, name: `stage ${id}`, kind, config },
  ])
  return Object.fromEntries(named)
}

/** What a person sees: the challenge, as its schema lets it out and JSON carries it. Fails when the stage does anything but ask or wait. */
export async function shown(stage: StageDefinition, context: TestContext): Promise<Record<string, unknown>> {
  const verdict = await stage.present(context)
  if (verdict.type !== 'ask' && verdict.type !== 'wait') throw new Error(`The stage did not ask: ${JSON.stringify(verdict)}`)
  if (!stage.challenge) throw new Error('The stage asks, but declares no challenge.')
  return JSON.parse(JSON.stringify(stage.challenge.parse(verdict.challenge)))
}

/** What the stage makes of an answer that its schema takes. */
export async function answered(stage: StageDefinition, context: TestContext, response: object): Promise<Verdict<never, unknown>> {
  if (!stage.response || !stage.answer) throw new Error('The stage takes no answer.')
  return stage.answer(context, stage.response.parse(response))
}

/** What a client is told of an answer that the schema refuses; empty for one that it takes. */
export function refusals(stage: StageDefinition, response: unknown): readonly FieldError[] {
  if (!stage.response) throw new Error('The stage takes no answer.')
  const parsed = stage.response.safeParse(response)
  return parsed.success ? [] : fieldErrors(parsed.error, response, readShape('Response', stage.response, 'input'))
}

/** What an administrator is told of a config that the schema refuses, by field. */
export function configProblems(stage: Pick<StageDefinition, 'config'>, config: unknown): readonly string[] {
  const parsed = stage.config.safeParse(config)
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('.'))
}
