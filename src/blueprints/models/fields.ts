import type { z } from 'zod'
import { isJsonObject, type JsonObject, type JsonValue } from '../../flow/json.ts'
import { type FieldError, fieldErrors } from '../../shapes/field-errors.ts'
import { pascalCase, snakeCase } from '../../shapes/names.ts'
import { readShape } from '../../shapes/shape.ts'
import type { ObjectShape, Shape } from '../../shapes/shape-kinds.ts'
import { compileFromWire } from '../../shapes/wire.ts'
import { Problem } from '../blueprint-error.ts'
import type { Position } from '../document/value.ts'

/** Where the file says something about a field; the path is spelled as on the wire. */
export type Locate = (path: readonly string[]) => Position

/** Fields that one schema judges. Entries spell their names in snake_case, rows in camelCase. */
export class Fields {
  /** In camelCase. */
  readonly names: readonly string[]
  private readonly schema: z.ZodObject
  private readonly shape: ObjectShape
  private readonly fromWire: (wire: JsonObject) => JsonObject

  constructor(model: string, schema: z.ZodObject) {
    this.schema = schema
    this.shape = readShape(pascalCase(model.replace(/^.*\./, '')), schema, 'input')
    this.names = this.shape.fields.map(({ name }) => name)
    const convert = compileFromWire(this.shape)
    this.fromWire = (wire) => convert(wire) as JsonObject
  }

  /** The own name of a field, by its name on the wire. */
  nameOf(wireName: string): string | undefined {
    return this.names.find((name) => snakeCase(name) === wireName)
  }

  /** Judges what is stored together with what is given, which wins. Defaults are filled in. */
  judge(stored: JsonObject, given: JsonObject, locate: Locate): JsonObject {
    this.refuseUndeclared(this.shape, given, [], locate)
    const input = { ...stored, ...this.fromWire(given) }
    const result = this.schema.safeParse(input)
    if (!result.success) throw this.problem(result.error, input, locate)
    // What is left undefined is not stored.
    return JSON.parse(JSON.stringify(result.data))
  }

  /** Judges what a field is compared with. */
  judgeOne(name: string, value: JsonValue, at: Position): JsonValue {
    const wireName = snakeCase(name)
    const converted = this.fromWire({ [wireName]: value })[name] ?? null
    const result = (this.schema.shape[name] as z.ZodType).safeParse(converted)
    if (result.success) return result.data as JsonValue
    const [error] = fieldErrors(result.error, converted) as [FieldError]
    throw new Problem(at, error.message, wireName)
  }

  private problem(error: z.ZodError, input: JsonObject, locate: Locate): Problem {
    const [first] = fieldErrors(error, input, this.shape) as [FieldError]
    const path = first.field === 'nonFieldErrors' ? [] : first.field.split('.').map(snakeCase)
    const choices = first.code === 'invalid_choice' ? this.choicesOf(first.field) : []
    const advice = choices.length > 0 ? ` Use one of: ${choices.join(', ')}.` : ''
    return new Problem(locate(path), first.message + advice, path.join('.') || undefined)
  }

  private choicesOf(field: string): readonly string[] {
    const [name] = field.split('.')
    return choices(this.shape.fields.find((declared) => declared.name === name)?.shape)
  }

  /** The conversion would drop what it does not know. */
  private refuseUndeclared(shape: Shape, value: JsonValue | undefined, path: readonly string[], locate: Locate): void {
    if (shape.type === 'list' && Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.refuseUndeclared(shape.element, item, [...path, String(index)], locate)
    }
    if (shape.type !== 'object' || !isJsonObject(value)) return
    for (const [key, member] of Object.entries(value)) {
      const field = shape.fields.find(({ name }) => snakeCase(name) === key)
      const here = [...path, key]
      if (field) this.refuseUndeclared(field.shape, member, here, locate)
      else if (!isEmpty(member)) throw new Problem(locate(here), 'There is no such attribute.', here.join('.'))
    }
  }
}

/** What says nothing may stand where nothing is known. */
export function isEmpty(value: JsonValue | undefined): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (isJsonObject(value)) return Object.keys(value).length === 0
  return value === null || value === '' || value === undefined
}

function choices(shape: Shape | undefined): readonly string[] {
  if (shape?.type === 'list') return choices(shape.element)
  return shape?.type === 'enum' ? shape.values.map(({ value }) => value) : []
}
