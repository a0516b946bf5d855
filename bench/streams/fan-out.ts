import type { Agent } from 'node:http'
import { type Audience, measureFloor, type Told } from './fan-out-floor.ts'
import type { Floor } from './floor.ts'
import { cpuOf, type Nodes } from './nodes.ts'
import { percentilesOf } from './percentiles.ts'
import { tourSlug } from './seed.ts'
import { Shuttle } from './shuttle.ts'
import { forever, together } from './together.ts'
import { atOnce, BenchVisitor, sharedConnections } from './visitor.ts'

/** One execution that is watched by as many as its session's sockets may carry; many that are watched by one each. */
export const audience = { wide: { sockets: 5, each: 20 }, long: { atOnce } } as const satisfies Audience
const executions = 100
/** Those with an audience and those without take turns so often: a server grows faster while it is measured. */
const turns = 4
/** Changes of a turn at least, however slow the machine is. */
const fewestChanges = 5

/** What fanning out was measured to be. The CPU of an event is that of all nodes, beside what the answer costs that caused it. */
export interface FanOut {
  /** One execution that many watch. */
  readonly wide: Told
  /** Many executions that are watched by one each. */
  readonly long: Told
  readonly floor: { readonly wide: Told; readonly long: Told }
}

/** Answers at one node and listens at the other, if there is one. */
export async function measureFanOut(nodes: Nodes, floor: Floor, seconds: number): Promise<FanOut> {
  const agent = sharedConnections()
  const { sockets, each } = audience.wide
  try {
    const wide = await begin(nodes, agent, { executions: 1, sockets, each })
    const long = await begin(nodes, agent, { executions, sockets: 1, each: 1 })
    await drive(nodes, long.watched, seconds * 2)
    const told = { wide: await compare(nodes, wide, seconds), long: await compare(nodes, long, seconds) }
    const [example] = long.watched
    await Promise.all([...wide.watched, ...long.watched].map((shuttle) => shuttle.leave()))
    return { ...told, floor: await measureFloor(floor, { data: { flowExecution: example?.step } }, audience, seconds / 2) }
  } finally {
    agent.destroy()
  }
}

/** As many executions that are watched as that are not. */
interface Sides {
  readonly watched: readonly Shuttle[]
  readonly unwatched: readonly Shuttle[]
  /** Subscriptions to each of those that are watched. */
  readonly audience: number
}

interface Size {
  readonly executions: number
  /** Of each that is watched, and how many subscriptions each of them carries. */
  readonly sockets: number
  readonly each: number
}

async function begin({ here, there }: Nodes, agent: Agent, { executions: count, sockets, each }: Size): Promise<Sides> {
  const watched: Shuttle[] = []
  const unwatched: Shuttle[] = []
  await together(Array.from({ length: count * 2 }), atOnce, async (_, index) => {
    const shuttle = await Shuttle.begin(new BenchVisitor(here.url, agent, index), tourSlug, { dummy: {} })
    const side = index % 2 === 0 ? watched : unwatched
    side.push(shuttle)
    const own = side === watched ? sockets : 0
    for (let socket = 0; socket < own; socket += 1) await shuttle.watch(await shuttle.visitor.socket(there.url), each)
  })
  return { watched, unwatched, audience: sockets * each }
}

/** The same with and without an audience: what is more is what it costs to tell them. */
async function compare(nodes: Nodes, { watched, unwatched, audience: each }: Sides, seconds: number): Promise<Told> {
  let [told, untold] = [nothing, nothing]
  for (let turn = 0; turn < turns; turn += 1) {
    untold = both(untold, await drive(nodes, unwatched, seconds / turns))
    told = both(told, await drive(nodes, watched, seconds / turns))
  }
  return {
    perSecond: (told.delays.length * each * 1000) / told.elapsed,
    cpu: (told.cpu / told.delays.length - untold.cpu / untold.delays.length) / each,
    delay: percentilesOf(told.delays),
  }
}

/** Changes one after the other; times in milliseconds. */
interface Driven {
  readonly delays: readonly number[]
  readonly elapsed: number
  readonly cpu: number
}

const nothing: Driven = { delays: [], elapsed: 0, cpu: 0 }

function both(one: Driven, other: Driven): Driven {
  return { delays: [...one.delays, ...other.delays], elapsed: one.elapsed + other.elapsed, cpu: one.cpu + other.cpu }
}

/** Changes them in turn for about that long, as many at once as is usual. */
async function drive(nodes: Nodes, shuttles: readonly Shuttle[], seconds: number): Promise<Driven> {
  const lanes = Array.from({ length: Math.min(atOnce, shuttles.length) }, (_, lane) =>
    shuttles.filter((__, index) => index % atOnce === lane),
  )
  const cpuBefore = await cpuOf(nodes)
  const started = performance.now()
  const deadline = started + seconds * 1000
  const delays: number[] = []
  await together(lanes, lanes.length, async (own) => {
    for (const shuttle of forever(own)) {
      delays.push(await shuttle.move())
      if (performance.now() > deadline && delays.length >= fewestChanges) break
    }
  })
  return { delays, elapsed: performance.now() - started, cpu: (await cpuOf(nodes)) - cpuBefore }
}
