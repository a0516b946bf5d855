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

  /** The brand's flow, or the first by slug whose policies let the visitor in. */
  async choose(designation: FlowDesignation, visitor: Visitor, opened: Opened, configuration: Configuration): Promise<LiveFlow> {
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
