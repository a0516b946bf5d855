import { sha256Hex } from '../credentials/random.ts'
import { canonicalJson } from '../flow/canonical-json.ts'
import type { FlowDefinition } from '../flow/definition.ts'
import type { JsonObject } from '../flow/json.ts'
import type { Brand, BrandFlow, Configuration, Configurations, LiveFlow, PolicyBinding, PolicyTarget } from '../flow/ports.ts'
import type { StageRegistry } from '../flow/registry.ts'
import type { PolicyDefinition } from '../policies/policy.ts'
import type { PrismaClient } from './prisma.ts'
import { readJsonObject, type SqlDatabase } from './sql.ts'

/** How many definitions of the past are kept in memory. */
const mostPinned = 500

/** A kind that no registry has: a stage that cannot be run is not left out, it fails where it stands. */
const broken = 'broken'

type FlowRow = Awaited<ReturnType<typeof readFlows>>[number]
type StageRow = Awaited<ReturnType<PrismaClient['stage']['findMany']>>[number]
type BindingRow = FlowRow['policyBindings'][number]

/** What is wrong with a row that an administrator wrote. */
export type ReportMisconfiguration = (what: { readonly model: string; readonly name: string; readonly problem: string }) => void

/** Keeps the configuration in memory, and reads it again when the store's revision has moved on. */
export class StoredConfigurations implements Configurations {
  private readonly prisma: PrismaClient
  private readonly sql: SqlDatabase
  private readonly stages: StageRegistry
  private readonly policies: ReadonlyMap<string, PolicyDefinition>
  private readonly misconfigured: ReportMisconfiguration
  private readonly pinnedById = new Map<string, FlowDefinition>()
  private current: Configuration | undefined
  private loading: Promise<Configuration> | undefined

  constructor(deps: {
    prisma: PrismaClient
    sql: SqlDatabase
    stages: StageRegistry
    policies: readonly PolicyDefinition[]
    misconfigured: ReportMisconfiguration
  }) {
    this.prisma = deps.prisma
    this.sql = deps.sql
    this.stages = deps.stages
    this.policies = new Map(deps.policies.map((policy) => [policy.kind, policy]))
    this.misconfigured = deps.misconfigured
  }

  async at(revision: number): Promise<Configuration> {
    if (this.current && this.current.revision >= revision) return this.current
    this.loading ??= this.load().finally(() => {
      this.loading = undefined
    })
    const loaded = await this.loading
    // A load that was under way may have begun before the change.
    return loaded.revision >= revision ? loaded : this.at(revision)
  }

  async pinned(definitionId: string): Promise<FlowDefinition> {
    const known = this.pinnedById.get(definitionId)
    if (known) return known
    const [row] = await this.sql.rows({ text: 'SELECT "content" FROM "FlowDefinition" WHERE "id" = $1', values: [definitionId] })
    if (!row) throw new Error(`The definition ${definitionId} is not stored.`)
    return this.pin({ ...(readJsonObject(row.content) as unknown as Omit<FlowDefinition, 'id'>), id: definitionId })
  }

  private async load(): Promise<Configuration> {
    // The revision first: what changes while the rest is read makes this copy old, never new.
    const revision = (await this.prisma.configRevision.findUniqueOrThrow({ where: { id: 1 } })).revision
    const [flows, stages, brands] = await Promise.all([
      readFlows(this.prisma),
      this.prisma.stage.findMany(),
      this.prisma.brand.findMany({ orderBy: { domain: 'desc' } }),
    ])
    const byId = new Map(stages.map((stage) => [stage.id, this.judgeStage(stage)]))
    const live = flows.map((flow) => this.liveFlow(flow, byId))
    const bindings = new Map(
      flows.flatMap((flow) => flow.stageBindings.map((binding) => [binding.id, this.target(binding)] as const)),
    )
    const configureFlows = new Map(stages.map(({ id, configureFlowId }) => [id, configureFlowId]))
    this.current = configurationOf(revision, live, bindings, brands.map(readBrand), configureFlows)
    return this.current
  }

  private pin(definition: FlowDefinition): FlowDefinition {
    const [oldest] = this.pinnedById.keys()
    if (this.pinnedById.size >= mostPinned && oldest !== undefined) this.pinnedById.delete(oldest)
    this.pinnedById.set(definition.id, definition)
    return definition
  }

  private liveFlow(flow: FlowRow, stages: ReadonlyMap<string, JudgedStage>): LiveFlow {
    const bindings = flow.stageBindings.map(
      ({ id, stageId, order, evaluateOnPlan, reEvaluatePolicies, invalidResponseAction }) => ({
        id,
        stageId,
        order,
        evaluateOnPlan,
        reEvaluatePolicies,
        invalidResponseAction,
      }),
    )
    const bound = bindings.flatMap(({ stageId }) => stages.get(stageId) ?? [])
    const named = bound.flatMap(({ references }) => references.flatMap((id) => stages.get(id) ?? []))
    const { id, slug, name, title, designation, background, layout, compatibilityMode, deniedAction, authentication } = flow
    const head = { id, slug, name, title, designation, background, layout, compatibilityMode, deniedAction, authentication }
    const content = {
      flow: head,
      bindings,
      stages: Object.fromEntries([...bound, ...named].map(({ stage }) => [stage.id, stage])),
    }
    return { definition: this.pin({ ...content, id: sha256Hex(canonicalJson(content)) }), policies: this.target(flow) }
  }

  private judgeStage({ id, name, kind, config }: StageRow): JudgedStage {
    const definition = this.stages.find(kind)
    const judged = definition?.config.safeParse(config)
    if (definition && judged?.success) {
      return {
        stage: { id, name, kind, config: judged.data as JsonObject },
        references: definition.references?.(judged.data as never) ?? [],
      }
    }
    const problem = judged?.error ? judged.error.message : `there is no kind "${kind}"`
    this.misconfigured({ model: 'stage', name, problem })
    return { stage: { id, name, kind: broken, config: {} }, references: [] }
  }

  private target({
    policyEngineMode,
    policyBindings,
  }: {
    policyEngineMode: PolicyTarget['mode']
    policyBindings: readonly BindingRow[]
  }): PolicyTarget {
    return { mode: policyEngineMode, bindings: policyBindings.map((binding) => this.readBinding(binding)) }
  }

  private readBinding({ id, order, negate, timeout, failureResult, groupId, userId, policy }: BindingRow): PolicyBinding {
    const base = {
      id,
      order,
      negate,
      timeout,
      failureResult,
      ...(groupId !== null && { groupId }),
      ...(userId !== null && { userId }),
    }
    if (!policy) return base
    const judged = this.policies.get(policy.kind)?.config.safeParse(policy.config)
    if (!judged?.success)
      this.misconfigured({
        model: 'policy',
        name: policy.name,
        problem: judged?.error.message ?? `there is no kind "${policy.kind}"`,
      })
    const { id: policyId, name, executionLogging } = policy
    const kind = judged?.success ? policy.kind : broken
    return { ...base, policy: { id: policyId, name, kind, config: (judged?.data ?? {}) as JsonObject, executionLogging } }
  }
}

interface JudgedStage {
  readonly stage: FlowDefinition['stages'][string]
  readonly references: readonly string[]
}

function readFlows(prisma: PrismaClient) {
  const policyBindings = {
    where: { enabled: true },
    orderBy: [{ order: 'asc' as const }, { id: 'asc' as const }],
    include: { policy: true },
  }
  return prisma.flow.findMany({
    orderBy: { slug: 'asc' },
    include: { policyBindings, stageBindings: { orderBy: [{ order: 'asc' }, { id: 'asc' }], include: { policyBindings } } },
  })
}

function configurationOf(
  revision: number,
  flows: readonly LiveFlow[],
  bindings: ReadonlyMap<string, PolicyTarget>,
  brands: readonly StoredBrand[],
  configureFlows: ReadonlyMap<string, string | null>,
): Configuration {
  const bySlug = new Map(flows.map((live) => [live.definition.flow.slug, live]))
  const byId = new Map(flows.map((live) => [live.definition.flow.id, live]))
  return {
    revision,
    flowBySlug: (slug) => bySlug.get(slug),
    flowById: (id) => byId.get(id),
    flowsFor: (designation) => flows.filter((live) => live.definition.flow.designation === designation),
    allFlows: () => flows,
    bindingPolicies: (id) => bindings.get(id),
    configureFlow: (stageId) => byId.get(configureFlows.get(stageId) ?? ''),
    brandFor: (host) => brands.find(({ domain }) => isWithin(host, domain)) ?? brands.find((brand) => brand.default) ?? noBrand,
  }
}

interface StoredBrand extends Brand {
  readonly default: boolean
}

const noBrand: Brand = { domain: '', title: 'Stagedoor', logo: '', favicon: '', customCss: '', attributes: {}, flows: {} }

/** `login.example.org` belongs to `example.org`; `badexample.org` does not. */
function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`)
}

type BrandRow = Awaited<ReturnType<PrismaClient['brand']['findMany']>>[number]

function readBrand(row: BrandRow): StoredBrand {
  const named: Record<BrandFlow, string | null> = {
    authentication: row.flowAuthenticationId,
    invalidation: row.flowInvalidationId,
    recovery: row.flowRecoveryId,
    unenrollment: row.flowUnenrollmentId,
    userSettings: row.flowUserSettingsId,
    deviceCode: row.flowDeviceCodeId,
    lockdown: row.flowLockdownId,
    userSwitch: row.flowUserSwitchId,
    request: row.flowRequestId,
  }
  return {
    domain: row.domain,
    default: row.default,
    title: row.brandingTitle,
    logo: row.brandingLogo,
    favicon: row.brandingFavicon,
    customCss: row.brandingCustomCss,
    attributes: readJsonObject(row.attributes),
    flows: Object.fromEntries(Object.entries(named).filter(([, id]) => id !== null)) as Brand['flows'],
  }
}
