import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Migration {
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

/** What Prisma's `_prisma_migrations` table says about one migration. */
export interface MigrationRow {
  readonly name: string
  readonly checksum: string
  readonly finished: unknown
}

export type MigrationProblem = 'unknown' | 'unfinished' | 'edited' | 'failed'

const advice: Record<MigrationProblem, (name: string) => string> = {
  unknown: (name) =>
    `The database has the migration ${name}, which this version of Stagedoor does not know: a newer one wrote it. Start that version, or restore a backup from before the upgrade.`,
  unfinished: (name) =>
    `The migration ${name} is marked as failed. Repair the database, then say so with \`prisma migrate resolve --applied ${name}\` or \`--rolled-back ${name}\`.`,
  edited: (name) =>
    `The migration ${name} was applied to the database and its file was edited since. Restore the file and put the change into a new migration.`,
  failed: (name) => `The migration ${name} failed and was rolled back. Remove the cause named below, then start again.`,
}

/** The database is not one that this version may run on; the message says what to do about it. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
  readonly migration: string
  readonly problem: MigrationProblem

  constructor(problem: MigrationProblem, migration: string, cause?: unknown) {
    const reason = cause instanceof Error ? `\n${cause.message}` : ''
    super(advice[problem](migration) + reason, { cause })
    this.migration = migration
    this.problem = problem
  }
}

/** The migrations of a folder, in the order they are applied in. */
export function readMigrations(folder: string): Migration[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => readMigration(name, join(folder, name, 'migration.sql')))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

function readMigration(name: string, file: string): Migration {
  // A checkout with Windows line ends is not an edit.
  const sql = readFileSync(file, 'utf8').replaceAll('\r\n', '\n')
  return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
}

/** The migrations that are yet to be applied; refuses a history that these migrations did not write. */
export function pendingMigrations(migrations: readonly Migration[], rows: readonly MigrationRow[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]))
  for (const row of rows) {
    const migration = known.get(row.name)
    if (!migration) throw new MigrationError('unknown', row.name)
    if (row.finished === null) throw new MigrationError('unfinished', row.name)
    if (row.checksum !== migration.checksum) throw new MigrationError('edited', row.name)
    known.delete(row.name)
  }
  return [...known.values()]
}
