import { snakeCase } from './names.ts'
import type { FieldShape, ListShape, ObjectShape, ScalarShape, Shape } from './shape-kinds.ts'

/** Turns one spelling of a value into the other. Wrong values pass through, to be judged by zod. */
export type Convert = (value: unknown) => unknown

/** Which names are read and written; what happens to a scalar; undefined leaves it as it is. */
interface Direction {
  readonly from: (field: FieldShape) => string
  readonly to: (field: FieldShape) => string
  readonly scalar: (shape: ScalarShape) => Convert | undefined
}

const wireName = (field: FieldShape) => snakeCase(field.name)
const ownName = (field: FieldShape) => field.name

const outward: Direction = {
  from: ownName,
  to: wireName,
  scalar: ({ scalar }) => (scalar === 'dateTime' ? (value) => (value instanceof Date ? value.toISOString() : value) : undefined),
}
const inward: Direction = { from: wireName, to: ownName, scalar: () => undefined }

/** Compiles what spells a value in snake_case, as REST shows it. Members that are undefined or undeclared are left out. */
export function compileToWire(shape: Shape): Convert {
  return compile(shape, outward) ?? unchanged
}

/** Compiles what reads the snake_case spelling back. Undeclared members are dropped, and nothing is judged. */
export function compileFromWire(shape: Shape): Convert {
  return compile(shape, inward) ?? unchanged
}

function unchanged(value: unknown): unknown {
  return value
}

function compile(shape: Shape, direction: Direction): Convert | undefined {
  switch (shape.type) {
    case 'scalar':
      return direction.scalar(shape)
    case 'enum':
    case 'json':
      return undefined
    case 'list':
      return compileList(shape, direction)
    case 'object':
      return compileObject(shape, direction)
  }
}

function compileList({ element }: ListShape, direction: Direction): Convert | undefined {
  const convert = compile(element, direction)
  return convert && ((value) => (Array.isArray(value) ? value.map((member: unknown) => convert(member)) : value))
}

function compileObject({ fields }: ObjectShape, { from, to, ...direction }: Direction): Convert {
  const members = fields.map((field) => ({
    from: from(field),
    to: to(field),
    convert: compile(field.shape, { from, to, ...direction }) ?? unchanged,
  }))
  return (value) => {
    if (!isObject(value)) return value
    const result: Record<string, unknown> = {}
    for (const { from, to, convert } of members) {
      // What is inherited was not sent. The names written are those of the shape, never the sender's.
      const member = Object.hasOwn(value, from) ? value[from] : undefined
      if (member !== undefined) result[to] = convert(member)
    }
    return result
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
