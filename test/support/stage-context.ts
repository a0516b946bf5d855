import type { Authenticator } from '../../src/flow/authenticators.ts'
import type { ConfiguredStage, FlowHead } from '../../src/flow/definition.ts'
import type { JsonObject } from '../../src/flow/json.ts'
import { newPlan, type PlanContext } from '../../src/flow/plan.ts'
import type { StageContext, StageDefinition, StageServices, Verdict } from '../../src/flow/stage.ts'
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
  /** The configs of the stages that this one names, by id. */
  readonly stages?: Readonly<Record<string, JsonObject>>
  /** Who has an account. */
  readonly users?: readonly User[]
  /** Slugs by flow id. */
  readonly flows?: Readonly<Record<string, string>>
  readonly recoveryUrl?: string
  /** What the people have set up. */
  readonly authenticators?: readonly Authenticator[]
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
  const services: StageServices = {
    now: () => testNow,
    brandTitle: () => 'Acme',
    authenticators: { of: async (userId) => (options.authenticators ?? []).filter((one) => one.userId === userId) },
    users,
    passwords,
    flows,
  }
  return {
    config: stage.config.parse(options.config ?? {}),
    stageId: 'f3f1c0a2-3c6e-4a53-9d5a-0d8a4c5b2e11',
    name: options.name ?? `the ${stage.kind} stage`,
    stages: configuredStages(options.stages ?? {}),
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

function configuredStages(configs: Readonly<Record<string, JsonObject>>): Readonly<Record<string, ConfiguredStage>> {
  const named = Object.entries(configs).map(([id, config]) => [id, { id, name: `stage ${id}`, kind: 'password', config }])
  return Object.fromEntries(named)
}

/** What a person sees: the challenge, as its schema lets it out and JSON carries it. Fails when the stage does anything but ask. */
export async function shown(stage: StageDefinition, context: TestContext): Promise<Record<string, unknown>> {
  const verdict = await stage.present(context)
  if (verdict.type !== 'ask') throw new Error(`The stage did not ask: ${JSON.stringify(verdict)}`)
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
