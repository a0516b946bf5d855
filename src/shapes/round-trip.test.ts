import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { toWireJsonSchema } from './json-schema.ts'
import { snakeCase } from './names.ts'
import { readShape } from './shape.ts'
import type { Shape } from './shape-kinds.ts'
import { compileFromWire, compileToWire } from './wire.ts'

/** A schema and a way to make values that it takes. */
interface Sample {
  readonly schema: z.ZodType
  readonly make: () => unknown
}

/** Numbers that look random and are the same in every run (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function samplesFrom(next: () => number) {
  const below = (limit: number) => Math.floor(next() * limit)
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item
  const words = ['user', 'Login', 'V2', 'Id', 'A', 'url', 'field', 'x9']

  const key = () => {
    const [first, ...rest] = Array.from({ length: 1 + below(3) }, () => pick(words))
    return `${first?.toLowerCase()}${rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}z`
  }

  const leaves: readonly Sample[] = [
    { schema: z.string(), make: () => pick(['', 'snake_case', 'camelCase', '🙂', '__proto__']) },
    { schema: z.int(), make: () => below(2 ** 31) },
    { schema: z.number(), make: next },
    { schema: z.boolean(), make: () => next() < 0.5 },
    { schema: z.uuid(), make: () => crypto.randomUUID() },
    { schema: z.iso.datetime(), make: () => new Date(below(2 ** 31) * 1000).toISOString() },
    { schema: z.enum(['oneValue', 'other_value']), make: () => pick(['oneValue', 'other_value']) },
    { schema: z.record(z.string(), z.unknown()), make: () => ({ someKey: { innerKey: next() }, other_key: [null] }) },
    { schema: z.json(), make: () => pick<unknown>([null, 1, ['a'], { camelKey: 1, snake_key: 2 }]) },
  ]

  const any = (depth: number): Sample => {
    if (depth === 0 || next() < 0.4) return pick(leaves)
    return next() < 0.5 ? list(any(depth - 1)) : object(depth - 1)
  }
  const list = ({ schema, make }: Sample): Sample => ({
    schema: z.array(schema),
    make: () => Array.from({ length: below(4) }, make),
  })

  const object = (depth: number): Sample & { readonly schema: z.ZodObject } => {
    const members = new Map(Array.from({ length: 1 + below(6) }, () => [key(), member(any(depth))]))
    const shape = Object.fromEntries([...members].map(([name, { schema }]) => [name, schema.describe('A field.')]))
    return {
      schema: z.object(shape),
      make: () =>
        Object.fromEntries([...members].map(([name, { make }]) => [name, make()]).filter(([, value]) => value !== undefined)),
    }
  }
  const member = (sample: Sample): Sample => {
    const { schema, make } = sample
    return pick<Sample>([
      sample,
      { schema: schema.nullable(), make: () => (next() < 0.5 ? null : make()) },
      { schema: schema.optional(), make: () => (next() < 0.5 ? undefined : make()) },
    ])
  }
  return { object }
}

/** The names that stand where the shape declares them. */
function declaredNames(shape: Shape, wire: unknown): string[] {
  if (shape.type === 'list' && Array.isArray(wire)) return wire.flatMap((member) => declaredNames(shape.element, member))
  if (shape.type !== 'object' || typeof wire !== 'object' || wire === null) return []
  return Object.entries(wire).flatMap(([name, value]) => {
    const field = shape.fields.find((candidate) => snakeCase(candidate.name) === name)
    return [name, ...(field ? declaredNames(field.shape, value) : [])]
  })
}

it('every value comes back from the wire as it went, and fits its JSON Schema there', () => {
  const next = numbersFrom(20_260_420)
  const seen = { names: 0, renamed: 0 }
  for (let round = 0; round < 60; round++) {
    const { schema, make } = samplesFrom(next).object(3)
    const shape = readShape('Sample', schema, 'output')
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true })
    formats.default(ajv)
    const validate = ajv.compile({ ...toWireJsonSchema(shape) })

    for (let turn = 0; turn < 20; turn++) {
      const value = make()
      const wire = compileToWire(shape)(value)

      expect(compileFromWire(shape)(wire)).toStrictEqual(value)
      expect(compileFromWire(shape)(JSON.parse(JSON.stringify(wire)))).toStrictEqual(value)
      expect(schema.parse(value)).toEqual(value)
      expect(validate(wire), JSON.stringify({ wire, errors: validate.errors })).toBe(true)

      const names = declaredNames(shape, wire)
      expect(names.filter((name) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([])
      seen.names += names.length
      seen.renamed += names.filter((name) => name.includes('_')).length
    }
  }
  // A generator that made nothing would prove nothing.
  expect(seen.names).toBeGreaterThan(5_000)
  expect(seen.renamed).toBeGreaterThan(2_000)
})
