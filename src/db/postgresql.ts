import { hash } from 'node:crypto'
import pg from 'pg'
import { ServiceUnavailableError } from '../flow/errors.ts'
import type { Row, SqlDatabase, SqlValue, Statement } from './sql.ts'

/** Opens a pool that gives up in seconds rather than holding requests. */
export function openPostgresql(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 5000,
    statement_timeout: 15_000,
    application_name: 'stagedoor',
    // The hot statements are planned once, while tables may still be empty: a scan would be right then, and costly ever after.
    options: '-c enable_seqscan=off -c jit=off',
  })
  // An idle connection that the server closes is replaced at the next query, which reports what is wrong.
  pool.on('error', () => undefined)
  return pool
}

interface Combined {
  readonly name: string
  readonly text: string
}

/** The hot path's SQL on PostgreSQL: several writes are one statement of common table expressions, prepared once a connection. */
export class PostgresqlSql implements SqlDatabase {
  readonly provider = 'postgresql'
  readonly counts = { reads: 0, writes: 0 }
  private readonly pool: pg.Pool
  private readonly combined = new Map<string, Combined>()

  constructor(pool: pg.Pool) {
    this.pool = pool
  }

  async rows({ text, values }: Statement): Promise<readonly Row[]> {
    this.counts.reads += 1
    return this.query({ name: nameOf(text), text }, values)
  }

  async write(statements: readonly Statement[], ...guards: readonly number[]): Promise<boolean> {
    this.counts.writes += 1
    if (guards.length > 1) return this.transaction(statements, guards)
    const [guard] = guards
    const key = `${guard} ${statements.map(({ text }) => text).join(';')}`
    const combined = this.combined.get(key) ?? combine(statements, guard)
    this.combined.set(key, combined)
    try {
      const rows = await this.query(
        combined,
        statements.flatMap(({ values }) => values),
      )
      return rows.length > 0
    } catch (error) {
      if (guard !== undefined && isContradicted(error)) return false
      throw error
    }
  }

  /** What several rows must agree to takes a transaction: only a row that is locked tells what it will be. */
  private async transaction(statements: readonly Statement[], guards: readonly number[]): Promise<boolean> {
    const client = await this.reachably(() => this.pool.connect())
    try {
      await client.query('BEGIN')
      for (const [index, { text, values }] of statements.entries()) {
        const { rowCount } = await client.query({ name: nameOf(text), text, values: [...values] })
        if (rowCount !== 0 || !guards.includes(index)) continue
        await client.query('ROLLBACK')
        return false
      }
      await client.query('COMMIT')
      return true
    } catch (error) {
      // On a lost connection the server has rolled back already.
      await client.query('ROLLBACK').catch(() => undefined)
      if (isContradicted(error)) return false
      throw reported(error)
    } finally {
      client.release()
    }
  }

  private async query({ name, text }: Combined, values: readonly SqlValue[]): Promise<readonly Row[]> {
    return (await this.reachably(() => this.pool.query({ name, text, values: [...values] }))).rows
  }

  private async reachably<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      throw reported(error)
    }
  }
}

/** `WITH s0 AS (...), s1 AS (...) SELECT FROM s<guard>`: one snapshot, one commit. */
function combine(statements: readonly Statement[], guard?: number): Combined {
  let offset = 0
  const parts = statements.map(({ text, values }, index) => {
    const shifted = text.replaceAll(/\$(\d+)/g, (_, number) => `$${Number(number) + offset}`)
    offset += values.length
    // What depends on the guard says so with a condition that SQLite, which stops at a guard that failed, takes for true.
    const guarded =
      guard === undefined || index === guard
        ? shifted
        : shifted.replaceAll('/* if guarded */ 1=1', `EXISTS (SELECT 1 FROM s${guard})`)
    return `s${index} AS (${guarded} RETURNING 1)`
  })
  const text = `WITH ${parts.join(', ')} SELECT 1${guard === undefined ? '' : ` FROM s${guard}`}`
  return { name: nameOf(text), text }
}

function nameOf(text: string): string {
  return hash('sha1', text, 'base64url')
}

function reported(error: unknown): unknown {
  return isOutOfReach(error) ? new ServiceUnavailableError(5, { cause: error }) : error
}

/** Somebody was faster: a name is taken (23505), or what is referred to is gone (23503). */
function isContradicted(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '23505' || error.code === '23503')
}

/** Classes 08 (connection), 40 (lost to another transaction), 53 (resources) and 57 (operator intervention), and what the socket says. */
function isOutOfReach(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (/^(08|40|53|57)/.test(code) || /^(ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH)/.test(code)) return true
  return /Connection terminated|timeout exceeded when trying to connect|Cannot use a pool after calling end/.test(String(error))
}
