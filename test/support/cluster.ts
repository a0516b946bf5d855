import { randomInt } from 'node:crypto'
import type { Database } from '../../src/db/database.ts'
import { type ChildServer, startChildServer } from './child-server.ts'
import { postgresqlAvailable } from './postgresql.ts'
import { redisAvailable, redisUrl } from './redis.ts'
import { createTestDatabase } from './test-database.ts'

/** What the servers of a cluster seal with. */
export const clusterKey = 'a secret key that all of its servers have'

/** Whether a cluster can be had here, and what to say of it in a title where not; in CI nothing may be missing. */
export const clusterAvailable = postgresqlAvailable && redisAvailable
export const clusterMissing = clusterAvailable
  ? ''
  : ', which needs PostgreSQL and Redis: set TEST_POSTGRES_URL and TEST_REDIS_URL'

/** Servers in processes of their own, over one PostgreSQL and one Redis. */
export interface Cluster {
  readonly database: Database
  /** Starts a server; `env` is added to what they have in common. */
  start(env?: Readonly<Record<string, string>>): Promise<ChildServer>
  close(): Promise<void>
}

/** A cluster without a server yet; all of them get this environment. */
export async function openCluster(env: Readonly<Record<string, string>> = {}): Promise<Cluster> {
  const store = await createTestDatabase('postgresql')
  // Redis outlives the database: people of another run who had the same ids may have used up what they are allowed.
  await store.database.prisma.$executeRaw`SELECT setval(pg_get_serial_sequence('"User"', 'id'), ${randomInt(1e6, 2e9)})`
  const servers: ChildServer[] = []
  return {
    database: store.database,
    start: async (more = {}) => {
      const server = await startChildServer({
        NODE_ENV: 'benchmark',
        PASSWORD_HASHER: 'benchmark',
        SECRET_KEY: clusterKey,
        BOOTSTRAP_PASSWORD: 'nobody signs in with this',
        DATA_DIR: store.dataDir,
        DATABASE_URL: store.databaseUrl,
        REDIS_URL: redisUrl,
        ...env,
        ...more,
      })
      servers.push(server)
      return server
    },
    close: async () => {
      await Promise.all(servers.map((server) => server.stop()))
      await store.drop()
    },
  }
}
