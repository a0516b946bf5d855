import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Database } from '../../src/db/database.ts'
import { type ChildServer, startChildServer } from '../../test/support/child-server.ts'
import { redisAvailable, redisUrl } from '../../test/support/redis.ts'
import { createTestDatabase, type StoreProvider } from '../../test/support/test-database.ts'
import { type CpuMeter, processMeter } from '../cpu.ts'
import { environment } from '../subjects.ts'
import { collectable, collectGarbage } from './collector.ts'

/** How many servers there are, and on what. */
export interface Setting {
  readonly name: string
  readonly provider: StoreProvider
  readonly nodes: 1 | 2
}

/** The settings that can be had with stores that can be reached, and a sentence for what cannot. */
export function settingsFor(providers: readonly StoreProvider[]): { settings: readonly Setting[]; missing: readonly string[] } {
  const settings: Setting[] = []
  if (providers.includes('sqlite')) settings.push({ name: 'one node, SQLite', provider: 'sqlite', nodes: 1 })
  if (!providers.includes('postgresql')) return { settings, missing: [] }
  settings.push({ name: 'one node, PostgreSQL', provider: 'postgresql', nodes: 1 })
  if (!redisAvailable) return { settings, missing: ['Two nodes were left out: TEST_REDIS_URL leads nowhere.'] }
  settings.push({ name: 'two nodes, PostgreSQL + Redis', provider: 'postgresql', nodes: 2 })
  return { settings, missing: [] }
}

/** A server in a process of its own. */
export interface MeasuredNode {
  readonly url: string
  readonly cpu: CpuMeter
  /** Megabytes that the process holds (not a number where there is no Linux to ask), and of them its heap; after a collection. */
  readonly memory: () => Promise<Memory>
  /** One of its own metrics, summed over labels; not a number where there is none of that name. */
  readonly metric: (name: string) => Promise<number>
}

export interface Memory {
  readonly process: number
  readonly heap: number
}

/** Where people answer, and where they listen: the same node, unless there are two. */
export interface Nodes {
  readonly here: MeasuredNode
  readonly there: MeasuredNode
  /** Both, each once. */
  readonly all: readonly MeasuredNode[]
}

/** Runs work against servers on a database of their own, with what was seeded there; `env` is added to what they all have. */
export async function withNodes<Seeded, Result>(
  { provider, nodes }: Setting,
  { env, seed }: { env: Readonly<Record<string, string>>; seed(database: Database): Promise<Seeded> },
  work: (nodes: Nodes, seeded: Seeded) => Promise<Result>,
): Promise<Result> {
  const { database, dataDir, databaseUrl, drop } = await createTestDatabase(provider)
  let starting: Promise<ChildServer>[] = []
  try {
    // Redis outlives the database: people of another run may have used up what is allowed to those who have the same ids.
    if (provider === 'postgresql')
      await database.prisma.$executeRaw`SELECT setval(pg_get_serial_sequence('"User"', 'id'), ${randomInt(1e6, 2e9)})`
    const seeded = await seed(database)
    const shared = {
      ...environment('benchmark'),
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl,
      TRUSTED_PROXIES: '127.0.0.1',
      METRICS_TOKEN: metricsToken,
      LOG_LEVEL: 'error',
      ...collectable,
      ...(nodes === 2 && { REDIS_URL: redisUrl }),
      ...env,
    }
    starting = Array.from({ length: nodes }, () => startChildServer(shared))
    const all = (await Promise.all(starting)).map(measured)
    const [here, there = here] = all
    if (!here || !there) throw new Error('There is one node at least.')
    return await work({ here, there, all }, seeded)
  } finally {
    const started = await Promise.allSettled(starting)
    await Promise.all(started.map((one) => one.status === 'fulfilled' && one.value.stop()))
    await drop()
  }
}

/** What the nodes have used so far, together (milliseconds). */
export async function cpuOf({ all }: Nodes): Promise<number> {
  const used = await Promise.all(all.map(({ cpu }) => cpu()))
  return used.reduce((sum, one) => sum + one, 0)
}

const metricsToken = 'a token for reading metrics, and for nothing else'.replaceAll(' ', '-')

function measured(server: ChildServer): MeasuredNode {
  const { url, pid } = server
  const metric = (name: string) => metricOf(url, name)
  const memory = async () => {
    await collectGarbage(server)
    return { process: residentMegabytes(pid), heap: (await metric('stagedoor_nodejs_heap_size_used_bytes')) / 1024 / 1024 }
  }
  return { url, cpu: processMeter(pid), memory, metric }
}

function residentMegabytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return Number.NaN
  }
}

async function metricOf(url: string, name: string): Promise<number> {
  const reply = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } })
  const lines = [...(await reply.text()).matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))]
  return lines.length === 0 ? Number.NaN : lines.reduce((sum, [, value]) => sum + Number(value), 0)
}
