import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { createDatabase, postgresqlAvailable, postgresqlTemplate } from './postgresql.ts'

/** The stores that journeys run on, and why one may be left out on a developer's machine. */
export const stores = [
  { name: 'the embedded database', provider: 'sqlite', available: true },
  { name: 'PostgreSQL', provider: 'postgresql', available: postgresqlAvailable },
] as const

export type StoreProvider = (typeof stores)[number]['provider']

/** A migrated database of a test's own. */
export interface TestDatabase {
  readonly database: Database
  readonly dataDir: string
  readonly databaseUrl: string | undefined
  drop(): Promise<void>
}

let template: string | undefined

/** Opens a fresh database, copied from one that was migrated before. */
export async function createTestDatabase(provider: StoreProvider): Promise<TestDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'stagedoor-test-'))
  const server = provider === 'postgresql' ? await createDatabase(process.env[postgresqlTemplate]) : undefined
  if (provider === 'sqlite') copyFileSync(await migratedTemplate(), join(dataDir, 'stagedoor.db'))
  const database = openDatabase({ databaseUrl: server?.url, dataDir })
  await database.migrate()
  return {
    database,
    dataDir,
    databaseUrl: server?.url,
    drop: async () => {
      await database.close().catch(() => undefined)
      await server?.drop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function migratedTemplate(): Promise<string> {
  if (template) return template
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-template-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const database = openDatabase({ databaseUrl: undefined, dataDir: folder })
  await database.migrate()
  await database.close()
  template = join(folder, 'stagedoor.db')
  return template
}
