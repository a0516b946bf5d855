import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { readEnumValues } from './enum-values.ts'
import { type Io, isAnyJson, type Layers, peel } from './layers.ts'
import { pascalCase, survivesWire } from './names.ts'
import { readListConstraints, readScalar } from './scalars.ts'
import { type Place, ShapeError } from './shape-error.ts'
import type { EnumShape, FieldShape, JsonShape, ListShape, ObjectShape, Shape } from './shape-kinds.ts'

const maxDepth = 16

/** A position in the schema that is being read. */
interface Spot extends Place {
  readonly io: Io
  readonly depth: number
  /** The name of an object or enum here that has none of its own. */
  readonly name: string
  /** All that was named so far. */
  readonly named: Map<string, EnumShape | ObjectShape>
}

/** Reads a schema into an object shape of this name; throws a ShapeError on whatever some API could not say. */
export function readShape(name: string, schema: z.ZodObject, io: Io): ObjectShape {
  const spot = { schema: name, field: '', io, depth: 0, name, named: new Map() }
  return readObject({ ...peel(schema, io), named: undefined }, spot)
}

function readValue(layers: Layers, spot: Spot): Shape {
  const { core, nullable, named } = layers
  const { def } = core._zod
  const scalar = readScalar(layers, spot.io)
  if (scalar && named) throw new ShapeError(spot, 'only an object or an enum has a meta id')
  if (scalar) return { type: 'scalar', ...scalar, nullable }
  if (isAnyJson(core)) return { type: 'json', record: false, nullable: true }
  switch (def.type) {
    case 'enum':
    case 'literal':
      return readEnum(layers, spot)
    case 'array':
      return readList(core as z.core.$ZodArray, nullable, spot)
    case 'object':
      return readNestedObject(layers, spot)
    case 'record':
      return readRecord(def.keyType, nullable, spot)
    case 'unknown':
    case 'any':
      return { type: 'json', record: false, nullable: true }
    default:
      throw new ShapeError(spot, `no API has a word for a zod ${def.type} as ${spot.io}`)
  }
}

function readEnum(layers: Layers, spot: Spot): EnumShape {
  const name = layers.named?.name ?? spot.name
  const shape = { type: 'enum', name, values: readEnumValues(layers, spot), nullable: layers.nullable } as const
  return register({ ...shape, ...describe(layers) }, spot)
}

function readList(list: z.core.$ZodArray, nullable: boolean, spot: Spot): ListShape {
  const place = { ...spot, field: `${spot.field}[]` }
  const element = peel(list._zod.def.element, spot.io)
  if (element.optional) throw new ShapeError(place, 'an element of a list cannot be optional')
  return { type: 'list', element: readValue(element, deeper(place)), constraints: readListConstraints(list), nullable }
}

function readRecord(keyType: z.core.$ZodType, nullable: boolean, spot: Spot): JsonShape {
  if (keyType._zod.values) throw new ShapeError(spot, 'a record whose keys are known is an object')
  return { type: 'json', record: true, nullable }
}

function readNestedObject(layers: Layers, spot: Spot): ObjectShape | JsonShape {
  const { shape, catchall } = (layers.core as z.core.$ZodObject)._zod.def
  const open = catchall !== undefined && catchall._zod.def.type !== 'never'
  const empty = Object.keys(shape).length === 0
  if (open && empty) return { type: 'json', record: true, nullable: layers.nullable }
  if (empty) throw new ShapeError(spot, 'an object needs at least one field')
  return readObject(layers, spot)
}

function readObject(layers: Layers, spot: Spot): ObjectShape {
  const { shape, catchall } = (layers.core as z.core.$ZodObject)._zod.def
  if (catchall && catchall._zod.def.type !== 'never') throw new ShapeError(spot, 'an object with fields cannot be open as well')
  const name = objectName(layers, spot)
  const fields = Object.entries(shape).map(([key, schema]) => readField(key, schema, { ...deeper(spot), name }))
  return register({ type: 'object', name, ...describe(layers), io: spot.io, fields, nullable: layers.nullable }, spot)
}

function readField(key: string, schema: z.core.$ZodType, parent: Spot): FieldShape {
  const spot = { ...parent, field: parent.field ? `${parent.field}.${key}` : key, name: parent.name + pascalCase(key) }
  if (!survivesWire(key) || key in Object.prototype)
    throw new ShapeError(spot, 'this name does not survive the way to snake_case and back')
  const layers = peel(schema, spot.io)
  if (!layers.description) throw new ShapeError(spot, 'a field needs a description')
  return {
    name: key,
    description: layers.description,
    shape: readValue(layers, spot),
    optional: layers.optional,
    ...('default' in layers && { default: layers.default }),
    secret: isSecret(layers, spot.io),
    ...(layers.autocomplete && { autocomplete: layers.autocomplete }),
  }
}

/** A list of secrets is one. */
function isSecret({ secret, core }: Layers, io: Io): boolean {
  const { def } = core._zod
  return secret || (def.type === 'array' && isSecret(peel(def.element, io), io))
}

/** GraphQL has no type that is both shown and sent, so what is sent is named apart. */
function objectName({ named }: Layers, spot: Spot): string {
  if (!named) return spot.name
  return spot.io === 'input' && !named.name.endsWith('Input') ? `${named.name}Input` : named.name
}

function describe({ named }: Layers): { readonly description?: string } {
  return named?.description ? { description: named.description } : {}
}

function deeper(spot: Spot): Spot {
  if (spot.depth === maxDepth) throw new ShapeError(spot, `nothing nests deeper than ${maxDepth} levels, or in itself`)
  return { ...spot, depth: spot.depth + 1 }
}

/** One name means one thing. */
function register<Named extends EnumShape | ObjectShape>(shape: Named, spot: Spot): Named {
  if (!/^[A-Z][A-Za-z0-9]*$/.test(shape.name)) throw new ShapeError(spot, `"${shape.name}" is not a name in PascalCase`)
  const known = spot.named.get(shape.name)
  if (known && !isDeepStrictEqual({ ...known, nullable: shape.nullable }, shape)) {
    throw new ShapeError(spot, `another shape here is named ${shape.name}`)
  }
  spot.named.set(shape.name, shape)
  return shape
}
