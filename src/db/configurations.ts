import { sha256Hex } from '../credentials/random.ts'
import { SecretBoxError } from '../credentials/secret-box.ts'
import { canonicalJson } from '../flow/canonical-json.ts'
import type { FlowDefinition } from '../flow/definition.ts'
import type { JsonObject } from '../flow/json.ts'
import type { Configuration, Configurations, LiveFlow, PolicyBinding, PolicyTarget } from '../flow/ports.ts'
import type { StageRegistry } from '../flow/registry.ts'
import type { StageDefinition } from '../flow/stage.ts'
import type { PolicyDefinition } from '../policies/policy.ts'
import { readBrand } from './brand-rows.ts'
import type { ConfigSecrets } from './config-secrets.ts'
import { type AskedPolicy, broken, closure, configurationOf, type Judged, type Parts } from './configuration-snapshot.ts'
import type { PrismaClient } from './prisma.ts'
import { readJsonObject, type SqlDatabase } from './sql.ts'

/** How many definitions of the past are kept in memory. */
const mostPinned = 500

type FlowRow = Awaited<ReturnType<typeof readFlows>>[number]
type ConfigRow = Pick<
  Awaited<ReturnType<PrismaClient['stage']['findMany']>>[number],
  'id' | 'name' | 'kind' | 'config' | 'sealed'
>
type PolicyRow = Awaited<ReturnType<PrismaClient['policy']['findMany']>>[number]
type KindWithConfig = Pick<StageDefinition, 'config' | 'references'>
type BindingRow = FlowRow['policyBindings'][number]

/** What is wrong with a row that an administrator wrote. */
export type ReportMisconfiguration = (what: { readonly model: string; readonly name: string; readonly problem: string }) => void

/** Keeps the configuration in memory, and reads it again when the store's revision has moved on. */
export class StoredConfigurations implements Configurations {
  private readonly prisma: PrismaClient
  private readonly sql: SqlDatabase
  private readonly stages: StageRegistry
  private readonly policies: ReadonlyMap<string, PolicyDefinition>
  private readonly secrets: ConfigSecrets
  private readonly misconfigured: ReportMisconfiguration
  private readonly pinnedById = new Map<string, FlowDefinition>()
  private current: Configuration | undefined
  private loading: Promise<Configuration> | undefined

  constructor(deps: {
    prisma: PrismaClient
    sql: SqlDatabase
    stages: StageRegistry
    policies: readonly PolicyDefinition[]
    secrets: ConfigSecrets
    misconfigured: ReportMisconfiguration
  }) {
    this.prisma = deps.prisma
    this.sql = deps.sql
    this.stages = deps.stages
    this.policies = new Map(deps.policies.map((policy) => [policy.kind, policy]))
    this.secrets = deps.secrets
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
    // Written by this very class, and never changed.
    return this.pin({ ...(readJsonObject(row.content) as unknown as Omit<FlowDefinition, 'id'>), id: definitionId })
  }

  private async load(): Promise<Configuration> {
    // The revision first: what changes while the rest is read makes this copy old, never new.
    const revision = (await this.prisma.configRevision.findUniqueOrThrow({ where: { id: 1 } })).revision
    const [flows, stages, objects, policies, brands] = await Promise.all([
      readFlows(this.prisma),
      this.prisma.stage.findMany(),
      this.prisma.stageObject.findMany(),
      this.prisma.policy.findMany(),
      this.prisma.brand.findMany({ orderBy: { domain: 'desc' } }),
    ])
    const parts: Parts = {
      stages: new Map(stages.map((stage) => [stage.id, this.judge('stage', this.stages.find(stage.kind), stage)])),
      objects: new Map(objects.map((object) => [object.id, this.judge('object', this.stages.object(object.kind), object)])),
    }
    const live = flows.map((flow) => this.liveFlow(flow, parts))
    const bindings = new Map(
      flows.flatMap((flow) => flow.stageBindings.map((binding) => [binding.id, this.target(binding)] as const)),
    )
    const configureFlows = new Map(stages.map(({ id, configureFlowId }) => [id, configureFlowId]))
    const asked = new Map(policies.map((policy) => [policy.id, this.readPolicy(policy)]))
    this.current = configurationOf({
      revision,
      live,
      bindings,
      brands: brands.map(readBrand),
      configureFlows,
      parts,
      policies: asked,
    })
    return this.current
  }

  private pin(definition: FlowDefinition): FlowDefinition {
    const [oldest] = this.pinnedById.keys()
    if (this.pinnedById.size >= mostPinned && oldest !== undefined) this.pinnedById.delete(oldest)
    this.pinnedById.set(definition.id, definition)
    return definition
  }

  private liveFlow(flow: FlowRow, parts: Parts): LiveFlow {
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
    const needed = closure(
      bindings.map(({ stageId }) => stageId),
      parts,
    )
    const { id, slug, name, title, designation, background, layout, compatibilityMode, deniedAction, authentication } = flow
    const head = { id, slug, name, title, designation, background, layout, compatibilityMode, deniedAction, authentication }
    const content = {
      flow: head,
      bindings,
      stages: needed.stages,
      ...(Object.keys(needed.objects).length > 0 && { objects: needed.objects }),
    }
    return { definition: this.pin({ ...content, id: sha256Hex(canonicalJson(content)) }), policies: this.target(flow) }
  }

  /** A row as its kind's schema has it; one that cannot be read is there, and fails where it is used. */
  private judge(model: string, definition: KindWithConfig | undefined, row: ConfigRow): Judged {
    const { id, name, kind, config, sealed } = row
    try {
      const whole = { ...(config as JsonObject), ...(sealed === null ? {} : this.secrets.open(sealed, id)) }
      const judged = definition?.config.safeParse(whole)
      if (definition && judged?.success) {
        const stored = this.secrets.split(definition.config, judged.data as JsonObject, id, sealed)
        const part = { id, name, kind, config: stored.config, ...(stored.sealed !== null && { sealed: stored.sealed }) }
        return { part, references: definition.references?.(judged.data as never) ?? [] }
      }
      this.misconfigured({ model, name, problem: judged?.error ? judged.error.message : `there is no kind "${kind}"` })
    } catch (error) {
      if (!(error instanceof SecretBoxError)) throw error
      this.misconfigured({
        model,
        name,
        problem: 'its secrets were sealed with a key that this server does not have: set them anew',
      })
    }
    return { part: { id, name, kind: broken, config: {} }, references: [] }
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
    return policy ? { ...base, policy: this.readPolicy(policy) } : base
  }

  private readPolicy({ id, name, kind, config, executionLogging }: PolicyRow): AskedPolicy {
    const judged = this.policies.get(kind)?.config.safeParse(config)
    if (!judged?.success)
      this.misconfigured({ model: 'policy', name, problem: judged?.error.message ?? `there is no kind "${kind}"` })
    return { id, name, kind: judged?.success ? kind : broken, config: (judged?.data ?? {}) as JsonObject, executionLogging }
  }
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
