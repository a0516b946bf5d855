import { randomUUID } from 'node:crypto'
import type { Consent, NewUser, SourceConnection, UserChange } from '../flow/accounts.ts'
import type { Effect } from '../flow/effects.ts'
import { normalizeIdentifier } from '../flow/user.ts'
import type { GuardedStatement } from './effect-statements.ts'
import { type SqlValue, type Statement, writeDate, writeFlag } from './sql.ts'

const createUser = `INSERT INTO "User" ("id", "uuid", "username", "usernameNormalized", "name", "email", "emailNormalized", "isActive",
  "type", "path", "attributes", "passwordHash", "passwordChangedAt", "createdAt", "updatedAt")
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $13)`
const joinGroup = `INSERT INTO "GroupMember" ("groupId", "userId") SELECT "id", $2 FROM "Group" WHERE "id" = $1
  ON CONFLICT ("groupId", "userId") DO NOTHING`
const deleteUser = `DELETE FROM "User" WHERE "id" = $1`
const endSessions = `DELETE FROM "Session" WHERE "userId" = $1 AND "id" <> $2`
const spendTokens = `UPDATE "FlowToken" SET "usedAt" = $2 WHERE "userId" = $1 AND "usedAt" IS NULL`
const grantConsent = `INSERT INTO "Consent" ("userId", "application", "permissions", "expiresAt", "createdAt") VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT ("userId", "application") DO UPDATE SET "permissions" = excluded."permissions", "expiresAt" = excluded."expiresAt"`
const useInvitation = `DELETE FROM "Invitation" WHERE "id" = $1`
const connectSource = `INSERT INTO "SourceConnection" ("source", "identifier", "userId", "createdAt") VALUES ($1, $2, $3, $4)`
const useFlowToken = `UPDATE "FlowToken" SET "usedAt" = $2 WHERE "hash" = $1 AND "usedAt" IS NULL AND "expiresAt" > $2`

/** New accounts, which must stand before anything refers to them. A name that is taken refuses all that is written with it. */
export function newAccountStatements(effects: readonly Effect[], now: Date): readonly GuardedStatement[] {
  return effects.flatMap((effect) => (effect.type === 'create_user' ? createStatements(effect.user, now) : []))
}

/** What changes about accounts, and what hangs on them. */
export function accountChangeStatements(effects: readonly Effect[], sessionId: string, now: Date): readonly GuardedStatement[] {
  return effects.flatMap((effect): readonly GuardedStatement[] => {
    switch (effect.type) {
      case 'update_user':
        return updateStatements(effect.change, sessionId, now)
      case 'delete_user':
        return [{ text: deleteUser, values: [effect.userId], guards: true }]
      case 'grant_consent':
        return [{ ...consentStatement(effect.consent, now), guards: false }]
      case 'use_invitation':
        return [{ text: useInvitation, values: [effect.id], guards: true }]
      case 'connect_source':
        return [{ ...connectionStatement(effect.connection, now), guards: true }]
      case 'use_flow_token':
        return [{ text: useFlowToken, values: [effect.hash, writeDate(now)], guards: true }]
      default:
        return []
    }
  })
}

function createStatements(user: NewUser, now: Date): readonly GuardedStatement[] {
  const { id, uuid = randomUUID(), username, name, email, isActive, type, path, attributes, passwordHash, groups } = user
  const values = [
    id,
    uuid,
    username,
    normalizeIdentifier(username),
    name,
    email,
    normalizeIdentifier(email),
    writeFlag(isActive),
    type,
    path,
    JSON.stringify(attributes),
    passwordHash ?? null,
    writeDate(now),
  ]
  return [{ text: createUser, values, guards: true }, ...joinStatements(id, groups)]
}

function updateStatements({ id, groups = [], endOtherSessions, ...changes }: UserChange, sessionId: string, now: Date) {
  const columns = Object.entries(columnsOf(changes, now))
  const sets = columns.map(([name], index) => `"${name}" = $${index + 2}`).join(', ')
  const update = {
    text: `UPDATE "User" SET ${sets} WHERE "id" = $1`,
    values: [id, ...columns.map(([, value]) => value)],
    guards: true,
  }
  const newPassword = changes.passwordHash !== undefined
  return [
    update,
    ...joinStatements(id, groups),
    // A link that was mailed before must not undo it.
    ...(newPassword ? [{ text: spendTokens, values: [id, writeDate(now)], guards: false }] : []),
    ...(endOtherSessions ? [{ text: endSessions, values: [id, sessionId], guards: false }] : []),
  ]
}

/** The columns of the fields that change. Their names are ours, never a sender's. */
function columnsOf(
  changes: Omit<UserChange, 'id' | 'groups' | 'endOtherSessions'>,
  now: Date,
): Readonly<Record<string, SqlValue>> {
  const { username, name, email, isActive, type, path, attributes, passwordHash } = changes
  return {
    ...(username !== undefined && { username, usernameNormalized: normalizeIdentifier(username) }),
    ...(name !== undefined && { name }),
    ...(email !== undefined && { email, emailNormalized: normalizeIdentifier(email) }),
    ...(isActive !== undefined && { isActive: writeFlag(isActive) }),
    ...(type !== undefined && { type }),
    ...(path !== undefined && { path }),
    ...(attributes !== undefined && { attributes: JSON.stringify(attributes) }),
    ...(passwordHash !== undefined && { passwordHash, passwordChangedAt: writeDate(now) }),
    updatedAt: writeDate(now),
  }
}

function joinStatements(userId: number, groups: readonly string[]): readonly GuardedStatement[] {
  return groups.map((id) => ({ text: joinGroup, values: [id, userId], guards: false }))
}

function consentStatement({ userId, application, permissions, expiresAt }: Consent, now: Date): Statement {
  const until = expiresAt === undefined ? null : writeDate(expiresAt)
  return { text: grantConsent, values: [userId, application, permissions.join(' '), until, writeDate(now)] }
}

function connectionStatement({ source, identifier, userId }: SourceConnection, now: Date): Statement {
  return { text: connectSource, values: [source, identifier, userId, writeDate(now)] }
}
