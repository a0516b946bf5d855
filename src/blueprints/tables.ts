import type { PrismaClient } from '../db/prisma.ts'

/** The tables that blueprints write, and those that what they write refers to. */
export type TableName =
  | 'flow'
  | 'stage'
  | 'stageObject'
  | 'invitation'
  | 'flowStageBinding'
  | 'policy'
  | 'policyBinding'
  | 'brand'
  | 'group'
  | 'user'

/** What all of a blueprint is read and written through, so that it is stored whole or not at all. */
export type Transaction = Pick<PrismaClient, TableName | 'blueprintInstance' | 'configRevision'>

/** A row, whichever table it is from. */
export interface Row {
  readonly id: string | number
  readonly [column: string]: unknown
}

/** What every table can do. */
export interface Table {
  findMany(query: { readonly where: object; readonly include?: object; readonly orderBy?: object }): Promise<readonly Row[]>
  count(query: { readonly where: object }): Promise<number>
  create(query: { readonly data: object }): Promise<Row>
  update(query: { readonly where: object; readonly data: object }): Promise<Row>
  delete(query: { readonly where: object }): Promise<Row>
}

/** A table by its name. */
export function tableOf(transaction: Transaction, name: TableName): Table {
  // Prisma's delegates all work like this, but their types have nothing in common.
  return transaction[name] as unknown as Table
}
