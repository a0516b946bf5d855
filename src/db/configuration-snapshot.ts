import type { ConfiguredStage } from '../flow/definition.ts'
import type { Configuration, LiveFlow, PolicyBinding, PolicyTarget } from '../flow/ports.ts'
import { isWithin, noBrand, type StoredBrand } from './brand-rows.ts'

/** A kind that no registry has: what cannot be run is not left out, it fails where it stands. */
export const broken = 'broken'

/** A policy as it is asked. */
export type AskedPolicy = NonNullable<PolicyBinding['policy']>

/** A stage or object as its kind's schema has it, and the ids it names. */
export interface Judged {
  readonly part: ConfiguredStage
  readonly references: readonly string[]
}

/** Every stage and object, by id. */
export interface Parts {
  readonly stages: ReadonlyMap<string, Judged>
  readonly objects: ReadonlyMap<string, Judged>
}

/** The stages of these ids, and all that they name, and so on. */
export function closure(ids: readonly string[], { stages, objects }: Parts) {
  const found = { stages: {} as Record<string, ConfiguredStage>, objects: {} as Record<string, ConfiguredStage> }
  const open = [...ids]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const stage = stages.get(id)
    const judged = stage ?? objects.get(id)
    const known = stage ? found.stages : found.objects
    if (!judged || known[id]) continue
    known[id] = judged.part
    open.push(...judged.references)
  }
  return found
}

/** What was read of the store at one revision. */
export interface Loaded {
  readonly revision: number
  readonly live: readonly LiveFlow[]
  readonly bindings: ReadonlyMap<string, PolicyTarget>
  readonly brands: readonly StoredBrand[]
  readonly configureFlows: ReadonlyMap<string, string | null>
  readonly parts: Parts
  readonly policies: ReadonlyMap<string, AskedPolicy>
}

/** Answers questions about it from memory. */
export function configurationOf({
  revision,
  live: flows,
  bindings,
  brands,
  configureFlows,
  parts,
  policies,
}: Loaded): Configuration {
  const bySlug = new Map(flows.map((live) => [live.definition.flow.slug, live]))
  const byId = new Map(flows.map((live) => [live.definition.flow.id, live]))
  return {
    revision,
    flowBySlug: (slug) => bySlug.get(slug),
    flowById: (id) => byId.get(id),
    flowsFor: (designation) => flows.filter((live) => live.definition.flow.designation === designation),
    allFlows: () => flows,
    bindingPolicies: (id) => bindings.get(id),
    stageById: (id) => parts.stages.get(id)?.part,
    objects: () => [...parts.objects.values()].map(({ part }) => part),
    objectById: (id) => parts.objects.get(id)?.part,
    policyBinding: (id, order) => ({ ...namedPolicy, id, order, policy: policies.get(id) ?? missingPolicy(id) }),
    configureFlow: (stageId) => byId.get(configureFlows.get(stageId) ?? ''),
    brandFor: (host) => brands.find(({ domain }) => isWithin(host, domain)) ?? brands.find((brand) => brand.default) ?? noBrand,
  }
}

/** How a policy is asked that a stage's config names: nothing about it says that a failure passes. */
const namedPolicy = { negate: false, timeout: 30, failureResult: false } as const

function missingPolicy(id: string): AskedPolicy {
  return { id, name: 'a policy that is gone', kind: broken, config: {}, executionLogging: false }
}
