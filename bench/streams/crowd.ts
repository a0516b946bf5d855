import { readFileSync } from 'node:fs'
import type { MeasuredNode, Memory } from './nodes.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
import { waitingSlug } from './seed.ts'
import { Shuttle } from './shuttle.ts'
import { together } from './together.ts'
import { atOnce, BenchVisitor, sharedConnections } from './visitor.ts'

/** Who comes before anything is measured: what a server keeps for its first visitors it has kept by then. */
const firstComers = 50

/** Files that a process has open beside the sockets of a crowd, with room to spare. */
const otherFiles = 500

/** How many wait, and how closely they are looked at. */
export interface CrowdEffort {
  /** Growing. */
  readonly sizes: readonly number[]
  /** For how long nobody does anything (seconds): long enough to see what the server does by itself every ten. */
  readonly quiet: number
  /** How many of those who wait are told something. */
  readonly sample: number
}

/** What so many waiting subscriptions cost. */
export interface CrowdResult {
  readonly size: number
  /** Megabytes that the process holds after a collection, more than there were before. */
  readonly memory: number
  /** The same of the heap alone. */
  readonly heap: number
  /** Share of one processor while nothing happens. */
  readonly cpu: number
  /** The longest that the server was busy at a stretch meanwhile (milliseconds). */
  readonly stall: number
  /** From an answer to the event that it caused, with all of them waiting. */
  readonly delay: Percentiles
}

/** Lets executions wait for a mailed link to be confirmed, each in a session of its own with a socket and a subscription of its own. */
export async function measureCrowds(node: MeasuredNode, effort: CrowdEffort): Promise<CrowdResult[]> {
  const crowd = new Crowd(node)
  try {
    await crowd.grow(firstComers)
    await crowd.leave()
    const before = await node.memory()
    const results: CrowdResult[] = []
    for (const size of effort.sizes) {
      await crowd.grow(size)
      results.push({ size, ...(await crowd.look(effort, before)) })
    }
    return results
  } finally {
    await crowd.leave()
    crowd.close()
  }
}

/** Of these sizes those that this process may open sockets for; the servers that it starts may open as many. */
export function crowdsThatFit(sizes: readonly number[]): number[] {
  const most = openFilesLimit() - otherFiles
  return sizes.filter((size) => size <= most)
}

function openFilesLimit(): number {
  try {
    // Node.js raises the soft limit as far as it may.
    return Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Number.POSITIVE_INFINITY)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

class Crowd {
  private readonly node: MeasuredNode
  private readonly agent = sharedConnections()
  private members: Shuttle[] = []
  private came = 0

  constructor(node: MeasuredNode) {
    this.node = node
  }

  async grow(size: number): Promise<void> {
    const coming = Array.from({ length: size - this.members.length })
    await together(coming, atOnce, async () => {
      this.came += 1
      const uidField = `nobody-${this.came}`
      const visitor = new BenchVisitor(this.node.url, this.agent, this.came)
      const shuttle = await Shuttle.begin(visitor, waitingSlug, { identification: { uidField } })
      await shuttle.move()
      await shuttle.watch(await visitor.socket(this.node.url))
      this.members.push(shuttle)
    })
    const served = await this.node.metric('stagedoor_subscriptions')
    if (served < size) throw new Error(`Of ${size} subscriptions the server has ${served}.`)
  }

  /** What all of them cost while nothing happens, and how long it takes to tell some of them something. */
  async look({ quiet, sample }: CrowdEffort, before: Memory): Promise<Omit<CrowdResult, 'size'>> {
    // The first reading forgets what was before; it is the second one that tells of the time between.
    await this.node.metric(stallMetric)
    const cpuBefore = await this.node.cpu()
    const started = performance.now()
    await new Promise((resolve) => setTimeout(resolve, quiet * 1000))
    const cpu = ((await this.node.cpu()) - cpuBefore) / (performance.now() - started)
    const stall = (await this.node.metric(stallMetric)) * 1000
    const after = await this.node.memory()
    return { memory: after.process - before.process, heap: after.heap - before.heap, cpu, stall, delay: await this.tell(sample) }
  }

  /** Everybody of the sample goes back and comes again, so that all wait in the end. */
  private async tell(sample: number): Promise<Percentiles> {
    const delays: number[] = []
    for (let index = 0; index < sample; index += 1) {
      const member = this.members[Math.floor(((index + 0.5) * this.members.length) / sample)]
      if (member) delays.push(await member.move(), await member.move())
    }
    return percentilesOf(delays)
  }

  async leave(): Promise<void> {
    await Promise.all(this.members.map((member) => member.leave()))
    this.members = []
  }

  close(): void {
    this.agent.destroy()
  }
}

const stallMetric = 'stagedoor_nodejs_eventloop_lag_max_seconds'
