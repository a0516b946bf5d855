import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withPostgresqlLock } from './advisory-lock.ts'
import { migratePostgresql, migrateSqlite } from './migrate.ts'
import { openPostgresql, PostgresqlSql } from './postgresql.ts'
import { type PrismaClient, prismaOverPostgresql, prismaOverSqlite } from './prisma.ts'
import type { SqlDatabase } from './sql.ts'
import { openSqlite, SqliteSql } from './sqlite.ts'

const migrations = fileURLToPath(new URL('../../prisma/', import.meta.url))

/** The store that everything else is built on. */
export interface Database {
  readonly prisma: PrismaClient
  /**
   * For interactive transactions, and nothing else: on SQLite a client has one connection, and whatever else went through it
   * meanwhile would join the transaction, and be lost with it.
   */
  readonly transactions: PrismaClient
  readonly sql: SqlDatabase
  /** Applies what is missing of the schema and returns its names. Nodes that start at once wait for each other. */
  migrate(): Promise<readonly string[]>
  /** Does start-up work on one node at a time. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>
  /** Throws when the database does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** PostgreSQL where a URL is given, else SQLite in the data folder. */
export function openDatabase(settings: { readonly databaseUrl?: string | undefined; readonly dataDir: string }): Database {
  return settings.databaseUrl === undefined ? embedded(settings.dataDir) : shared(settings.databaseUrl)
}

function embedded(dataDir: string): Database {
  // Password hashes live here: nobody else on the machine may read them.
  if (!existsSync(dataDir)) mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const file = join(dataDir, 'stagedoor.db')
  const migrating = openSqlite(file)
  const hot = openSqlite(file)
  const sql = new SqliteSql(hot)
  const prisma = prismaOverSqlite(file)
  const transactions = prismaOverSqlite(file)
  return {
    prisma,
    transactions,
    sql,
    migrate: async () => migrateSqlite(migrating, join(migrations, 'sqlite', 'migrations')),
    exclusively: (work) => work(),
    ping: async () => void (await sql.rows({ text: 'SELECT 1', values: [] })),
    close: async () => {
      await Promise.all([prisma.$disconnect(), transactions.$disconnect()])
      migrating.close()
      hot.close()
    },
  }
}

function shared(url: string): Database {
  const pool = openPostgresql(url)
  const sql = new PostgresqlSql(pool)
  const prisma = prismaOverPostgresql(pool)
  return {
    prisma,
    transactions: prisma,
    sql,
    migrate: () => migratePostgresql(pool, join(migrations, 'postgresql', 'migrations')),
    exclusively: (work) => withPostgresqlLock(pool, work),
    ping: async () => void (await sql.rows({ text: 'SELECT 1', values: [] })),
    close: async () => {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}
