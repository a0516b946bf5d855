import { type FlowPlan, putFirst, withContext } from './plan.ts'
import type { EngineDependencies, Opened } from './ports.ts'
import type { StartRequest } from './request.ts'
import { newRun, type Run } from './run.ts'
import type { Walker } from './walker.ts'

/** The query's key for the token of a mailed link. */
export const flowTokenKey = 'flow_token'

/** The page's query as plans keep it: of a token that lets people in only the hash is stored. */
export function withoutFlowToken({ [flowTokenKey]: _, ...query }: FlowPlan['query']): FlowPlan['query'] {
  return query
}

/** What the second one reads who opens a mailed link. */
export const linkWasUsed = 'Link was already used, please request a new link.'

/** The run that a flow token leads to, behind a confirmation; undefined without a token that is good here (flow-core 3.6). */
export async function restoredRun(
  deps: EngineDependencies,
  walker: Walker,
  request: StartRequest,
  opened: Opened,
): Promise<Run | undefined> {
  const { visitor, flow, query, ...rest } = request
  const text = query[flowTokenKey]
  if (text === undefined || !('slug' in flow)) return undefined
  const token = await deps.store.flowToken(deps.digestOf(text))
  if (!token || token.flowSlug !== flow.slug) return undefined
  const [configuration, definition, pendingUser] = await Promise.all([
    deps.configurations.at(opened.revision),
    deps.configurations.pinned(token.definitionId),
    token.userId === undefined ? undefined : deps.users.byId(token.userId),
  ])
  const { hash, states, secrets } = token
  const confirmed = putFirst(
    { ...token.plan, query: withoutFlowToken(query), restored: hash },
    { ...deps.confirmation, flowToken: hash },
  )
  const plan = withContext(confirmed, { is_restored: { user: token.userId ?? null } })
  const id = deps.randomToken()
  const begun = newRun({
    id,
    visitor,
    opened,
    configuration,
    definition,
    pendingUser,
    plan,
    denialNext: rest.denialNext ?? query.next,
  })
  const run: Run = { ...begun, states, secrets }
  if (token.used) return walker.end(run, 'denied', walker.accessDenied(run, linkWasUsed))
  return walker.walk(run)
}
