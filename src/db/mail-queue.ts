import { randomUUID } from 'node:crypto'
import { type SecretBox, SecretBoxError } from '../credentials/secret-box.ts'
import type { MailQueue, OutgoingMail, QueuedMail } from '../flow/accounts.ts'
import { type Row, type SqlDatabase, type Statement, writeDate } from './sql.ts'

const longestProblem = 500

const insert = `INSERT INTO "QueuedMail" ("id", "sealed", "attempts", "dueAt", "problem", "createdAt")
  SELECT $1, $2, 0, $3, '', $3 WHERE /* if guarded */ 1=1`
// A common table expression is evaluated once, or PostgreSQL might lock more rows than it was asked for.
const claim = (
  lock: string,
) => `WITH due AS MATERIALIZED (SELECT "id" FROM "QueuedMail" WHERE "dueAt" <= $1 ORDER BY "dueAt", "id" LIMIT $2${lock})
  UPDATE "QueuedMail" SET "dueAt" = $3, "attempts" = "attempts" + 1 WHERE "id" IN (SELECT "id" FROM due)
  RETURNING "id", "sealed", "attempts"`
const claims = { sqlite: claim(''), postgresql: claim(' FOR UPDATE SKIP LOCKED') }
const remove = `DELETE FROM "QueuedMail" WHERE "id" = $1`
const postpone = `UPDATE "QueuedMail" SET "dueAt" = $2, "problem" = $3 WHERE "id" = $1`

/** Puts a mail into the queue, sealed: it holds tokens and codes. */
export function mailStatement(mail: OutgoingMail, box: SecretBox, now: Date): Statement {
  const id = randomUUID()
  return { text: insert, values: [id, box.seal(JSON.stringify(mail), contextOf(id)), writeDate(now)] }
}

/** Mails that wait, in the database. One that was begun is due again when its lease ends, so that a crash loses none. */
export class SqlMailQueue implements MailQueue {
  private readonly sql: SqlDatabase
  private readonly box: SecretBox
  private readonly now: () => Date

  constructor(sql: SqlDatabase, box: SecretBox, now: () => Date) {
    this.sql = sql
    this.box = box
    this.now = now
  }

  /** Puts all of them into the queue, or none. */
  async enqueue(...mails: readonly OutgoingMail[]): Promise<void> {
    await this.sql.write(mails.map((mail) => mailStatement(mail, this.box, this.now())))
  }

  async claim(most: number, lease: number): Promise<readonly QueuedMail[]> {
    const now = this.now()
    const until = new Date(now.getTime() + lease * 1000)
    const values = [writeDate(now), most, writeDate(until)]
    const rows = await this.sql.rows({ text: claims[this.sql.provider], values })
    return rows.map((row) => this.read(row))
  }

  async sent(id: string): Promise<void> {
    await this.sql.write([{ text: remove, values: [id] }])
  }

  async failed(id: string, retryAt: Date | undefined, problem: string): Promise<void> {
    if (!retryAt) return this.sent(id)
    await this.sql.write([{ text: postpone, values: [id, writeDate(retryAt), problem.slice(0, longestProblem)] }])
  }

  private read(row: Row): QueuedMail {
    const id = String(row.id)
    return { id, attempts: Number(row.attempts), mail: this.open(id, String(row.sealed)) }
  }

  private open(id: string, sealed: string): OutgoingMail | undefined {
    try {
      return JSON.parse(this.box.open(sealed, contextOf(id))) as OutgoingMail
    } catch (error) {
      if (error instanceof SecretBoxError) return undefined
      throw error
    }
  }
}

function contextOf(id: string): string {
  return `mail ${id}`
}
