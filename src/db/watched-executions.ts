import { isIdle } from './sessions.ts'
import { type Row, readDate, readFlag, readOptional, type SqlDatabase } from './sql.ts'

/** How many are asked about in one statement: few texts, so that each is prepared once. */
const batches = [20, 500] as const

/** Looks at many executions at once: what has become of them while others watch. */
export class SqlWatchedExecutions {
  private readonly sql: SqlDatabase
  private readonly now: () => Date

  constructor(sql: SqlDatabase, now: () => Date) {
    this.sql = sql
    this.now = now
  }

  /** The sequences of those that have not run out, in sessions that have not ended, of accounts that are active. */
  async standing(executionIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const now = this.now()
    const standing = new Map<string, number>()
    const [small, large] = batches
    const size = executionIds.length <= small ? small : large
    for (let first = 0; first < executionIds.length; first += size) {
      const ids = executionIds.slice(first, first + size)
      const values = Array.from({ length: size }, (_, index) => ids[index] ?? null)
      for (const row of await this.sql.rows({ text: selects[size], values })) {
        if (mayBeWatched(row, now)) standing.set(String(row.id), Number(row.sequence))
      }
    }
    return standing
  }
}

function select(size: number): string {
  const places = Array.from({ length: size }, (_, index) => `$${index + 1}`).join(', ')
  return `SELECT e."id", e."sequence", e."expiresAt" AS "runsOutAt", s."expiresAt", s."lastSeenAt", s."idleSeconds", u."isActive"
    FROM "Execution" e JOIN "Session" s ON s."id" = e."sessionId" LEFT JOIN "User" u ON u."id" = s."userId"
    WHERE e."id" IN (${places})`
}

const selects = { 20: select(20), 500: select(500) } as const

function mayBeWatched(row: Row, now: Date): boolean {
  if (readDate(row.runsOutAt) <= now || readDate(row.expiresAt) <= now) return false
  if (isIdle(readDate(row.lastSeenAt), readOptional(row.idleSeconds, Number), now)) return false
  // Nobody's session has no account that could be closed.
  return readOptional(row.isActive, readFlag) ?? true
}
