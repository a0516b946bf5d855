import type { FlowDesignation } from './definition.ts'
import { FlowNotFoundError } from './errors.ts'
import { type Planner, questionOf } from './planner.ts'
import type { BrandFlow, Configuration, EngineDependencies, LiveFlow, Opened } from './ports.ts'
import type { Visitor } from './session.ts'

/** The purposes that a brand may name a flow for (reference: flow-core 2.5). */
const brandFlowFor: Partial<Record<FlowDesignation, BrandFlow>> = {
  authentication: 'authentication',
  invalidation: 'invalidation',
  recovery: 'recovery',
  unenrollment: 'unenrollment',
}

/** A flow by its slug, by its purpose, or as the one that sets a stage up. */
export type NamedFlow = { readonly slug: string } | { readonly designation: FlowDesignation } | { readonly configures: string }

/** Which flows there are, for whom, and which one serves a purpose. */
export class FlowDirectory {
  private readonly deps: Pick<EngineDependencies, 'store' | 'configurations' | 'policies'>
  private readonly planner: Planner

  constructor(deps: Pick<EngineDependencies, 'store' | 'configurations' | 'policies'>, planner: Planner) {
    this.deps = deps
    this.planner = planner
  }

  /** The configuration as it stands. */
  async configuration(visitor: Visitor): Promise<Configuration> {
    return (await this.openFor(visitor)).configuration
  }

  /** The flows that this visitor may start now, ordered by slug. */
  async startable(visitor: Visitor, designation?: FlowDesignation): Promise<readonly LiveFlow[]> {
    const { opened, configuration } = await this.openFor(visitor)
    const candidates = designation ? configuration.flowsFor(designation) : configuration.allFlows()
    const request = { configuration, visitor, sessionUser: opened.sessionUser, pendingUser: undefined, context: {}, query: {} }
    const plans = await Promise.all(
      candidates.map(async (live) => ({ live, planned: await this.planner.plan({ ...request, live }) })),
    )
    return plans.filter(({ planned }) => planned.type === 'planned').map(({ live }) => live)
  }

  /** The flow that serves a purpose for this visitor. */
  async flowFor(designation: FlowDesignation, visitor: Visitor): Promise<LiveFlow> {
    const { opened, configuration } = await this.openFor(visitor)
    return this.choose(designation, visitor, opened, configuration)
  }

  /** The flow that a request names; one that sets a stage up is there for who is signed in only. */
  async find(flow: NamedFlow, visitor: Visitor, opened: Opened, configuration: Configuration): Promise<LiveFlow | undefined> {
    if ('slug' in flow) return configuration.flowBySlug(flow.slug)
    if ('designation' in flow) return this.choose(flow.designation, visitor, opened, configuration)
    return opened.sessionUser && !opened.reissue ? configuration.configureFlow(flow.configures) : undefined
  }

  /** The flow that sets a stage up for whoever is signed in. */
  async configureFlowFor(stageId: string, visitor: Visitor): Promise<LiveFlow> {
    const { opened, configuration } = await this.openFor(visitor)
    const { sessionUser } = opened
    const live = await this.find({ configures: stageId }, visitor, opened, configuration)
    if (!live || !sessionUser) throw new FlowNotFoundError()
    const context = { pending_user: { known: true, id: sessionUser.id } } as const
    const request = { live, configuration, visitor, sessionUser, pendingUser: sessionUser, context, query: {} }
    if ((await this.planner.plan(request)).type !== 'planned') throw new FlowNotFoundError()
    return live
  }

  /** The brand's flow, or the first by slug whose policies let the visitor in. */
  private async choose(
    designation: FlowDesignation,
    visitor: Visitor,
    opened: Opened,
    configuration: Configuration,
  ): Promise<LiveFlow> {
    const purpose = brandFlowFor[designation]
    const named = purpose && configuration.brandFor(visitor.host).flows[purpose]
    const branded = named === undefined ? undefined : configuration.flowById(named)
    if (branded) return branded
    const question = questionOf({ visitor, sessionUser: opened.sessionUser, pendingUser: undefined, context: {} })
    for (const live of configuration.flowsFor(designation)) {
      if ((await this.deps.policies.judge(live.policies, question)).passing) return live
    }
    throw new FlowNotFoundError()
  }

  private async openFor(visitor: Visitor): Promise<{ opened: Opened; configuration: Configuration }> {
    const opened = await this.deps.store.open(visitor.session, { type: 'none' })
    return { opened, configuration: await this.deps.configurations.at(opened.revision) }
  }
}
