import type { SecretBox } from '../credentials/secret-box.ts'
import type { ExecutionWrite, PastStep } from '../flow/ports.ts'
import type { FlowAction, Waiting } from '../flow/step.ts'
import { type Row, readDate, type Statement, writeDate } from './sql.ts'

/** How many steps of an execution are kept for subscribers that were away. */
export const mostPastSteps = 100

const insert = `INSERT INTO "ExecutionStep" ("executionId", "sequence", "sealed", "expiresAt")
  SELECT $1, $2, $3, $4 WHERE /* if guarded */ 1=1`
const trim = `DELETE FROM "ExecutionStep" WHERE "executionId" = $1 AND "sequence" <= $2 AND /* if guarded */ 1=1`

/** Those between two that are known, the newest first: where there are too many, the oldest are left out and none between. */
export const selectSteps = `SELECT "executionId", "sequence", "sealed", "expiresAt" FROM "ExecutionStep"
  WHERE "executionId" = $1 AND "sequence" > $2 AND "sequence" < $3 ORDER BY "sequence" DESC LIMIT ${mostPastSteps}`
/** Nobody catches up with an execution that has run out. */
export const forgetSteps = `DELETE FROM "ExecutionStep" WHERE "expiresAt" < $1`

/** Without what the row says itself. */
type Kept = Omit<PastStep, 'executionId' | 'sequence' | 'expiresAt'>

/** As JSON leaves it: dates are texts. */
type Written = Omit<Kept, 'actions' | 'waiting'> & {
  readonly actions: readonly (Omit<FlowAction, 'availableAt'> & { readonly availableAt?: string })[]
  readonly waiting?: Omit<Waiting, 'until'> & { readonly until: string }
}

/** Keeps what is told now. Nobody listens to executions of clients written for authentik. */
export function stepStatements({ execution, step }: Pick<ExecutionWrite, 'execution' | 'step'>, box: SecretBox): Statement[] {
  if (execution.restKey !== undefined) return []
  const { executionId, sequence, expiresAt, flow: _, ...told } = step
  const kept: Kept = { ...told, definitionId: execution.definitionId }
  const sealed = box.seal(JSON.stringify(kept), contextOf(executionId, sequence))
  const added = { text: insert, values: [executionId, sequence, sealed, writeDate(expiresAt)] }
  const full = sequence > mostPastSteps && sequence % 20 === 0
  return full ? [added, { text: trim, values: [executionId, sequence - mostPastSteps] }] : [added]
}

/** A step from a row that `selectSteps` found. */
export function readStep(row: Row, box: SecretBox): PastStep {
  const [executionId, sequence] = [String(row.executionId), Number(row.sequence)]
  const kept = JSON.parse(box.open(String(row.sealed), contextOf(executionId, sequence))) as Written
  const { actions, waiting } = kept
  return {
    ...kept,
    executionId,
    sequence,
    expiresAt: readDate(row.expiresAt),
    actions: actions.map(({ availableAt, ...action }) => ({
      ...action,
      ...(availableAt && { availableAt: new Date(availableAt) }),
    })),
    waiting: waiting && { ...waiting, until: new Date(waiting.until) },
  }
}

function contextOf(id: string, sequence: number): string {
  return `step ${sequence} of ${id}`
}
