import type { Position } from './document/value.ts'

/** What is wrong at a place of a blueprint, before anybody says whose file and which entry it is. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly at: Position
  /** As the file spells it: `user_fields.0`. */
  readonly field: string | undefined
  constructor(at: Position, reason: string, field?: string) {
    super(reason)
    this.at = at
    this.field = field
  }
}

/** A blueprint that cannot be applied, and the place in its file. Nothing of it was applied. */
export class BlueprintError extends Error {
  override readonly name = 'BlueprintError'
  readonly file: string
  readonly line: number
  readonly column: number
  /** The model, with the entry's id or identifiers; undefined for what is wrong outside of the entries. */
  readonly entry: string | undefined
  readonly field: string | undefined
  readonly reason: string
  constructor(file: string, problem: Problem, entry?: string) {
    const where = [entry, problem.field && `"${problem.field}"`].filter(Boolean).join(', ')
    super(`${file}:${problem.at.line}:${problem.at.column}: ${where && `${where}: `}${problem.message}`, { cause: problem })
    this.file = file
    this.line = problem.at.line
    this.column = problem.at.column
    this.entry = entry
    this.field = problem.field
    this.reason = problem.message
  }
}

/** Says whose file a problem is in. Whatever else was thrown passes through. */
export function inFile(file: string, error: unknown, entry?: string): unknown {
  return error instanceof Problem ? new BlueprintError(file, error, entry) : error
}

/** Says which field a problem is about, unless it knows a more exact one. */
export function inField(field: string, error: unknown): unknown {
  return error instanceof Problem && error.field === undefined ? new Problem(error.at, error.message, field) : error
}
