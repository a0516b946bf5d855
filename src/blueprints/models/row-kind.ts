import { z } from 'zod'
import type { ConfigSecrets } from '../../db/config-secrets.ts'
import type { JsonObject } from '../../flow/json.ts'
import type { Row, TableName, Transaction } from '../tables.ts'
import { type Column, column } from './column.ts'
import { Fields } from './fields.ts'

/** How the objects of a model are rows of a table, or some of them. */
export interface RowModel {
  readonly name: string
  readonly table: TableName
  /** What is kept in columns. */
  readonly fields: z.ZodObject
  /** How those fields are kept that are not simply in a column of their name. */
  readonly columns?: Readonly<Record<string, Column>>
  /** What is kept in the column `config`, with no other names than `fields` leaves. */
  readonly config?: z.ZodObject
  /** What keeps the secret part of the config apart, in the column `sealed`. */
  readonly secrets?: ConfigSecrets
  /** What all of these rows have, and no entry says. */
  readonly constants?: Readonly<Record<string, string>>
  /** Rows of other tables that `columns` read. */
  readonly include?: object
  readonly namesPolicyTargets?: boolean
  /** Columns of a new row that no field fills. */
  initially?(transaction: Transaction): Promise<object>
  /** What no schema sees. */
  check?(change: Change): Promise<Refusal | undefined>
}

/** What an entry makes of a row, judged. */
export interface Change {
  readonly fields: JsonObject
  readonly config: JsonObject
  /** As it is stored. */
  readonly row: Row | undefined
  readonly transaction: Transaction
}

/** Why a value cannot be stored; the field is spelled as on the wire. */
export interface Refusal {
  readonly field: string
  readonly reason: string
}

/** A model with its schemas read. */
export interface RowKind {
  readonly model: RowModel
  readonly fields: Fields
  readonly config: Fields
  columnOf(field: string): Column
}

export function readRowKind(model: RowModel): RowKind {
  const fields = new Fields(model.name, model.fields)
  const config = new Fields(model.name, model.config ?? z.object({}))
  const shared = config.names.find((name) => fields.names.includes(name))
  if (shared) throw new Error(`The config of ${model.name} has a field "${shared}", which every such row has anyway.`)
  return { model, fields, config, columnOf: (field) => model.columns?.[field] ?? column(field) }
}
