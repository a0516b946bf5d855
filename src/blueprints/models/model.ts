import type { Entry, EntryState } from '../document/blueprint.ts'
import type { Transaction } from '../tables.ts'
import type { FieldQuery, Scope, StoredObject } from '../tags/tag.ts'

/** What became of an entry. */
export type Outcome = 'created' | 'updated' | 'unchanged' | 'deleted' | 'skipped'

/** An entry whose turn it is. */
export interface Turn {
  readonly entry: Entry
  readonly state: EntryState
  readonly scope: Scope
  readonly transaction: Transaction
  /** Applies the blueprint of this name first. */
  readonly applyOther: (name: string) => Promise<OtherBlueprint>
}

/** What became of it: `current` is applied already as it stands, `circular` waits for this one. */
export type OtherBlueprint = 'applied' | 'current' | 'missing' | 'circular'

/** What an entry did, and the object that others may refer to. */
export interface Applied {
  readonly outcome: Outcome
  readonly object?: StoredObject
}

/** A kind of thing that entries may be about. */
export interface BlueprintModel {
  /** `authentik_flows.flow`. */
  readonly name: string
  /** Whether `!KeyOf` gives the id that policies are bound to, where the object has one. */
  readonly namesPolicyTargets?: boolean
  apply(turn: Turn): Promise<Applied>
  /** The first object whose fields have these values. Absent where there are no objects. */
  find?(fields: readonly FieldQuery[], transaction: Transaction): Promise<StoredObject | undefined>
}
