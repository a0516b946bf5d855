import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

const adminUrl = process.env.TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'

/** Whether tests can make databases; where it is false, skip. In CI nothing may be skipped, so there it is true or an error. */
export const postgresqlAvailable: boolean = await asAdmin('SELECT 1').then(
  () => true,
  (error: unknown) => {
    if (process.env.CI) throw new Error('In CI, TEST_POSTGRES_URL must lead to a PostgreSQL server.', { cause: error })
    return false
  },
)

/** A database of the test's own, empty. */
export async function createDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `stagedoor_test_${randomBytes(6).toString('hex')}`
  await asAdmin(`CREATE DATABASE ${name}`)

  const url = new URL(adminUrl)
  url.pathname = name
  return { url: url.href, drop: () => dropDatabase(name) }
}

/** Lets connections that are being closed go in peace, which PostgreSQL waits five seconds for; ends those that a test forgot. */
async function dropDatabase(name: string): Promise<void> {
  await asAdmin(`DROP DATABASE ${name}`).catch(() => asAdmin(`DROP DATABASE ${name} WITH (FORCE)`))
}

async function asAdmin(statement: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 5_000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
