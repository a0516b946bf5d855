import pLimit from 'p-limit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChildServer } from '../support/child-server.ts'
import { type Cluster, clusterAvailable, clusterKey, clusterMissing, openCluster } from '../support/cluster.ts'
import { DuoPeople, type DuoPerson } from '../support/duo-people.ts'
import { type DuoServer, startDuoServer } from '../support/duo-server.ts'
import { seedFlow } from '../support/seed.ts'
import { overEventSource, overSocket, overSse } from '../support/streams.ts'
import { type Walked, walk } from './walk.ts'

const slug = 'walk'
const kinds = ['dummy', 'identification', 'dummy', 'authenticator_validate', 'dummy', 'dummy', 'user_login']
const executions = 100
/** Fewer than the sockets that one address may hold at a server. */
const atOnce = 20
/** At the first server all listen by sockets; at the second one half of them do. */
const ways = [overSocket, overSse, overSocket, overEventSource]
const metricsToken = 'a token for the metrics'

/** What decides where lines break: tell it to see a failure again. */
const seed = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000)

describe.skipIf(!clusterAvailable)(`listeners whose lines break (TEST_SEED=${seed})${clusterMissing}`, () => {
  let cluster: Cluster
  let duo: DuoServer
  let nodes: readonly ChildServer[] = []
  let people: readonly DuoPerson[]

  beforeAll(async () => {
    duo = await startDuoServer({ now: () => new Date(), keepsRequests: false })
    cluster = await openCluster({ ...duo.env, METRICS_TOKEN: metricsToken })
    await seedFlow(cluster.database, { slug, stages: kinds.map((kind) => ({ kind })) })
    const duoPeople = await DuoPeople.of(cluster.database, duo, clusterKey)
    const reacts = { result: 'allow', after: 20 } as const
    const usernames = Array.from({ length: executions }, (_, index) => `walker${index}`)
    people = await Promise.all(usernames.map((username) => duoPeople.person(username, { reacts })))
    nodes = await Promise.all([cluster.start(), cluster.start()])
  })

  afterAll(async () => {
    await cluster.close()
    await duo.close()
  })

  it(`hear the same of ${executions} executions: every step, once, in order, to the end`, { timeout: 120_000 }, async () => {
    const limit = pLimit(atOnce)
    const urls = nodes.map(({ url }) => url)

    const walks = await Promise.all(
      people.map((person, index) => {
        const parts = { slug, person, urls, ways: [overSocket, ways[index % ways.length] ?? overSocket] }
        return limit(() => walk({ ...parts, seed: seed + index * 10 }))
      }),
    )

    for (const walked of walks) expectWhole(walked)
    expect(walks.reduce((sum, { broken }) => sum + broken, 0)).toBeGreaterThan(2 * executions)
    expect(duo.pushes()).toHaveLength(executions)
    // Who has left costs nothing any more.
    for (const node of nodes) await expect.poll(() => subscriptionsOf(node), { timeout: 20_000 }).toBe(0)
  })
})

function expectWhole({ told: [first = [], second], answered }: Walked): void {
  expect(first.map(({ sequence }) => sequence)).toEqual(first.map((_, index) => index + 1))
  expect(first.at(-1)).toMatchObject({ status: 'FINISHED' })
  expect(second).toEqual(first)
  expect(first).toEqual(expect.arrayContaining([...answered]))
}

async function subscriptionsOf({ url }: ChildServer): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } })
  return Number(/^stagedoor_subscriptions (\d+)$/m.exec(await response.text())?.[1])
}
