import { randomUUID } from 'node:crypto'
import { equalsInConstantTime, sha256Hex } from '../credentials/random.ts'
import type { SecretBox } from '../credentials/secret-box.ts'
import type { AuditEvent, Effect, SignIn } from '../flow/effects.ts'
import type { ExecutionSelector, ExecutionStore, ExecutionWrite, Opened } from '../flow/ports.ts'
import type { IssuedHandle, SessionKey, Visitor } from '../flow/session.ts'
import {
  executionColumns,
  readExecution,
  readSession,
  readUser,
  type StoredSession,
  sealExecution,
  sessionColumns,
  userColumns,
} from './rows.ts'
import { handleAfter, rotationGrace, SessionChange, type SessionLifetimes } from './session-change.ts'
import { type SqlDatabase, type Statement, writeDate } from './sql.ts'

/** How many executions one session may have at once; the one longest untouched makes room. */
export const mostExecutionsPerSession = 20

/** How often a session's last use is noted (milliseconds). */
const touchEvery = 60_000

const selectRevision = 'SELECT "revision" FROM "ConfigRevision" WHERE "id" = 1'

const sessionBy = { handle: 's."handleHash" = $1 OR s."previousHandleHash" = $1', id: 's."id" = $1', none: '' } as const
const executionBy = {
  none: '1 = 0 AND e."id" = $2',
  id: 'e."id" = $2',
  // By the flow it is in now; by the one it has left only where nothing else answers to that slug.
  rest: 'e."restKey" IS NOT NULL AND (e."flowSlug" = $2 OR e."restKey" = $2)',
} as const

function selectBy(session: 'handle' | 'id', execution: keyof typeof executionBy): string {
  return `SELECT c."revision", ${sessionColumns('s')}, ${userColumns('u')}, ${executionColumns('e')}, ${userColumns('p')}
    FROM "ConfigRevision" c
    LEFT JOIN "Session" s ON ${sessionBy[session]}
    LEFT JOIN "User" u ON u."id" = s."userId"
    LEFT JOIN "Execution" e ON e."sessionId" = s."id" AND ${executionBy[execution]}
    LEFT JOIN "User" p ON p."id" = e."pendingUserId"
    WHERE c."id" = 1 ${execution === 'rest' ? 'ORDER BY CASE WHEN e."flowSlug" = $2 THEN 0 ELSE 1 END LIMIT 1' : ''}`
}

const selects = {
  handle: { none: selectBy('handle', 'none'), id: selectBy('handle', 'id'), rest: selectBy('handle', 'rest') },
  id: { none: selectBy('id', 'none'), id: selectBy('id', 'id'), rest: selectBy('id', 'rest') },
} as const

const inserted = [
  'id',
  'sessionId',
  'createdAt',
  'restKey',
  'flowSlug',
  'definitionId',
  'sequence',
  'stepToken',
  'status',
  'pendingUserId',
  'plan',
  'sealed',
  'updatedAt',
  'expiresAt',
] as const
const insertExecution = `INSERT INTO "Execution" (${inserted.map((name) => `"${name}"`).join(', ')})
  VALUES (${inserted.map((_, index) => `$${index + 1}`).join(', ')})
  ON CONFLICT ("sessionId", "restKey") DO UPDATE SET ${inserted.map((name) => `"${name}" = excluded."${name}"`).join(', ')}`
const updated = [
  'flowSlug',
  'definitionId',
  'sequence',
  'stepToken',
  'status',
  'pendingUserId',
  'plan',
  'sealed',
  'updatedAt',
  'expiresAt',
  'restKey',
] as const
const updateExecution = `UPDATE "Execution" SET ${updated.map((name, index) => `"${name}" = $${index + 3}`).join(', ')} WHERE "id" = $1 AND "sequence" = $2`
const insertDefinition = `INSERT INTO "FlowDefinition" ("id", "content", "createdAt") VALUES ($1, $2, $3) ON CONFLICT ("id") DO NOTHING`
const insertEvent = `INSERT INTO "Event" ("id", "action", "app", "userId", "username", "clientIp", "requestId", "context", "createdAt") SELECT $1, $2, 'stagedoor', $3, $4, $5, $6, $7, $8 WHERE /* if guarded */ 1=1`
// The execution that a new one replaces is not this statement's to delete as well.
const makeRoom = `DELETE FROM "Execution" WHERE "sessionId" = $1 AND ("restKey" IS NULL OR "restKey" <> $2) AND ("restKey" IS NOT NULL AND "flowSlug" = $3 OR "id" IN (
  SELECT "id" FROM "Execution" WHERE "sessionId" = $1 ORDER BY "updatedAt" DESC LIMIT 1000 OFFSET ${mostExecutionsPerSession - 1}))`
// What has been led into another flow takes the place of what was under way there.
const takePlace = `DELETE FROM "Execution" WHERE "sessionId" = $1 AND "id" <> $2 AND "restKey" IS NOT NULL AND "flowSlug" = $3 AND /* if guarded */ 1=1`
const deleteOtherExecutions = `DELETE FROM "Execution" WHERE "sessionId" = $1 AND "id" <> $2 AND /* if guarded */ 1=1`
const deleteOtherSessions = `DELETE FROM "Session" WHERE "userId" = $1 AND "id" <> $2 AND /* if guarded */ 1=1`
const noteLogin = `UPDATE "User" SET "lastLoginAt" = $2 WHERE "id" = $1 AND /* if guarded */ 1=1`
const upgradeHash = `UPDATE "User" SET "passwordHash" = $3 WHERE "id" = $1 AND "passwordHash" = $2 AND /* if guarded */ 1=1`
const noteLoginAndUpgrade = `UPDATE "User" SET "lastLoginAt" = $2, "passwordHash" = CASE WHEN "passwordHash" = $3 THEN $4 ELSE "passwordHash" END
  WHERE "id" = $1 AND /* if guarded */ 1=1`
const touch = `UPDATE "Session" SET "lastSeenAt" = $2 WHERE "id" = $1`
const cancelAddressed = `UPDATE "Execution" SET "restKey" = NULL, "status" = 'cancelled', "expiresAt" = $2 WHERE "sessionId" = $1 AND "restKey" IS NOT NULL`

/** Executions and sessions by hand-written SQL: a step is one read and one write. */
export class SqlExecutionStore implements ExecutionStore {
  private readonly sql: SqlDatabase
  private readonly box: SecretBox
  private readonly now: () => Date
  private readonly sessions: SessionChange
  /** Definitions that are known to be stored. Bounded by what operators edit while the server runs. */
  private readonly storedDefinitions = new Set<string>()

  constructor(sql: SqlDatabase, box: SecretBox, lifetimes: SessionLifetimes, now: () => Date) {
    this.sql = sql
    this.box = box
    this.now = now
    this.sessions = new SessionChange(box, lifetimes)
  }

  async open(key: SessionKey, which: ExecutionSelector): Promise<Opened> {
    const nobody = {
      session: undefined,
      sessionUser: undefined,
      execution: undefined,
      pendingUser: undefined,
      reissue: undefined,
    }
    if (key.type === 'none') {
      const [row] = await this.sql.rows({ text: selectRevision, values: [] })
      return { ...nobody, revision: Number(row?.revision) }
    }
    const wanted = which.type === 'id' ? which.id : which.type === 'rest' ? which.slug : ''
    const keyText = key.type === 'handle' ? sha256Hex(key.handle) : key.id
    const [row] = await this.sql.rows({ text: selects[key.type][which.type], values: [keyText, wanted] })
    const revision = Number(row?.revision)
    const session = row && readSession(row, 's')
    const sessionUser = row && readUser(row, 'u')
    if (!session || this.hasEnded(session) || (sessionUser && !sessionUser.isActive)) return { ...nobody, revision }

    const reissue = key.type === 'handle' ? this.reissue(session, key.handle) : undefined
    if (reissue === 'too late') return { ...nobody, revision }
    await this.note(session)
    return {
      revision,
      session,
      sessionUser,
      execution: readExecution(row, 'e', this.box),
      pendingUser: readUser(row, 'p'),
      reissue,
    }
  }

  async write(change: ExecutionWrite): Promise<{ saved: boolean; issued?: IssuedHandle; sessionId: string }> {
    const now = this.now()
    const { visitor, effects } = change
    const ownership = effects.filter((effect) => effect.type === 'sign_in' || effect.type === 'sign_out')
    const signIn = ownership.at(-1)?.type === 'sign_in' ? (ownership.at(-1) as SignIn) : undefined
    const created = change.session ? undefined : this.sessions.create(visitor, signIn, now)
    const sessionId = change.session?.id ?? created?.id ?? ''
    const rotated =
      change.session && ownership.length > 0 ? this.sessions.rotate(change.session, visitor, signIn, now) : undefined

    const { id, restKey = '', flowSlug } = change.execution
    const makesRoom = change.session && change.after === undefined
    const takesPlace = change.after !== undefined && restKey !== '' && restKey !== flowSlug
    const before = [
      ...(created ? [created.statement] : []),
      ...this.definitionStatements(change, now),
      // A slug names one execution of a session, whichever flow that was started with.
      ...(makesRoom ? [{ text: makeRoom, values: [sessionId, restKey, restKey && flowSlug] }] : []),
    ]
    const statements = [
      ...before,
      this.executionStatement(change, sessionId),
      ...(takesPlace ? [{ text: takePlace, values: [sessionId, id, flowSlug] }] : []),
      ...(rotated ? [rotated.statement] : []),
      ...(ownership.length > 0 ? ownershipStatements(change, sessionId, signIn, now) : []),
      ...accountStatements(effects, signIn, now),
      ...effects.flatMap((effect) => (effect.type === 'audit' ? [eventStatement(effect.event, visitor, now)] : [])),
    ]
    const saved = await this.sql.write(statements, before.length)
    if (saved) this.storedDefinitions.add(change.definition.id)
    const issued = created?.issued ?? rotated?.issued
    return { saved, sessionId, ...(saved && issued && { issued }) }
  }

  /** Ends what authentik's clients of a session have under way, whatever the flow. */
  async cancelAddressed(key: SessionKey): Promise<void> {
    const { session, reissue } = await this.open(key, { type: 'none' })
    if (session && !reissue) await this.sql.write([{ text: cancelAddressed, values: [session.id, writeDate(this.now())] }])
  }

  /** Writes an entry of the audit trail that no execution carries. */
  async record(event: AuditEvent, visitor: Pick<Visitor, 'clientIp' | 'requestId'>): Promise<void> {
    await this.sql.write([eventStatement(event, visitor, this.now())])
  }

  private hasEnded({ expiresAt, lastSeenAt, idleSeconds }: StoredSession): boolean {
    const now = this.now().getTime()
    return expiresAt.getTime() <= now || (idleSeconds !== undefined && lastSeenAt.getTime() + idleSeconds * 1000 <= now)
  }

  /** The current handle, for who comes with the one before it while a lost reply may still be asked for. */
  private reissue(session: StoredSession, handle: string): IssuedHandle | 'too late' | undefined {
    if (equalsInConstantTime(session.handleHash, sha256Hex(handle))) return undefined
    const { rotationNonce, rotatedAt } = session
    if (!rotationNonce || !rotatedAt || this.now().getTime() - rotatedAt.getTime() > rotationGrace) return 'too late'
    const current = handleAfter(handle, rotationNonce, session.userId !== undefined, this.box)
    if (!equalsInConstantTime(session.handleHash, sha256Hex(current))) return 'too late'
    const left = Math.floor((session.expiresAt.getTime() - this.now().getTime()) / 1000)
    return { handle: current, maxAge: session.persistent ? left : undefined }
  }

  private async note({ id, lastSeenAt }: StoredSession): Promise<void> {
    const now = this.now()
    if (now.getTime() - lastSeenAt.getTime() < touchEvery) return
    await this.sql.write([{ text: touch, values: [id, writeDate(now)] }])
  }

  private definitionStatements({ definition }: ExecutionWrite, now: Date): Statement[] {
    if (this.storedDefinitions.has(definition.id)) return []
    const { id, ...content } = definition
    return [{ text: insertDefinition, values: [id, JSON.stringify(content), writeDate(now)] }]
  }

  private executionStatement({ execution, after }: ExecutionWrite, sessionId: string): Statement {
    const pending = execution.plan.context.pending_user
    const moving = [
      execution.flowSlug,
      execution.definitionId,
      execution.sequence,
      execution.stepToken,
      execution.status,
      pending?.known ? pending.id : null,
      JSON.stringify(execution.plan),
      sealExecution(execution, this.box),
      writeDate(execution.updatedAt),
      writeDate(execution.expiresAt),
    ]
    const restKey = execution.restKey ?? null
    if (after !== undefined) return { text: updateExecution, values: [execution.id, after, ...moving, restKey] }
    return { text: insertExecution, values: [execution.id, sessionId, writeDate(execution.createdAt), restKey, ...moving] }
  }
}

function ownershipStatements(change: ExecutionWrite, sessionId: string, signIn: SignIn | undefined, now: Date): Statement[] {
  const { visitor, session, execution } = change
  const statements: Statement[] = []
  // What ran for one person must not go on for another.
  if (session?.userId !== undefined && session.userId !== signIn?.userId) {
    statements.push({ text: deleteOtherExecutions, values: [sessionId, execution.id] })
    statements.push(eventStatement({ action: 'logout', userId: session.userId }, visitor, now))
  }
  if (!signIn) return statements
  if (signIn.terminateOtherSessions) statements.push({ text: deleteOtherSessions, values: [signIn.userId, sessionId] })
  const context = { auth_method: signIn.authMethod ?? null, flow: execution.flowSlug }
  statements.push(eventStatement({ action: 'login', userId: signIn.userId, username: signIn.username, context }, visitor, now))
  return statements
}

/** PostgreSQL changes a row once a statement: what happens to one account is written together. */
function accountStatements(effects: readonly Effect[], signIn: SignIn | undefined, now: Date): Statement[] {
  const upgrades = effects.filter((effect) => effect.type === 'upgrade_password_hash')
  const ofSignIn = upgrades.find(({ userId }) => userId === signIn?.userId)
  const statements = upgrades
    .filter((upgrade) => upgrade !== ofSignIn)
    .map(({ userId, from, to }) => ({ text: upgradeHash, values: [userId, from, to] }))
  if (!signIn) return statements
  if (!ofSignIn) return [...statements, { text: noteLogin, values: [signIn.userId, writeDate(now)] }]
  return [...statements, { text: noteLoginAndUpgrade, values: [signIn.userId, writeDate(now), ofSignIn.from, ofSignIn.to] }]
}

function eventStatement(
  { action, userId, username, context }: AuditEvent,
  visitor: Pick<Visitor, 'clientIp' | 'requestId'>,
  now: Date,
): Statement {
  const values = [
    randomUUID(),
    action,
    userId ?? null,
    username ?? '',
    visitor.clientIp,
    visitor.requestId,
    JSON.stringify(context ?? {}),
    writeDate(now),
  ]
  return { text: insertEvent, values }
}
