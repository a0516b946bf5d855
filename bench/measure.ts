import { Agent } from 'node:http'
import { PlainClient } from '../test/support/plain-client.ts'
import type { CpuMeter } from './cpu.ts'
import type { Journey } from './journeys.ts'

/** What is measured. */
export interface Subject {
  readonly url: string
  readonly serverCpu: CpuMeter
  readonly databaseCpu?: CpuMeter | undefined
}

/** One journey over and over by so many clients at once. */
export interface Load {
  readonly journey: Journey
  readonly concurrency: number
  readonly seconds: number
  /** What every client does once before. */
  readonly before?: Journey
}

/** What came of it. */
export interface Measurement {
  readonly perSecond: number
  /** Milliseconds of CPU that the server used for each. */
  readonly cpu: number
  /** The same of the database's processes; undefined where there are none, or they cannot be seen. */
  readonly databaseCpu: number | undefined
}

/** Accounts of the seeded databases. */
export const usernames: readonly string[] = Array.from({ length: 64 }, (_, index) => `bench-user-${index}`)

/** Runs whole journeys for about that long; what was begun is finished and counted. */
export async function measure({ url, serverCpu, databaseCpu }: Subject, load: Load): Promise<Measurement> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.concurrency })
  const clients = usernames.slice(0, load.concurrency).map((username) => ({ username, client: new PlainClient(url, agent) }))
  const { before } = load
  if (before) await Promise.all(clients.map(({ client, username }) => before(client, username)))

  const cpuBefore = [await serverCpu(), await databaseCpu?.()] as const
  const started = performance.now()
  const deadline = started + load.seconds * 1000
  const counts = await Promise.all(
    clients.map(async ({ client, username }) => {
      let done = 0
      do done += await load.journey(client, username)
      while (performance.now() < deadline)
      return done
    }),
  )
  const elapsed = performance.now() - started
  const cpuAfter = [await serverCpu(), await databaseCpu?.()] as const
  agent.destroy()

  const done = counts.reduce((sum, count) => sum + count, 0)
  const ofDatabase = ((cpuAfter[1] ?? Number.NaN) - (cpuBefore[1] ?? Number.NaN)) / done
  return {
    perSecond: (done * 1000) / elapsed,
    cpu: (cpuAfter[0] - cpuBefore[0]) / done,
    databaseCpu: Number.isNaN(ofDatabase) ? undefined : ofDatabase,
  }
}
