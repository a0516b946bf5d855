import { z } from 'zod'
import { canonicalJson } from '../../flow/canonical-json.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../flow/json.ts'
import { Problem } from '../blueprint-error.ts'
import { type Row, type Transaction, tableOf } from '../tables.ts'
import type { FieldQuery } from '../tags/tag.ts'
import { type Column, jsonColumn } from './column.ts'
import type { RowKind } from './row-kind.ts'

const key = z.uuid()

interface Condition {
  readonly column: Column
  readonly value: JsonValue
}

/** The rows whose key is `pk`, and those that all of the other fields match (reference: flow-core 7.2). */
export async function findRows(kind: RowKind, fields: readonly FieldQuery[], transaction: Transaction): Promise<Row[]> {
  const pk = readKey(fields.find(({ field }) => field === 'pk'))
  const conditions = fields.filter(({ field }) => field !== 'pk').map((field) => readCondition(kind, field))
  const { table, constants = {}, include } = kind.model
  const rows = await tableOf(transaction, table).findMany({
    where: { AND: [constants, whereOf(pk, conditions)] },
    orderBy: { id: 'asc' },
    ...(include && { include }),
  })
  return rows.filter((row) => row.id === pk || conditions.every((condition) => holds(row, condition)))
}

function readKey(field: FieldQuery | undefined): JsonValue | undefined {
  if (!field || key.safeParse(field.value).success) return field?.value
  throw new Problem(field.at, 'Must be a valid UUID.', 'pk')
}

function readCondition(kind: RowKind, { field, value, at }: FieldQuery): Condition {
  // Another object may be named by a mapping that holds its key.
  const compared = isJsonObject(value) && value.pk !== undefined ? value.pk : value
  const name = kind.fields.nameOf(field)
  if (name !== undefined) return { column: kind.columnOf(name), value: kind.fields.judgeOne(name, compared, at) }

  const configName = kind.config.nameOf(field)
  if (configName === undefined) throw new Problem(at, `No ${kind.model.name} can be found by this.`, field)
  const column = { ...jsonColumn('config'), read: (row: Row) => (row.config as JsonObject)[configName] }
  return { column, value: kind.config.judgeOne(configName, compared, at) }
}

function whereOf(pk: JsonValue | undefined, conditions: readonly Condition[]): object {
  const all = { AND: conditions.map(({ column, value }) => column.where?.(value) ?? {}) }
  if (pk === undefined) return all
  return conditions.length > 0 ? { OR: [{ id: pk }, all] } : { id: pk }
}

/** Compares what the database was not asked to. */
function holds(row: Row, { column, value }: Condition): boolean {
  return column.where !== undefined || contains(column.read(row), value)
}

/** A mapping contains another one when it has all of its members. */
function contains(stored: unknown, wanted: JsonValue | undefined): boolean {
  if (!isJsonObject(stored) || !isJsonObject(wanted)) return canonicalJson(stored) === canonicalJson(wanted)
  return Object.entries(wanted).every(([name, value]) => Object.hasOwn(stored, name) && contains(stored[name], value))
}
