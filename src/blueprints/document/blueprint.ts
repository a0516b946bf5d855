import type { MapValue, Position, Value } from './value.ts'

/** What should become of the object that an entry is about. */
export const entryStates = ['present', 'created', 'must_created', 'absent'] as const
export type EntryState = (typeof entryStates)[number]

/** One object that a blueprint is about, as the file says it. */
export interface Entry {
  readonly at: Position
  readonly model: Value
  /** What `!KeyOf` calls it. */
  readonly id: { readonly name: string; readonly at: Position } | undefined
  readonly state: Value | undefined
  readonly conditions: readonly Value[]
  readonly identifiers: MapValue
  readonly attrs: MapValue
}

/** A file in authentik's blueprint format, version 1 (reference: flow-core 7.1). */
export interface Blueprint {
  readonly path: string
  /** Empty where the file has no name. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly context: MapValue
  readonly entries: readonly Entry[]
}
