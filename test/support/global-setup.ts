import { openDatabase } from '../../src/db/database.ts'
import { createDatabase, postgresqlAvailable, postgresqlTemplate } from './postgresql.ts'

/** Migrates once what many tests begin with: workers inherit the variable. */
export default async function setUp(): Promise<() => Promise<void>> {
  if (!postgresqlAvailable) return async () => undefined
  const template = await createDatabase()
  const database = openDatabase({ databaseUrl: template.url, dataDir: '' })
  await database.migrate()
  await database.close()
  process.env[postgresqlTemplate] = template.name
  return template.drop
}
