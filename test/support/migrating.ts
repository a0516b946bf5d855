import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import Sqlite from 'better-sqlite3'
import { Pool } from 'pg'
import { onTestFinished } from 'vitest'
import { migratePostgresql, migrateSqlite } from '../../src/db/migrate.ts'
import { createDatabase, postgresqlAvailable } from './postgresql.ts'

type Row = Record<string, unknown>

/** An empty database to migrate, of either kind. */
export interface MigratingDatabase {
  /** Where the product's own migrations for it are. */
  readonly folder: string
  migrate(folder: string): Promise<string[]>
  /** Migrates as servers do that start at the same moment: each on its own connection. */
  migrateTogether(folder: string, runners: number): Promise<string[][]>
  run(sql: string): Promise<void>
  read(sql: string): Promise<Row[]>
  /** What fires a trigger, as `Flow UPDATE`, in order. */
  triggers(): Promise<string[]>
  close(): Promise<void>
}

const migrationsOf = (provider: string): string => fileURLToPath(new URL(`../../prisma/${provider}/migrations`, import.meta.url))

/** A folder of migrations, given as SQL by name, for the length of a test. */
export function migrationFolder(migrations: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-migrations-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, sql] of Object.entries(migrations)) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'migration.sql'), sql)
  }
  return folder
}

async function openSqlite(): Promise<MigratingDatabase> {
  const home = mkdtempSync(join(tmpdir(), 'stagedoor-sqlite-'))
  const file = join(home, 'test.db')
  const database = new Sqlite(file)
  database.pragma('journal_mode = WAL')
  return {
    folder: migrationsOf('sqlite'),
    migrate: async (folder) => migrateSqlite(database, folder),
    async migrateTogether(folder, runners) {
      // Holds all of them back until the slowest process is up.
      database.exec('BEGIN IMMEDIATE')
      const results = Array.from({ length: runners }, () => migrateInProcess(file, folder))
      setTimeout(() => database.exec('COMMIT'), 1_500)
      return Promise.all(results)
    },
    run: async (sql) => void database.exec(sql),
    read: async (sql) => database.prepare<[], Row>(sql).all(),
    async triggers() {
      const sql = database.prepare<[], string>(`SELECT "sql" FROM sqlite_master WHERE "type" = 'trigger'`).pluck().all()
      return sql.map((text) => text.replace(/^.* AFTER (\w+) ON "(\w+)".*$/s, '$2 $1')).sort()
    },
    async close() {
      database.close()
      rmSync(home, { recursive: true })
    },
  }
}

/** better-sqlite3 blocks its thread, so only processes can wait for each other. */
async function migrateInProcess(file: string, folder: string): Promise<string[]> {
  const script = `
    import Sqlite from 'better-sqlite3'
    import { migrateSqlite } from './src/db/migrate.ts'
    const [file, folder] = process.argv.slice(1)
    console.log(JSON.stringify(migrateSqlite(new Sqlite(file, { timeout: 15000 }), folder)))`
  const options = { cwd: fileURLToPath(new URL('../..', import.meta.url)) }
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script, file, folder], options)
  return JSON.parse(stdout)
}

async function openPostgresql(): Promise<MigratingDatabase> {
  const { url, drop } = await createDatabase()
  const open = () => new Pool({ connectionString: url, max: 2 })
  const pool = open()
  return {
    folder: migrationsOf('postgresql'),
    migrate: (folder) => migratePostgresql(pool, folder),
    async migrateTogether(folder, runners) {
      const pools = Array.from({ length: runners }, open)
      try {
        return await Promise.all(pools.map((own) => migratePostgresql(own, folder)))
      } finally {
        await Promise.all(pools.map((own) => own.end()))
      }
    },
    run: async (sql) => void (await pool.query(sql)),
    read: async (sql) => (await pool.query(sql)).rows,
    async triggers() {
      const sql = 'SELECT event_object_table || $1 || event_manipulation AS name FROM information_schema.triggers'
      return (await pool.query<{ name: string }>(sql, [' '])).rows.map(({ name }) => name).sort()
    },
    async close() {
      await pool.end()
      await drop()
    },
  }
}

/** Both kinds. Where there is no PostgreSQL its tests are skipped. */
export const databases = [
  { name: 'SQLite', open: openSqlite, available: true },
  {
    name: postgresqlAvailable ? 'PostgreSQL' : 'PostgreSQL (skipped: TEST_POSTGRES_URL leads nowhere)',
    open: openPostgresql,
    available: postgresqlAvailable,
  },
]
