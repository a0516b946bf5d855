import { randomUUID } from 'node:crypto'
import type { SecretBox } from '../credentials/secret-box.ts'
import type { AuditEvent, Effect, SignIn } from '../flow/effects.ts'
import type { ExecutionWrite } from '../flow/ports.ts'
import type { Visitor } from '../flow/session.ts'
import { sealAuthenticator } from './authenticators.ts'
import { type Statement, writeDate, writeFlag } from './sql.ts'

const insertEvent = `INSERT INTO "Event" ("id", "action", "app", "userId", "username", "clientIp", "requestId", "context", "createdAt") SELECT $1, $2, 'stagedoor', $3, $4, $5, $6, $7, $8 WHERE /* if guarded */ 1=1`
const deleteOtherExecutions = `DELETE FROM "Execution" WHERE "sessionId" = $1 AND "id" <> $2 AND /* if guarded */ 1=1`
const deleteOtherSessions = `DELETE FROM "Session" WHERE "userId" = $1 AND "id" <> $2 AND /* if guarded */ 1=1`
const noteLogin = `UPDATE "User" SET "lastLoginAt" = $2 WHERE "id" = $1 AND /* if guarded */ 1=1`
const upgradeHash = `UPDATE "User" SET "passwordHash" = $3 WHERE "id" = $1 AND "passwordHash" = $2 AND /* if guarded */ 1=1`
const noteLoginAndUpgrade = `UPDATE "User" SET "lastLoginAt" = $2, "passwordHash" = CASE WHEN "passwordHash" = $3 THEN $4 ELSE "passwordHash" END
  WHERE "id" = $1 AND /* if guarded */ 1=1`

const insertAuthenticator = `INSERT INTO "Authenticator" ("id", "userId", "kind", "stageId", "name", "confirmed", "sealed", "version", "failures", "createdAt", "lookup")
  SELECT $1, $2, $3, $4, $5, $6, $7, 1, 0, $8, $9 WHERE /* if guarded */ 1=1`
// What was begun with the same stage is finished with this one (`$5`), or gives way to it.
const dropBegun = `DELETE FROM "Authenticator" WHERE "userId" = $1 AND "kind" = $2 AND "stageId" = $3 AND "confirmed" = $4 AND "id" <> $5 AND /* if guarded */ 1=1`
const useAuthenticator = `UPDATE "Authenticator" SET "sealed" = $3, "lastUsedAt" = $4, "version" = "version" + 1, "failures" = 0, "lastFailedAt" = NULL
  WHERE "id" = $1 AND "version" = $2`
const failAuthenticator = `UPDATE "Authenticator" SET "failures" = "failures" + 1, "lastFailedAt" = $2, "version" = "version" + 1
  WHERE "id" = $1 AND /* if guarded */ 1=1`

/** What happens to authenticators. Of two answers that the same proof would pass, only the first finds the version it saw. */
export function authenticatorStatements(effects: readonly Effect[], box: SecretBox, now: Date): readonly GuardedStatement[] {
  return effects.flatMap((effect): GuardedStatement[] => {
    switch (effect.type) {
      case 'add_authenticator': {
        const { userId, kind, stageId, name, data, lookup, confirmed = true } = effect.authenticator
        const id = randomUUID()
        const values = [
          id,
          userId,
          kind,
          stageId ?? null,
          name,
          writeFlag(confirmed),
          sealAuthenticator(id, data, box),
          writeDate(now),
          lookup ?? null,
        ]
        const begun = [userId, kind, stageId ?? null, writeFlag(false), id]
        return [
          { text: insertAuthenticator, values, guards: false },
          { text: dropBegun, values: begun, guards: false },
        ]
      }
      case 'use_authenticator': {
        const { id, version, data } = effect
        return [{ text: useAuthenticator, values: [id, version, sealAuthenticator(id, data, box), writeDate(now)], guards: true }]
      }
      case 'fail_authenticator':
        return [{ text: failAuthenticator, values: [effect.id, writeDate(now)], guards: false }]
      default:
        return []
    }
  })
}

/** A statement, and whether it must touch a row. */
export interface GuardedStatement extends Statement {
  readonly guards: boolean
}

/** The places of those that must, in a list that they begin at `first` of. */
export function guardsOf(statements: readonly GuardedStatement[], first: number): readonly number[] {
  return statements.flatMap(({ guards }, index) => (guards ? [first + index] : []))
}

/** What a change of the session's user takes with it. */
export function ownershipStatements(
  change: ExecutionWrite,
  sessionId: string,
  signIn: SignIn | undefined,
  now: Date,
): Statement[] {
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
export function accountStatements(effects: readonly Effect[], signIn: SignIn | undefined, now: Date): Statement[] {
  const upgrades = effects.filter((effect) => effect.type === 'upgrade_password_hash')
  const ofSignIn = upgrades.find(({ userId }) => userId === signIn?.userId)
  const statements = upgrades
    .filter((upgrade) => upgrade !== ofSignIn)
    .map(({ userId, from, to }) => ({ text: upgradeHash, values: [userId, from, to] }))
  if (!signIn) return statements
  if (!ofSignIn) return [...statements, { text: noteLogin, values: [signIn.userId, writeDate(now)] }]
  return [...statements, { text: noteLoginAndUpgrade, values: [signIn.userId, writeDate(now), ofSignIn.from, ofSignIn.to] }]
}

/** An entry of the audit trail. */
export function eventStatement(
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
