import { z } from 'zod'
import type { Autocomplete } from './autocomplete.ts'

/** Which side of a schema is meant: what a caller sends, or what comes out of a parse and is shown. */
export type Io = 'input' | 'output'

declare module 'zod' {
  /** What shapes read beside zod's own `id` and `description`. */
  interface GlobalMeta {
    /** Must never reach a log, an event or an inspector. */
    secret?: boolean | undefined
    /** For a string that names something without being a UUID, which is an id by itself. */
    scalar?: 'id' | undefined
    /** What a browser or password manager may fill in. */
    autocomplete?: Autocomplete | undefined
    /** What each value of an enum means. */
    values?: Readonly<Record<string, string>> | undefined
  }
}

/** A schema taken apart: what it is under its wrappers, and what these and their metadata say. */
export interface Layers {
  readonly core: z.core.$ZodTypes
  readonly nullable: boolean
  readonly optional: boolean
  /** Present only where a missing input has a default that can be shown. */
  readonly default?: unknown
  readonly description: string | undefined
  readonly secret: boolean
  readonly isId: boolean
  readonly autocomplete: Autocomplete | undefined
  /** The `.meta({ id })` of an object or enum, and the description given with it. */
  readonly named: TypeName | undefined
  readonly valueDescriptions: Readonly<Record<string, string>>
}

/** What a schema calls itself. */
export interface TypeName {
  readonly name: string
  readonly description: string | undefined
}

/** Takes the wrappers off a schema. The outermost wrapper wins where two say different things. */
export function peel(schema: z.core.$ZodType, io: Io): Layers {
  const layers = [...outsideIn(schema, io)]
  const metas = layers.map((layer) => z.globalRegistry.get(layer) ?? {})
  return {
    core: layers.at(-1) ?? (schema as z.core.$ZodTypes),
    nullable: layers.some((layer) => layer._zod.def.type === 'nullable'),
    optional: isOptional(layers, io),
    ...(io === 'input' && readDefault(layers)),
    description: metas.find((meta) => meta.description)?.description,
    secret: metas.some((meta) => meta.secret === true),
    isId: metas.some((meta) => meta.scalar === 'id'),
    autocomplete: metas.find((meta) => meta.autocomplete)?.autocomplete,
    named: layers.map(readTypeName).find((named) => named !== undefined),
    valueDescriptions: metas.find((meta) => meta.values)?.values ?? {},
  }
}

function* outsideIn(schema: z.core.$ZodType, io: Io): Generator<z.core.$ZodTypes> {
  // zod's own way to narrow a schema by its definition: every schema is one of these.
  for (let layer: z.core.$ZodTypes | undefined = schema as z.core.$ZodTypes; layer; layer = unwrap(layer, io)) yield layer
}

function unwrap(layer: z.core.$ZodTypes, io: Io): z.core.$ZodTypes | undefined {
  const { def } = layer._zod
  switch (def.type) {
    case 'optional':
    case 'nonoptional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      return def.innerType as z.core.$ZodTypes
    case 'lazy':
      return isAnyJson(layer) ? undefined : (def.getter() as z.core.$ZodTypes)
    case 'pipe':
      // A preprocess takes anything; what it makes of it is what a caller should send.
      return (io === 'output' || def.in._zod.def.type === 'transform' ? def.out : def.in) as z.core.$ZodTypes
    default:
      return undefined
  }
}

/** Whether this is `z.json()`, which zod spells as a lazy union that contains itself. */
export function isAnyJson(schema: z.core.$ZodTypes): boolean {
  const { def } = schema._zod
  if (def.type !== 'lazy') return false
  const inner = (def.getter() as z.core.$ZodTypes)._zod.def
  if (inner.type !== 'union') return false
  const options = inner.options.map((option) => (option as z.core.$ZodTypes)._zod.def)
  return options.some((option) => option.type === 'array' && getterOf(option.element) === def.getter)
}

function getterOf(schema: z.core.$ZodType): unknown {
  const { def } = (schema as z.core.$ZodTypes)._zod
  return def.type === 'lazy' && def.getter
}

function isOptional(layers: readonly z.core.$ZodTypes[], io: Io): boolean {
  const types = layers.map((layer) => layer._zod.def.type)
  const decisive = types.find((type) => ['optional', 'nonoptional', 'default', 'prefault'].includes(type))
  if (io === 'output') return decisive === 'optional'
  return decisive !== undefined && decisive !== 'nonoptional'
}

function readDefault(layers: readonly z.core.$ZodTypes[]): { readonly default?: unknown } {
  const types = layers.map((layer) => layer._zod.def)
  // The default of a transformed value is what comes out of it, not something a caller could send.
  if (types.some((def) => def.type === 'pipe')) return {}
  const def = types.find((candidate) => candidate.type === 'default' || candidate.type === 'prefault')
  return def ? { default: JSON.parse(JSON.stringify(def.defaultValue)) } : {}
}

/** A schema that was described again keeps the name of the one it was made from. */
function readTypeName(schema: z.core.$ZodType): TypeName | undefined {
  const { id, description } = z.globalRegistry.get(schema) ?? {}
  if (id !== undefined) return { name: id, description }
  return schema._zod.parent && readTypeName(schema._zod.parent)
}
