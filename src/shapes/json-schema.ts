import type { Io } from './layers.ts'
import { snakeCase } from './names.ts'
import type { ScalarName } from './scalars.ts'
import type { EnumShape, FieldShape, ObjectShape, Shape } from './shape-kinds.ts'
import { compileToWire } from './wire.ts'

/** A schema of OpenAPI 3.1, which is JSON Schema 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>

const scalarTypes: Readonly<Record<ScalarName, string>> = {
  string: 'string',
  integer: 'integer',
  float: 'number',
  boolean: 'boolean',
  id: 'string',
  dateTime: 'string',
}

/** Describes what `compileToWire` makes of a value of this shape, or what `compileFromWire` takes. */
export function toWireJsonSchema(shape: Shape): JsonSchema {
  switch (shape.type) {
    case 'scalar':
      return { type: orNull(scalarTypes[shape.scalar], shape), ...shape.constraints }
    case 'enum': {
      const values = shape.values.map(({ value }) => value)
      return { type: orNull('string', shape), ...describe(shape), enum: shape.nullable ? [...values, null] : values }
    }
    case 'list':
      return { type: orNull('array', shape), items: toWireJsonSchema(shape.element), ...shape.constraints }
    case 'object': {
      const properties = Object.fromEntries(shape.fields.map((field) => [snakeCase(field.name), fieldSchema(field, shape.io)]))
      const required = shape.fields.filter(({ optional }) => !optional).map(({ name }) => snakeCase(name))
      return { type: orNull('object', shape), ...describe(shape), properties, ...(required.length > 0 && { required }) }
    }
    case 'json':
      return shape.record ? { type: orNull('object', shape), additionalProperties: true } : {}
  }
}

function fieldSchema(field: FieldShape, io: Io): JsonSchema {
  const hint = field.autocomplete && { 'x-autocomplete': field.autocomplete }
  const schema = { ...toWireJsonSchema(field.shape), description: field.description, ...hint }
  if (field.secret) return { ...schema, ...hide(field.shape, io) }
  return 'default' in field ? { ...schema, default: compileToWire(field.shape)(field.default) } : schema
}

/** A secret that is shown, such as a recovery code, is read after all. */
function hide(shape: Shape, io: Io): JsonSchema {
  const isText = shape.type === 'scalar' && shape.scalar === 'string'
  return { ...(isText && { format: 'password' }), ...(io === 'input' && { writeOnly: true }) }
}

function describe({ description }: EnumShape | ObjectShape): JsonSchema {
  return description ? { description } : {}
}

function orNull(type: string, { nullable }: Shape): string | readonly string[] {
  return nullable ? [type, 'null'] : type
}
