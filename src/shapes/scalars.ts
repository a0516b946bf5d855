import { z } from 'zod'
import type { Io, Layers } from './layers.ts'

/** The single values that every API has a word for. */
export type ScalarName = 'string' | 'integer' | 'float' | 'boolean' | 'id' | 'dateTime'

/** What JSON Schema can say about the values a schema takes; zod may judge more strictly. Lengths count characters. */
export interface Constraints {
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly multipleOf?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly format?: string
}

/** A single value. */
export interface Scalar {
  readonly scalar: ScalarName
  readonly constraints: Constraints
}

const formats = ['email', 'uri', 'uuid', 'date', 'date-time', 'time', 'duration', 'ipv4', 'ipv6', 'hostname']

/** Reads a string, number, boolean or date; undefined for anything else. */
export function readScalar(layers: Layers, io: Io): Scalar | undefined {
  const { core, isId } = layers
  switch (core._zod.def.type) {
    case 'string': {
      const constraints = readConstraints(core)
      return { scalar: isId ? 'id' : stringScalar(constraints.format), constraints }
    }
    case 'number':
      return { scalar: z.toJSONSchema(core).type === 'integer' ? 'integer' : 'float', constraints: readConstraints(core) }
    case 'boolean':
      return { scalar: 'boolean', constraints: {} }
    case 'date':
      // JSON has no dates: an input must take the text, as z.iso.datetime() does.
      return io === 'output' ? { scalar: 'dateTime', constraints: { format: 'date-time' } } : undefined
    default:
      return undefined
  }
}

/** Reads the lengths a list may have. */
export function readListConstraints(list: z.core.$ZodArray): Constraints {
  // The elements are read on their own; here they could only fail.
  return readConstraints(z.core.clone(list, { ...list._zod.def, element: z.unknown() }))
}

function readConstraints(core: z.core.$ZodType): Constraints {
  const json = z.toJSONSchema(core)
  const format = formats.find((known) => known === json.format)
  return dropMissing({
    minLength: json.minLength,
    maxLength: json.maxLength,
    pattern: format || hasFlags(core as z.core.$ZodTypes) ? undefined : json.pattern,
    minimum: bound(json.minimum),
    maximum: bound(json.maximum),
    exclusiveMinimum: bound(json.exclusiveMinimum),
    exclusiveMaximum: bound(json.exclusiveMaximum),
    multipleOf: json.multipleOf,
    minItems: json.minItems,
    maxItems: json.maxItems,
    format,
  })
}

function stringScalar(format: string | undefined): ScalarName {
  if (format === 'uuid') return 'id'
  return format === 'date-time' ? 'dateTime' : 'string'
}

/** JSON Schema has no flags: the pattern alone would refuse what the schema takes. */
function hasFlags(core: z.core.$ZodTypes): boolean {
  const definitions: object[] = [core._zod.def, ...(core._zod.def.checks ?? []).map((check) => check._zod.def)]
  return definitions.some((def) => 'pattern' in def && def.pattern instanceof RegExp && def.pattern.flags !== '')
}

/** Every integer schema has the bounds of safe integers; saying so tells nobody anything. */
function bound(limit: number | boolean | undefined): number | undefined {
  return typeof limit === 'number' && Math.abs(limit) < Number.MAX_SAFE_INTEGER ? limit : undefined
}

function dropMissing(values: { readonly [Key in keyof Constraints]: Constraints[Key] | undefined }): Constraints {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
