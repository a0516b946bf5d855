import type { Autocomplete } from './autocomplete.ts'
import type { EnumValue } from './enum-values.ts'
import type { Io } from './layers.ts'
import type { Constraints, Scalar } from './scalars.ts'

/** What every API can say, as plain data. Types, wire forms and documents are derived from this and from nothing else. */
export type Shape = ScalarShape | EnumShape | ListShape | ObjectShape | JsonShape

/** A single value. */
export interface ScalarShape extends Scalar {
  readonly type: 'scalar'
  readonly nullable: boolean
}

/** One of some texts. */
export interface EnumShape {
  readonly type: 'enum'
  /** In PascalCase. Two shapes of one name are the same but for `nullable`. */
  readonly name: string
  readonly description?: string
  readonly values: readonly EnumValue[]
  readonly nullable: boolean
}

/** Any number of the same. */
export interface ListShape {
  readonly type: 'list'
  readonly element: Shape
  readonly constraints: Constraints
  readonly nullable: boolean
}

/** Fields that are known beforehand. */
export interface ObjectShape {
  readonly type: 'object'
  /** In PascalCase. Two shapes of one name are the same but for `nullable`. */
  readonly name: string
  readonly description?: string
  readonly io: Io
  readonly fields: readonly FieldShape[]
  readonly nullable: boolean
}

/** An open record (`record`), or any JSON at all. */
export interface JsonShape {
  readonly type: 'json'
  readonly record: boolean
  readonly nullable: boolean
}

/** A field of an object. */
export interface FieldShape {
  /** In camelCase; survives the way to snake_case and back. */
  readonly name: string
  readonly description: string
  readonly shape: Shape
  /** The field may be missing: in an input because it is optional or has a default, in an output because it may be left out. */
  readonly optional: boolean
  /** What a missing input counts as. Absent when there is none. */
  readonly default?: unknown
  /** Must never reach a log, an event or an inspector. */
  readonly secret: boolean
  /** What a browser or password manager may fill in. Absent when nothing was said. */
  readonly autocomplete?: Autocomplete
}
