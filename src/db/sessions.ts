import { forgetSteps } from './execution-steps.ts'
import { forgetMessages } from './message-queue.ts'
import { readDate, readFlag, readOptional, type SqlDatabase, writeDate } from './sql.ts'

/** A session as its owner sees it in a list. */
export interface SessionSummary {
  readonly id: string
  readonly clientIp: string
  readonly userAgent: string
  readonly authMethod: string | undefined
  readonly createdAt: Date
  readonly lastSeenAt: Date
  readonly expiresAt: Date
  readonly persistent: boolean
}

const selectExecutions = `SELECT e."id" FROM "Execution" e JOIN "Session" s ON s."id" = e."sessionId" WHERE s."id" = $1 AND s."userId" = $2`

/** A user's own sessions: listed and revoked. */
export class SqlSessionDirectory {
  private readonly sql: SqlDatabase
  private readonly now: () => Date

  constructor(sql: SqlDatabase, now: () => Date) {
    this.sql = sql
    this.now = now
  }

  /** The live ones, the one used last first. */
  async list(userId: number): Promise<readonly SessionSummary[]> {
    const text = `SELECT "id", "clientIp", "userAgent", "authMethod", "createdAt", "lastSeenAt", "expiresAt", "persistent", "idleSeconds"
      FROM "Session" WHERE "userId" = $1 AND "expiresAt" > $2 ORDER BY "lastSeenAt" DESC, "id" LIMIT 200`
    const now = this.now()
    const rows = await this.sql.rows({ text, values: [userId, writeDate(now)] })
    const live = rows.filter((row) => !isIdle(readDate(row.lastSeenAt), readOptional(row.idleSeconds, Number), now))
    return live.map((row) => ({
      id: String(row.id),
      clientIp: String(row.clientIp),
      userAgent: String(row.userAgent),
      authMethod: readOptional(row.authMethod, String),
      createdAt: readDate(row.createdAt),
      lastSeenAt: readDate(row.lastSeenAt),
      expiresAt: readDate(row.expiresAt),
      persistent: readFlag(row.persistent),
    }))
  }

  /** Ends one of the user's sessions with all that runs in it: the executions that it had; undefined when it is not theirs. */
  async revoke(id: string, userId: number): Promise<readonly string[] | undefined> {
    if (!/^[\w-]{1,64}$/.test(id)) return undefined
    const values = [id, userId]
    const executions = await this.sql.rows({ text: selectExecutions, values })
    const ended = await this.sql.write([{ text: `DELETE FROM "Session" WHERE "id" = $1 AND "userId" = $2`, values }], 0)
    return ended ? executions.map((row) => String(row.id)) : undefined
  }

  /** Deletes what has ended: sessions, and executions that nobody may ask about any more. */
  async sweep(): Promise<void> {
    const now = this.now()
    const hourAgo = writeDate(new Date(now.getTime() - 3_600_000))
    await this.sql.write([{ text: `DELETE FROM "Session" WHERE "expiresAt" < $1`, values: [hourAgo] }])
    await this.sql.write([{ text: `DELETE FROM "Execution" WHERE "expiresAt" < $1`, values: [hourAgo] }])
    await this.sql.write([{ text: `DELETE FROM "FlowToken" WHERE "expiresAt" < $1`, values: [hourAgo] }])
    await this.sql.write([{ text: `DELETE FROM "Consent" WHERE "expiresAt" < $1`, values: [hourAgo] }])
    await this.sql.write([{ text: forgetMessages, values: [hourAgo] }])
    await this.sql.write([{ text: forgetSteps, values: [hourAgo] }])
  }
}

/** Whether nobody has used a session for longer than it may go unused. */
export function isIdle(lastSeenAt: Date, idleSeconds: number | undefined, now: Date): boolean {
  return idleSeconds !== undefined && lastSeenAt.getTime() + idleSeconds * 1000 <= now.getTime()
}
