import type { FlowPlan } from './plan.ts'
import { questionOf } from './planner.ts'
import type { EngineDependencies } from './ports.ts'
import { type Run, stageOf } from './run.ts'
import type { StageServices } from './services.ts'

/** What the stages of a run may look up. */
export function stageServices(deps: EngineDependencies, run: Run): StageServices {
  const { configuration, plan, visitor, definition } = run
  const slugOf = (flowId: string) => configuration.flowById(flowId)?.definition.flow.slug
  const pathOf = (flowId: string | null | undefined): string | undefined => {
    const slug = flowId ? slugOf(flowId) : undefined
    return slug === undefined ? undefined : flowPath(slug, plan.query)
  }
  const recoveryUrl = () => {
    const path = pathOf(configuration.brandFor(visitor.host).flows.recovery)
    return path === undefined ? undefined : new URL(path, deps.publicUrl).href
  }
  const pageUrl = (query: FlowPlan['query']) => deps.flowPageUrl(definition.flow.slug, new URLSearchParams(query).toString())
  const brandTitle = () => configuration.brandFor(visitor.host).title
  const { now, users, passwords, authenticators, accounts, randomToken, mac, tokens, mailTemplates, takeTurn, duo, digestOf } =
    deps
  return {
    now,
    users,
    passwords,
    authenticators,
    brandTitle,
    flows: { slugOf, pathOf, recoveryUrl, pageUrl, has: (slug) => configuration.flowBySlug(slug) !== undefined },
    relyingParty: () => ({ ...deps.relyingParty, name: brandTitle() }),
    consentOf: (userId, application) => accounts.consentOf(userId, application),
    invitation: (id) => accounts.invitation(id),
    sourceConnection: (source, identifier) => accounts.sourceConnection(source, identifier),
    stageConfig: (id) => definition.stages[id] ?? configuration.stageById(id),
    secretsOf: (id) => {
      const named =
        definition.stages[id] ?? definition.objects?.[id] ?? configuration.stageById(id) ?? configuration.objectById(id)
      return named?.sealed === undefined ? {} : deps.openConfig(named.sealed, id)
    },
    judgePolicies: async (policyIds, context) => {
      const bindings = policyIds.map((id, order) => configuration.policyBinding(id, order))
      const asked = { ...run, context: { ...plan.context, ...context } }
      return deps.policies.judge({ mode: 'all', bindings }, questionOf(asked, { ...plan, context: asked.context }))
    },
    takeTurn,
    randomToken,
    sealToken: (purpose, claims, seconds) => tokens.seal(purpose, claims, seconds),
    openToken: (purpose, token) => tokens.open(purpose, token),
    mac,
    hasMailTemplate: (name) => mailTemplates.has(name),
    duo,
    deliveryOf: (messageId) => deps.deliveries.of(messageId),
    isLinkUsed: async (digest) => (await deps.store.flowToken(digest))?.used ?? false,
    digestOf,
    sources: deps.sources,
  }
}

/** A stage's own config, secrets and all. */
export function openConfigOf(deps: EngineDependencies, run: Run, binding: Parameters<typeof stageOf>[1]) {
  const { id, config, sealed } = stageOf(run, binding)
  return sealed === undefined ? config : { ...config, ...deps.openConfig(sealed, id) }
}

/** The page of a flow, keeping the query string. */
function flowPath(slug: string, query: FlowPlan['query']): string {
  const text = new URLSearchParams(query).toString()
  return `/if/flow/${slug}/${text === '' ? '' : `?${text}`}`
}
