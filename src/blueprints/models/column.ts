import type { JsonValue } from '../../flow/json.ts'
import { type Row, type TableName, type Transaction, tableOf } from '../tables.ts'

/** How a field is kept in a row. */
export interface Column {
  /** What finds the rows with this value; undefined where the database cannot say it the same everywhere. */
  where?(value: JsonValue): object
  read(row: Row): unknown
  /** What to store; undefined when the value names nothing that exists. */
  write(value: unknown, transaction: Transaction): Promise<object | undefined>
}

/** A field in a column of its own. */
export function column(name: string): Column {
  return {
    where: (value) => ({ [name]: value }),
    read: (row) => row[name],
    write: async (value) => ({ [name]: value }),
  }
}

/** A field that holds any JSON. */
export function jsonColumn(name: string): Column {
  return { read: (row) => row[name], write: async (value) => ({ [name]: value }) }
}

/** A field that names a row of another table, or nothing. */
export function reference(name: string, table: TableName): Column {
  return {
    ...column(name),
    async write(value, transaction) {
      const exists = value === null || (await tableOf(transaction, table).count({ where: { id: value } })) > 0
      return exists ? { [name]: value } : undefined
    },
  }
}

/** What a policy is bound to: a flow or a stage binding, by the id that both have for this. */
export const policyTarget: Column = {
  where: (policyTargetId) => ({ OR: [{ flow: { policyTargetId } }, { stageBinding: { policyTargetId } }] }),

  read(row) {
    const { policyTargetId } = (row.flow ?? row.stageBinding) as { policyTargetId: string }
    return policyTargetId
  },

  async write(policyTargetId, transaction) {
    const where = { policyTargetId }
    const [flow] = await tableOf(transaction, 'flow').findMany({ where })
    const [stageBinding] = await tableOf(transaction, 'flowStageBinding').findMany({ where })
    return flow || stageBinding ? { flowId: flow?.id ?? null, stageBindingId: stageBinding?.id ?? null } : undefined
  },
}
