import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

/** The variable that names a migrated database for tests to copy theirs from. Without it each migrates its own. */
export const postgresqlTemplate = 'STAGEDOOR_TEST_TEMPLATE'

const adminUrl = process.env.TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'

/** Whether tests can make databases; where it is false, skip. In CI nothing may be skipped, so there it is true or an error. */
export const postgresqlAvailable: boolean = await asAdmin('SELECT 1').then(
  () => true,
  (error: unknown) => {
    if (process.env.CI) throw new Error('In CI, TEST_POSTGRES_URL must lead to a PostgreSQL server.', { cause: error })
    return false
  },
)

/** A database of the test's own: empty, or a copy of another one. */
export async function createDatabase(template = 'template1'): Promise<{ name: string; url: string; drop(): Promise<void> }> {
  const name = `stagedoor_test_${randomBytes(6).toString('hex')}`
  await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${template}`)

  const url = new URL(adminUrl)
  url.pathname = name
  return { name, url: url.href, drop: () => dropDatabase(name) }
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
