import type { JsonValue } from '../../flow/json.ts'
import { Problem } from '../blueprint-error.ts'
import type { Position, Untagged, Value } from '../document/value.ts'

/** An object that an entry was about, for those that refer to it. */
export interface StoredObject {
  readonly id: string | number
  /** The id that policy bindings name, where policies can be bound to it. */
  readonly policyTargetId?: string
}

/** What the tags of one entry may ask. */
export interface Scope {
  /** What a value stands for, with all its tags. */
  resolve(value: Value): Promise<JsonValue>
  /** A value of the blueprint's context; undefined when it has none of this name. */
  context(key: string, at: Position): Promise<JsonValue | undefined>
  /** The id of an earlier entry's object, as this entry has to name it. */
  idOf(entry: string, at: Position): string | number
  /** The id of the first stored object whose fields have these values. */
  find(query: ObjectQuery): Promise<string | number | undefined>
  /** An environment variable that blueprints may read; undefined when it is unset or empty. */
  environment(name: string, at: Position): string | undefined
}

/** What `!Find` looks for. */
export interface ObjectQuery {
  readonly model: string
  readonly fields: readonly FieldQuery[]
  readonly at: Position
}

/** A field, as the wire spells it, and its value. */
export interface FieldQuery {
  readonly field: string
  readonly value: JsonValue
  readonly at: Position
}

/** What a tag makes of what stands behind it. Nothing is resolved beforehand. */
export type ResolveTag = (argument: Untagged, scope: Scope) => Promise<JsonValue>

/** What a tag says that takes a list. */
export function operandsOf(argument: Untagged, form: string): readonly Value[] {
  if (argument.type === 'list') return argument.items
  throw new Problem(argument.at, `Write it as ${form}.`)
}

/** What a tag says that takes a text, or a list of a text and what stands for it when there is nothing. */
export async function textAndDefault(
  argument: Untagged,
  scope: Scope,
  form: string,
): Promise<{ readonly text: string; readonly fallback: Value | undefined }> {
  const [first, fallback, ...others] = argument.type === 'list' ? argument.items : [argument]
  const text = first && (await scope.resolve(first))
  if (typeof text !== 'string' || others.length > 0) throw new Problem(argument.at, `Write it as ${form}.`)
  return { text, fallback }
}

/** What counts as true: as in authentik, neither nothing, nor zero, nor anything empty does. */
export function isTruthy(value: JsonValue | undefined): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}
