import { sha256Hex } from '../credentials/random.ts'
import type { SecretBox } from '../credentials/secret-box.ts'
import type { Effect } from '../flow/effects.ts'
import type { Execution, FlowToken } from '../flow/execution.ts'
import { type FlowPlan, withContext } from '../flow/plan.ts'
import { type Row, readJson, readOptional, type Statement, writeDate } from './sql.ts'

const insertFlowToken = `INSERT INTO "FlowToken" ("hash", "flowSlug", "definitionId", "userId", "plan", "sealed", "expiresAt", "createdAt", "issuedBy")
  SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE /* if guarded */ 1=1`

/** One that has not run out. */
export const selectFlowToken = `SELECT "hash", "flowSlug", "definitionId", "userId", "plan", "sealed", "usedAt", "issuedBy" FROM "FlowToken"
  WHERE "hash" = $1 AND "expiresAt" > $2`

type Kept = Pick<FlowToken, 'states' | 'secrets'>

/** Keeps where an execution stands for who brings the token. The token itself is not kept. */
export function flowTokenStatement(
  { token, seconds, header }: Extract<Effect, { type: 'issue_flow_token' }>,
  { id, flowSlug, definitionId, plan, states, secrets }: Execution,
  box: SecretBox,
  now: Date,
): Statement {
  const hash = sha256Hex(token)
  const pending = plan.context.pending_user
  const kept: Kept = { states, secrets }
  const values = [
    hash,
    flowSlug,
    definitionId,
    pending?.known ? pending.id : null,
    JSON.stringify(withContext(plan, { consent_header: header })),
    box.seal(JSON.stringify(kept), contextOf(hash)),
    writeDate(new Date(now.getTime() + seconds * 1000)),
    writeDate(now),
    id,
  ]
  return { text: insertFlowToken, values }
}

/** A token from a row that `selectFlowToken` found. */
export function readFlowToken(row: Row, box: SecretBox): FlowToken {
  const hash = String(row.hash)
  const { states, secrets } = JSON.parse(box.open(String(row.sealed), contextOf(hash))) as Kept
  return {
    hash,
    flowSlug: String(row.flowSlug),
    definitionId: String(row.definitionId),
    userId: readOptional(row.userId, Number),
    plan: readJson(row.plan) as FlowPlan,
    states,
    secrets,
    used: row.usedAt !== null,
    issuedBy: readOptional(row.issuedBy, String),
  }
}

function contextOf(hash: string): string {
  return `flow token ${hash}`
}
