import { isJsonObject, type JsonObject } from '../flow/json.ts'

/** What both databases take as a parameter. Instants are ISO texts, flags 0 and 1, JSON its text. */
export type SqlValue = string | number | null

/** One statement with `$1`, `$2` ... for its values. */
export interface Statement {
  readonly text: string
  readonly values: readonly SqlValue[]
}

/** A row by column name. The two databases spell dates, flags and JSON differently: read them with the functions below. */
export type Row = Readonly<Record<string, unknown>>

/** Hand-written SQL for the hot path, over the same database that Prisma sees. Throws ServiceUnavailableError when it is out of reach. */
export interface SqlDatabase {
  readonly provider: 'sqlite' | 'postgresql'
  rows(statement: Statement): Promise<readonly Row[]>
  /**
   * Runs statements as one transaction. Each guard (its place in the list) must touch a row, or nothing is written and the
   * result is false; so it is where, beside guards, a statement meets a name that is taken or refers to what is gone. With one guard at the most, PostgreSQL runs them as one statement: none may read what another writes.
   */
  write(statements: readonly Statement[], ...guards: readonly number[]): Promise<boolean>
  /** How many reads and writes there were, for the benchmark. */
  readonly counts: { reads: number; writes: number }
}

/** The text that Prisma stores for an instant on SQLite, and PostgreSQL reads as well. */
export function writeDate(date: Date): string {
  return date.toISOString().replace('Z', '+00:00')
}

export function writeFlag(flag: boolean): number {
  return flag ? 1 : 0
}

export function readDate(value: unknown): Date {
  return value instanceof Date ? value : new Date(String(value))
}

export function readOptional<Result>(value: unknown, read: (value: unknown) => Result): Result | undefined {
  return value === null || value === undefined ? undefined : read(value)
}

export function readFlag(value: unknown): boolean {
  return value === true || value === 1
}

export function readJson(value: unknown): unknown {
  return typeof value === 'string' ? JSON.parse(value) : value
}

export function readJsonObject(value: unknown): JsonObject {
  const parsed = readJson(value)
  return isJsonObject(parsed) ? parsed : {}
}
