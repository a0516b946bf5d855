import { createPasswordHasher } from '../src/credentials/password-hasher.ts'
import type { Database } from '../src/db/database.ts'
import { startChildServer, startProgram } from '../test/support/child-server.ts'
import { seedFlow, signInStages } from '../test/support/seed.ts'
import { createTestDatabase, type StoreProvider } from '../test/support/test-database.ts'
import { databaseMeter, processMeter } from './cpu.ts'
import { password, signInSlug, stepsInFlow, stepsSlug } from './journeys.ts'
import { type Subject, usernames } from './measure.ts'

/** What passwords are checked with. */
export type Hasher = 'argon2id' | 'benchmark'

/** Runs work against the product in a process of its own, on a database of its own. */
export async function withProduct<Result>(
  provider: StoreProvider,
  hasher: Hasher,
  work: (subject: Subject) => Promise<Result>,
): Promise<Result> {
  const { database, dataDir, databaseUrl, drop } = await createTestDatabase(provider)
  try {
    await seed(database, hasher)
    const server = await startChildServer({ ...environment(hasher), DATA_DIR: dataDir, DATABASE_URL: databaseUrl })
    const meter = databaseUrl === undefined ? undefined : await databaseMeter(databaseUrl)
    try {
      return await work({ url: server.url, serverCpu: processMeter(server.pid), databaseCpu: meter?.read })
    } finally {
      await meter?.close()
      await server.stop()
    }
  } finally {
    await drop()
  }
}

/** Runs work against the floor in a process of its own. */
export async function withFloor<Result>(hasher: Hasher, work: (subject: Subject) => Promise<Result>): Promise<Result> {
  const server = await startProgram(['bench/floor.ts'], environment(hasher))
  try {
    return await work({ url: server.url, serverCpu: processMeter(server.pid) })
  } finally {
    await server.stop()
  }
}

/** The flows and accounts that journeys need. */
export async function seed(database: Database, hasher: Hasher): Promise<void> {
  await seedFlow(database, { slug: signInSlug, stages: signInStages })
  await seedFlow(database, { slug: stepsSlug, stages: Array.from({ length: stepsInFlow }, () => ({ kind: 'dummy' })) })
  const passwordHash = await createPasswordHasher({ algorithm: hasher }).hash(password)
  await database.prisma.user.createMany({
    data: usernames.map((username) => ({ username, usernameNormalized: username, attributes: {}, passwordHash })),
  })
}

/** What servers that are measured run with. */
export function environment(hasher: Hasher) {
  return {
    NODE_ENV: 'benchmark',
    PASSWORD_HASHER: hasher,
    SECRET_KEY: 'a secret key for measuring, and for nothing else',
    BOOTSTRAP_PASSWORD: 'nobody signs in with this',
  }
}
