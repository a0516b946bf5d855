import { randomUUID } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import type { Pool, PoolClient } from 'pg'
import { withAdvisoryLock } from './advisory-lock.ts'
import { type Migration, MigrationError, type MigrationRow, pendingMigrations, readMigrations } from './migration-history.ts'

/** The key `prisma migrate` takes too, so that the two never run at once. */
const migrationLock = 72707369

// The history is kept in Prisma's own table, in Prisma's own form: `prisma migrate deploy` may take over at any time.
const sqliteHistory = `
  CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "checksum" TEXT NOT NULL,
    "finished_at" DATETIME,
    "migration_name" TEXT NOT NULL,
    "logs" TEXT,
    "rolled_back_at" DATETIME,
    "started_at" DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count" INTEGER UNSIGNED NOT NULL DEFAULT 0
  )`
const postgresqlHistory = `
  CREATE TABLE "_prisma_migrations" (
    "id" VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum" VARCHAR(64) NOT NULL,
    "finished_at" TIMESTAMPTZ,
    "migration_name" VARCHAR(255) NOT NULL,
    "logs" TEXT,
    "rolled_back_at" TIMESTAMPTZ,
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
  )`
const selectHistory = `
  SELECT "migration_name" AS "name", "checksum", "finished_at" AS "finished"
  FROM "_prisma_migrations" WHERE "rolled_back_at" IS NULL`

/** Applies what is missing and returns its names; processes that start at once wait for each other. */
export function migrateSqlite(database: Database, folder: string): string[] {
  const migrations = readMigrations(folder)
  const applyNext = database.transaction(() => applyNextOnSqlite(database, migrations))
  const enforced = database.pragma('foreign_keys', { simple: true })
  const applied: string[] = []

  // SQLite rebuilds a table by dropping it, and heeds this switch outside transactions only.
  database.pragma('foreign_keys = OFF')
  try {
    for (let name = applyNext.immediate(); name; name = applyNext.immediate()) applied.push(name)
  } finally {
    database.pragma(`foreign_keys = ${enforced}`)
  }
  return applied
}

function applyNextOnSqlite(database: Database, migrations: readonly Migration[]): string | undefined {
  database.exec(sqliteHistory)
  const [next] = pendingMigrations(migrations, database.prepare<[], MigrationRow>(selectHistory).all())
  if (!next) return undefined

  const started = Date.now()
  try {
    database.exec(next.sql)
    refuseDanglingRows(database)
  } catch (error) {
    throw new MigrationError('failed', next.name, error)
  }
  database
    .prepare(
      `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "started_at", "finished_at", "applied_steps_count")
       VALUES (?, ?, ?, ?, ?, 1)`,
    )
    .run(randomUUID(), next.checksum, next.name, started, Date.now())
  return next.name
}

function refuseDanglingRows(database: Database): void {
  const [dangling] = database.prepare<[], { table: string; parent: string }>('PRAGMA foreign_key_check').all()
  if (dangling) throw new Error(`Rows of ${dangling.table} point at rows of ${dangling.parent} that do not exist.`)
}

/** Applies what is missing and returns its names; nodes that start at once wait for each other. */
export async function migratePostgresql(pool: Pool, folder: string): Promise<string[]> {
  const migrations = readMigrations(folder)
  return withAdvisoryLock(pool, migrationLock, async (client) => {
    const pending = pendingMigrations(migrations, await historyOnPostgresql(client))
    for (const migration of pending) await applyOnPostgresql(client, migration)
    return pending.map((migration) => migration.name)
  })
}

async function historyOnPostgresql(client: PoolClient): Promise<MigrationRow[]> {
  const { rows } = await client.query<{ found: boolean }>(`SELECT to_regclass('"_prisma_migrations"') IS NOT NULL AS "found"`)
  // CREATE TABLE IF NOT EXISTS would ask a server that migrates nothing for the right to create tables.
  if (!rows[0]?.found) await client.query(postgresqlHistory)
  return (await client.query<MigrationRow>(selectHistory)).rows
}

async function applyOnPostgresql(client: PoolClient, migration: Migration): Promise<void> {
  try {
    await client.query('BEGIN')
    await client.query(migration.sql)
    await client.query(
      `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at", "applied_steps_count")
       VALUES ($1, $2, $3, clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    )
    await client.query('COMMIT')
  } catch (error) {
    // On a lost connection the server has rolled back already.
    await client.query('ROLLBACK').catch(() => undefined)
    throw new MigrationError('failed', migration.name, error)
  }
}
