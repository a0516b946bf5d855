import type { Outcome } from './models/model.ts'

/** What applying a blueprint did. */
export interface BlueprintReport {
  readonly path: string
  /** Empty where the file has no name. */
  readonly name: string
  readonly entries: readonly EntryReport[]
  /** The other blueprints that it had applied first. */
  readonly others: readonly BlueprintReport[]
}

/** What became of one entry. */
export interface EntryReport {
  /** The model, with the entry's id or identifiers. */
  readonly entry: string
  readonly line: number
  readonly outcome: Outcome
}
