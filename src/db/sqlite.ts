import { setTimeout as sleep } from 'node:timers/promises'
import BetterSqlite3, { type Database, type Statement as Prepared } from 'better-sqlite3'
import { ServiceUnavailableError } from '../flow/errors.ts'
import type { Row, SqlDatabase, SqlValue, Statement } from './sql.ts'

/** For how long a write waits for another connection's transaction (milliseconds). */
const patience = 5000

/** Opens the file for hand-written SQL, beside the connection that Prisma has. */
export function openSqlite(file: string): Database {
  const database = new BetterSqlite3(file, { timeout: patience })
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = NORMAL')
  database.pragma('foreign_keys = ON')
  return database
}

/** The hot path's SQL on SQLite: synchronous, prepared once, every write one short transaction. */
export class SqliteSql implements SqlDatabase {
  readonly provider = 'sqlite'
  readonly counts = { reads: 0, writes: 0 }
  private readonly database: Database
  private readonly prepared = new Map<string, Prepared>()

  constructor(database: Database) {
    this.database = database
    // Prisma's transactions span ticks of this same thread: blocking it while one holds the lock would never end.
    database.pragma('busy_timeout = 0')
  }

  async rows(statement: Statement): Promise<readonly Row[]> {
    this.counts.reads += 1
    return this.patiently(() => this.prepare(statement.text).all(parameters(statement.values)) as Row[])
  }

  async write(statements: readonly Statement[], ...guards: readonly number[]): Promise<boolean> {
    this.counts.writes += 1
    const prepared = statements.map((statement) => ({ run: this.prepare(statement.text), values: parameters(statement.values) }))
    return this.patiently(() => this.transaction(prepared, guards))
  }

  private transaction(
    statements: readonly { readonly run: Prepared; readonly values: object }[],
    guards: readonly number[],
  ): boolean {
    this.database.exec('BEGIN IMMEDIATE')
    try {
      for (const [index, { run, values }] of statements.entries()) {
        if (run.run(values).changes > 0 || !guards.includes(index)) continue
        this.database.exec('ROLLBACK')
        return false
      }
      this.database.exec('COMMIT')
      return true
    } catch (error) {
      if (guards.length > 0 && isContradicted(error)) return false
      throw error
    } finally {
      if (this.database.inTransaction) this.database.exec('ROLLBACK')
    }
  }

  private async patiently<Result>(work: () => Result): Promise<Result> {
    const deadline = performance.now() + patience
    for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
      try {
        return work()
      } catch (error) {
        if (!isBusy(error)) throw isOutOfReach(error) ? new ServiceUnavailableError(5, { cause: error }) : error
        if (performance.now() > deadline) throw new ServiceUnavailableError(1, { cause: error })
      }
      await sleep(pause)
    }
  }

  private prepare(text: string): Prepared {
    const known = this.prepared.get(text)
    if (known) return known
    try {
      // A bare parameter makes SQLite, built as it is, plan joins and sorts anew for each value; behind a plus it plans once.
      const made = this.database.prepare(text.replaceAll(/\$(\d+)/g, '+?$1'))
      this.prepared.set(text, made)
      return made
    } catch (error) {
      throw isOutOfReach(error) ? new ServiceUnavailableError(5, { cause: error }) : error
    }
  }
}

/** SQLite counts `?1` among the named parameters. */
function parameters(values: readonly SqlValue[]): object {
  const named: Record<number, SqlValue> = {}
  for (const [index, value] of values.entries()) named[index + 1] = value
  return named
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Somebody was faster: a name is taken, or what is referred to is gone. */
function isContradicted(error: unknown): boolean {
  return /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY|FOREIGNKEY)$/.test(codeOf(error))
}

function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY') || codeOf(error).startsWith('SQLITE_LOCKED')
}

function isOutOfReach(error: unknown): boolean {
  return (
    /^SQLITE_(IOERR|CANTOPEN|FULL|READONLY|NOTADB|CORRUPT)/.test(codeOf(error)) ||
    String(error).includes('connection is not open')
  )
}
