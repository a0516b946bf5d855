import { randomUUID } from 'node:crypto'
import { type SecretBox, SecretBoxError } from '../credentials/secret-box.ts'
import type { MessageChannel, MessageQueue, OutgoingMail, OutgoingMessage, QueuedMessage } from '../flow/accounts.ts'
import type { Effect } from '../flow/effects.ts'
import type { Delivery } from '../flow/services.ts'
import type { DeliveryState } from '../flow/step.ts'
import { type Row, readOptional, type SqlDatabase, type Statement, writeDate } from './sql.ts'

const longestProblem = 500

const insert = `INSERT INTO "QueuedMessage" ("id", "channel", "sealed", "attempts", "dueAt", "problem", "createdAt", "executionId", "state")
  SELECT $1, $2, $3, 0, $4, '', $4, $5, 'queued' WHERE /* if guarded */ 1=1`
// A common table expression is evaluated once, or PostgreSQL might lock more rows than it was asked for.
const claim = (
  lock: string,
) => `WITH due AS MATERIALIZED (SELECT "id" FROM "QueuedMessage" WHERE "state" = 'queued' AND "dueAt" <= $1 AND "channel" = $4 ORDER BY "dueAt", "id" LIMIT $2${lock})
  UPDATE "QueuedMessage" SET "dueAt" = $3, "attempts" = "attempts" + 1 WHERE "id" IN (SELECT "id" FROM due)
  RETURNING "id", "channel", "sealed", "attempts", "executionId"`
const claims = { sqlite: claim(''), postgresql: claim(' FOR UPDATE SKIP LOCKED') }
const remove = `DELETE FROM "QueuedMessage" WHERE "id" = $1 AND "executionId" IS NULL`
const finish = `UPDATE "QueuedMessage" SET "state" = $2, "problem" = $3, "finishedAt" = $4, "sealed" = '' WHERE "id" = $1 AND "executionId" IS NOT NULL`
// A node that was slower than its lease must not speak for the one that has begun the message since.
const stillBegun = (attempts: number) => ` AND "state" = 'queued' AND "attempts" = $${attempts}`
const postpone = `UPDATE "QueuedMessage" SET "dueAt" = $2, "problem" = $3 WHERE "id" = $1${stillBegun(4)}`
const removeFailed = remove + stillBegun(2)
const finishFailed = finish + stillBegun(5)
const select = `SELECT "state", "problem" FROM "QueuedMessage" WHERE "id" = $1`
/** What became of messages is forgotten after a while. */
export const forgetMessages = `DELETE FROM "QueuedMessage" WHERE "finishedAt" < $1`

/** Puts a message into the queue, sealed: it holds tokens and codes. One with an id of its own is told about to its execution. */
export function messageStatement(
  message: OutgoingMessage,
  box: SecretBox,
  now: Date,
  told?: { readonly messageId: string; readonly executionId: string },
): Statement {
  const id = told?.messageId ?? randomUUID()
  const sealed = box.seal(JSON.stringify(message), contextOf(id))
  return { text: insert, values: [id, message.channel, sealed, writeDate(now), told?.executionId ?? null] }
}

/** What an effect sends. */
export function messageOf(effect: Extract<Effect, { type: 'send_mail' | 'send_sms' }>): OutgoingMessage {
  if (effect.type === 'send_mail') return { channel: 'mail', mail: effect.mail }
  const { type: _, messageId: __, ...message } = effect
  return { channel: 'sms', ...message }
}

/** Messages that wait, in the database. One that was begun is due again when its lease ends, so that a crash loses none. */
export class SqlMessageQueue implements MessageQueue {
  private readonly sql: SqlDatabase
  private readonly box: SecretBox
  private readonly now: () => Date

  constructor(sql: SqlDatabase, box: SecretBox, now: () => Date) {
    this.sql = sql
    this.box = box
    this.now = now
  }

  /** Puts all of these mails into the queue, or none. */
  async enqueue(...mails: readonly OutgoingMail[]): Promise<void> {
    await this.sql.write(mails.map((mail) => messageStatement({ channel: 'mail', mail }, this.box, this.now())))
  }

  async claim(channel: MessageChannel, most: number, lease: number): Promise<readonly QueuedMessage[]> {
    const now = this.now()
    const until = new Date(now.getTime() + lease * 1000)
    const values = [writeDate(now), most, writeDate(until), channel]
    const rows = await this.sql.rows({ text: claims[this.sql.provider], values })
    return rows.map((row) => this.read(row))
  }

  async sent(id: string): Promise<void> {
    await this.sql.write([
      { text: remove, values: [id] },
      { text: finish, values: [id, 'sent', '', writeDate(this.now())] },
    ])
  }

  async failed(
    { id, attempts }: Pick<QueuedMessage, 'id' | 'attempts'>,
    retryAt: Date | undefined,
    problem: string,
  ): Promise<void> {
    const told = problem.slice(0, longestProblem)
    if (retryAt) {
      await this.sql.write([{ text: postpone, values: [id, writeDate(retryAt), told, attempts] }])
      return
    }
    await this.sql.write([
      { text: removeFailed, values: [id, attempts] },
      { text: finishFailed, values: [id, 'failed', told, writeDate(this.now()), attempts] },
    ])
  }

  /** What became of a message that an execution may ask about. */
  async of(messageId: string): Promise<Delivery | undefined> {
    const [row] = await this.sql.rows({ text: select, values: [messageId] })
    return row && { state: String(row.state) as DeliveryState, problem: String(row.problem) }
  }

  private read(row: Row): QueuedMessage {
    const id = String(row.id)
    return {
      id,
      attempts: Number(row.attempts),
      executionId: readOptional(row.executionId, String),
      message: this.open(id, String(row.sealed)),
    }
  }

  private open(id: string, sealed: string): OutgoingMessage | undefined {
    try {
      const opened = JSON.parse(this.box.open(sealed, contextOf(id))) as OutgoingMessage | OutgoingMail
      // Mails that were queued before there were other messages.
      return 'channel' in opened ? opened : { channel: 'mail', mail: opened }
    } catch (error) {
      if (error instanceof SecretBoxError) return undefined
      throw error
    }
  }
}

function contextOf(id: string): string {
  return `mail ${id}`
}
