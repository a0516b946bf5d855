import { randomUUID } from 'node:crypto'
import { canonicalJson } from '../../flow/canonical-json.ts'
import { isJsonObject, type JsonObject } from '../../flow/json.ts'
import { Problem } from '../blueprint-error.ts'
import type { Entry } from '../document/blueprint.ts'
import { locate } from '../document/value.ts'
import { resolveMembers } from '../resolve-members.ts'
import { type Row, type Table, type Transaction, tableOf } from '../tables.ts'
import type { StoredObject } from '../tags/tag.ts'
import { judgeColumns } from './judge-columns.ts'
import type { Applied, BlueprintModel, Turn } from './model.ts'
import { findRows } from './row-finder.ts'
import { type RowKind, type RowModel, readRowKind } from './row-kind.ts'
import { explainRefusal } from './row-refusal.ts'

/** Makes a model of a table. */
export function rowModel(model: RowModel): BlueprintModel {
  const kind = readRowKind(model)
  return {
    name: model.name,
    namesPolicyTargets: model.namesPolicyTargets ?? false,
    apply: (turn) => applyToRow(kind, turn),
    async find(fields, transaction) {
      const [row] = await findRows(kind, fields, transaction)
      return row && objectOf(row)
    },
  }
}

async function applyToRow(kind: RowKind, { entry, state, scope, transaction }: Turn): Promise<Applied> {
  const identifiers = await resolveMembers(entry.identifiers, scope)
  const row = await findExisting(kind, entry, identifiers, transaction)
  const table = tableOf(transaction, kind.model.table)
  if (state === 'absent') return row ? remove(table, row) : { outcome: 'unchanged' }
  if (row && state === 'must_created') throw new Problem(entry.at, 'This must be created here, but it exists already.')
  if (row && state === 'created') return { outcome: 'unchanged', object: objectOf(row) }

  const attrs = await resolveMembers(entry.attrs, scope)
  const { pk, ...others } = identifiers
  // Numbered tables number their rows themselves; nothing of theirs is sealed.
  const id = String(row?.id ?? pk ?? (kind.model.secrets ? randomUUID() : ''))
  const columns = await judgeColumns(kind, { entry, given: merge(attrs, others), row, id, transaction })
  try {
    if (row) return await update(table, row, columns)
    const initial = await kind.model.initially?.(transaction)
    return {
      outcome: 'created',
      object: objectOf(await table.create({ data: { ...initial, ...columns, ...(id && { id }) } })),
    }
  } catch (error) {
    throw explainRefusal(error, entry.at)
  }
}

async function findExisting(kind: RowKind, { identifiers: source }: Entry, identifiers: JsonObject, transaction: Transaction) {
  const fields = Object.entries(identifiers).map(([field, value = null]) => ({ field, value, at: locate(source, [field]) }))
  if (fields.length === 0)
    throw new Problem(source.at, 'An entry needs identifiers, which its object is found by.', 'identifiers')
  const [row, other] = await findRows(kind, fields, transaction)
  if (other) throw new Problem(source.at, 'More than one stored object has these identifiers.', 'identifiers')
  return row
}

async function remove(table: Table, { id }: Row): Promise<Applied> {
  await table.delete({ where: { id } })
  return { outcome: 'deleted' }
}

async function update(table: Table, row: Row, columns: JsonObject): Promise<Applied> {
  const changed = Object.entries(columns).filter(([name, value]) => canonicalJson(row[name]) !== canonicalJson(value))
  if (changed.length === 0) return { outcome: 'unchanged', object: objectOf(row) }
  const stored = await table.update({ where: { id: row.id }, data: Object.fromEntries(changed) })
  return { outcome: 'updated', object: objectOf(stored) }
}

function objectOf({ id, policyTargetId }: Row): StoredObject {
  return typeof policyTargetId === 'string' ? { id, policyTargetId } : { id }
}

/** The second one wins, member by member. */
function merge(first: JsonObject, second: JsonObject): JsonObject {
  const merged = Object.entries(second).map(([name, value]) => {
    const other = Object.hasOwn(first, name) ? first[name] : undefined
    return [name, isJsonObject(other) && isJsonObject(value) ? merge(other, value) : value]
  })
  return { ...first, ...Object.fromEntries(merged) }
}
