import type { Database } from '../../src/db/database.ts'

const tables = {
  sqlite: `SELECT "name" FROM sqlite_master WHERE "type" = 'table'`,
  postgresql: `SELECT table_name AS "name" FROM information_schema.tables WHERE table_schema = current_schema()`,
} as const

/** All that is stored, as text, by table. */
export async function databaseText({ sql }: Pick<Database, 'sql'>): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {}
  for (const { name } of await sql.rows({ text: tables[sql.provider], values: [] })) {
    const rows = await sql.rows({ text: `SELECT * FROM "${String(name)}"`, values: [] })
    texts[String(name)] = JSON.stringify(rows)
  }
  return texts
}
