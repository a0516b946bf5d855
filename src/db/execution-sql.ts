import { executionColumns, sessionColumns, userColumns } from './rows.ts'

/** How many executions one session may have at once; the one longest untouched makes room. */
export const mostExecutionsPerSession = 20

/** The revision alone, for a request without a session. */
export const selectRevision = 'SELECT "revision" FROM "ConfigRevision" WHERE "id" = 1'

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
    WHERE c."id" = 1 ${execution === 'rest' ? 'ORDER BY CASE WHEN e."flowSlug" = $2 THEN 0 ELSE 1 END, CASE WHEN e."restKey" = $2 THEN 0 ELSE 1 END LIMIT 1' : ''}`
}

/** By what names the session, and by what names the execution. */
export const selects = {
  handle: { none: selectBy('handle', 'none'), id: selectBy('handle', 'id'), rest: selectBy('handle', 'rest') },
  id: { none: selectBy('id', 'none'), id: selectBy('id', 'id'), rest: selectBy('id', 'rest') },
} as const

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
const inserted = ['id', 'sessionId', 'createdAt', ...updated] as const

/** `$1` id, `$2` session, `$3` creation, then as in an update; at last the id and sequence of what it may replace. */
export const insertExecution = `INSERT INTO "Execution" (${inserted.map((name) => `"${name}"`).join(', ')})
  VALUES (${inserted.map((_, index) => `$${index + 1}`).join(', ')})
  ON CONFLICT ("sessionId", "restKey") DO UPDATE SET ${inserted.map((name) => `"${name}" = excluded."${name}"`).join(', ')}
  WHERE "Execution"."flowSlug" <> "Execution"."restKey" OR ("Execution"."id" = $${inserted.length + 1} AND "Execution"."sequence" = $${inserted.length + 2})`
/** `$1` id, `$2` the sequence that must stand, then what it becomes. */
export const updateExecution = `UPDATE "Execution" SET ${updated.map((name, index) => `"${name}" = $${index + 3}`).join(', ')} WHERE "id" = $1 AND "sequence" = $2`
export const insertDefinition = `INSERT INTO "FlowDefinition" ("id", "content", "createdAt") VALUES ($1, $2, $3) ON CONFLICT ("id") DO NOTHING`
// A new execution (`$4`) leaves the session its newest ones, and no other at its own address (`$2`, `$3`).
export const makeRoom = `DELETE FROM "Execution" WHERE "sessionId" = $1 AND "id" <> $4 AND ("restKey" IS NULL OR "restKey" <> $2) AND ("restKey" IS NOT NULL AND "flowSlug" = $3 OR "id" IN (
  SELECT "id" FROM "Execution" WHERE "sessionId" = $1 AND "id" <> $4 AND ("restKey" IS NULL OR "restKey" <> $2)
  ORDER BY "updatedAt" DESC LIMIT 1000 OFFSET ${mostExecutionsPerSession - 1})) AND /* if guarded */ 1=1`
// What has been led into another flow takes the place of what was under way there.
export const takePlace = `DELETE FROM "Execution" WHERE "sessionId" = $1 AND "id" <> $2 AND "restKey" IS NOT NULL AND "flowSlug" = $3 AND /* if guarded */ 1=1`
export const touch = `UPDATE "Session" SET "lastSeenAt" = $2 WHERE "id" = $1`
export const cancelAddressed = `UPDATE "Execution" SET "restKey" = NULL, "status" = 'cancelled', "sequence" = "sequence" + 1, "expiresAt" = $2 WHERE "sessionId" = $1 AND "restKey" IS NOT NULL`
export const selectAddressed = `SELECT "id" FROM "Execution" WHERE "sessionId" = $1 AND "restKey" IS NOT NULL AND "status" = 'active' AND "expiresAt" > $2
  ORDER BY "updatedAt" DESC LIMIT ${mostExecutionsPerSession}`
