import type { Agent } from 'node:http'
import { type Audience, measureFloor, type Told } from './fan-out-floor.ts'
import type { Floor } from './floor.ts'
import { cpuOf, type Nodes } from './nodes.ts'
import { percentilesOf } from './percentiles.ts'
import { tourSlug } from './seed.ts'
import { Shuttle } from './shuttle.ts'
import { together } from './together.ts'
import { atOnce, BenchVisitor, sharedConnections } from './visitor.ts'

/** One execution that is watched by as many as its session's sockets may carry; many that are watched by one each. */
export const audience = { wide: { sockets: 5, each: 20 }, long: { atOnce } } as const satisfies Audience
const executions = 200
/** Changes that are measured at least, however slow the machine is. */
const fewestChanges = 20

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
  try {
    const alone = await begin(nodes, agent, 0, 1)
    const many = await begin(nodes, agent, 1, executions)
    await drive(nodes, many, seconds)
    const wide = await compare(nodes, alone, seconds, watchTogether)
    const long = await compare(nodes, many, seconds, watchAlone)
    const [example] = many
    await Promise.all([...alone, ...many].map((shuttle) => shuttle.leave()))
    return { wide, long, floor: await measureFloor(floor, { data: { flowExecution: example?.step } }, audience, seconds / 2) }
  } finally {
    agent.destroy()
  }
}

async function watchTogether(shuttle: Shuttle, url: string): Promise<number> {
  const { sockets, each } = audience.wide
  for (let socket = 0; socket < sockets; socket += 1) await shuttle.watch(await shuttle.visitor.socket(url), each)
  return sockets * each
}

async function watchAlone(shuttle: Shuttle, url: string): Promise<number> {
  await shuttle.watch(await shuttle.visitor.socket(url))
  return 1
}

async function begin({ here }: Nodes, agent: Agent, first: number, count: number): Promise<Shuttle[]> {
  const shuttles: Shuttle[] = []
  await together(count, audience.long.atOnce, async (index) => {
    const visitor = new BenchVisitor(here.url, agent, first + index)
    shuttles.push(await Shuttle.begin(visitor, tourSlug, { dummy: {} }))
  })
  return shuttles
}

/** The same with and without an audience: what is more is what it costs to tell them. */
async function compare(nodes: Nodes, shuttles: readonly Shuttle[], seconds: number, watch: typeof watchAlone): Promise<Told> {
  const unwatched = await drive(nodes, shuttles, seconds)
  let each = 0
  await together(shuttles.length, audience.long.atOnce, async (index) => {
    each = await watch(shuttles[index] as Shuttle, nodes.there.url)
  })
  // Nothing is measured before the servers have warmed up.
  await drive(nodes, shuttles, seconds / 2)
  const watched = await drive(nodes, shuttles, seconds)
  return {
    perSecond: (watched.delays.length * each * 1000) / watched.elapsed,
    cpu: (watched.cpu / watched.delays.length - unwatched.cpu / unwatched.delays.length) / each,
    delay: percentilesOf(watched.delays),
  }
}

/** Changes them in turn for about that long, as many at once as is usual. */
async function drive(nodes: Nodes, shuttles: readonly Shuttle[], seconds: number) {
  const cpuBefore = await cpuOf(nodes)
  const started = performance.now()
  const deadline = started + seconds * 1000
  const delays: number[] = []
  const lanes = Math.min(audience.long.atOnce, shuttles.length)
  await together(lanes, lanes, async (lane) => {
    const own = shuttles.filter((_, index) => index % lanes === lane)
    for (let turn = 0; turn < fewestChanges / lanes || performance.now() < deadline; turn += 1)
      delays.push(await (own[turn % own.length] as Shuttle).move())
  })
  return { delays, elapsed: performance.now() - started, cpu: (await cpuOf(nodes)) - cpuBefore }
}
