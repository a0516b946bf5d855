import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Io } from './layers.ts'
import { readShape } from './shape.ts'
import { ShapeError } from './shape-error.ts'
import type { Shape } from './shape-kinds.ts'
import { secretText, text } from './text.ts'

function field(schema: z.ZodType, io: Io = 'input') {
  const [first] = readShape('Sample', z.object({ someField: schema.describe('A field.') }), io).fields
  if (!first) throw new Error('no field was read')
  return first
}

const scalar = (name: string, constraints = {}) => ({ type: 'scalar', scalar: name, constraints, nullable: false })

describe('a shape', () => {
  it.each<[string, z.ZodType, object]>([
    ['a string', z.string(), scalar('string')],
    ['a text', text({ max: 40, min: 1 }), scalar('string', { minLength: 1, maxLength: 40 })],
    ['an email', z.email().max(254), scalar('string', { maxLength: 254, format: 'email' })],
    ['a URL', z.url(), scalar('string', { format: 'uri' })],
    ['a pattern', z.string().regex(/^[a-z]+$/), scalar('string', { pattern: '^[a-z]+$' })],
    ['a pattern with flags, which JSON Schema cannot say', z.string().regex(/^[a-z]+$/i), scalar('string')],
    ['a UUID', z.uuid(), scalar('id', { format: 'uuid' })],
    ['a handle', z.string().meta({ scalar: 'id' }), scalar('id')],
    ['a date and time', z.iso.datetime({ offset: true }), scalar('dateTime', { format: 'date-time' })],
    ['a date', z.iso.date(), scalar('string', { format: 'date' })],
    ['an integer', z.int().min(0).max(9), scalar('integer', { minimum: 0, maximum: 9 })],
    ['an integer without bounds of its own', z.number().int(), scalar('integer')],
    ['a float', z.number().gt(0).lt(1), scalar('float', { exclusiveMinimum: 0, exclusiveMaximum: 1 })],
    ['a multiple', z.number().multipleOf(5), scalar('float', { multipleOf: 5 })],
    ['a boolean', z.boolean(), scalar('boolean')],
    ['what a transform takes', z.string().transform(Number), scalar('string')],
    ['what a preprocess passes on', z.preprocess(String, z.int()), scalar('integer')],
    ['an open record', z.record(z.string(), z.unknown()), { type: 'json', record: true, nullable: false }],
    ['an open object', z.looseObject({}), { type: 'json', record: true, nullable: false }],
    ['any JSON', z.json(), { type: 'json', record: false, nullable: true }],
    ['described JSON', z.json().describe('Anything.').optional(), { type: 'json', record: false, nullable: true }],
    ['anything', z.unknown(), { type: 'json', record: false, nullable: true }],
  ])('says %s', (_, schema, shape) => {
    expect(field(schema).shape).toEqual(shape)
  })

  it('says a Date only where it is shown', () => {
    expect(field(z.date(), 'output').shape).toEqual(scalar('dateTime', { format: 'date-time' }))
    expect(() => field(z.date(), 'input')).toThrow(ShapeError)
  })

  it('says both sides of a codec', () => {
    const codec = z.codec(z.string(), z.int(), { decode: Number, encode: String })

    expect(field(codec, 'input').shape).toEqual(scalar('string'))
    expect(field(codec, 'output').shape).toEqual(scalar('integer'))
  })

  it('says an enum with what its values mean', () => {
    const schema = z.enum(['email', 'upn']).meta({ values: { upn: 'The user principal name.' } })

    expect(field(schema).shape).toEqual({
      type: 'enum',
      name: 'SampleSomeField',
      values: [
        { value: 'email', name: 'EMAIL' },
        { value: 'upn', name: 'UPN', description: 'The user principal name.' },
      ],
      nullable: false,
    })
  })

  it('says literals as an enum', () => {
    expect(field(z.literal('ak-stage-captcha')).shape).toMatchObject({
      type: 'enum',
      values: [{ value: 'ak-stage-captcha', name: 'AK_STAGE_CAPTCHA' }],
    })
  })

  it('says a list and its bounds, whatever its elements are', () => {
    const element = z.object({ at: z.date().describe('When.') })

    expect(field(z.array(z.string().nullable()).min(1).max(3)).shape).toEqual({
      type: 'list',
      element: { ...scalar('string'), nullable: true },
      constraints: { minItems: 1, maxItems: 3 },
      nullable: false,
    })
    expect(field(z.array(element).max(3), 'output').shape).toMatchObject({
      type: 'list',
      element: { type: 'object' },
      constraints: { maxItems: 3 },
    })
  })

  it('names what has no name after the object and the field', () => {
    const themed = z.object({ mode: z.enum(['light', 'dark']).describe('The mode.') })
    const shape = field(z.array(themed), 'output').shape as Extract<Shape, { type: 'list' }>

    expect(shape.element).toMatchObject({ name: 'SampleSomeField', fields: [{ shape: { name: 'SampleSomeFieldMode' } }] })
  })

  it('describes itself only by what was said with its name', () => {
    const named = z.enum(['a']).meta({ id: 'Letter', description: 'A letter.' })

    expect(field(named).shape).toMatchObject({ name: 'Letter', description: 'A letter.' })
    expect(field(z.enum(['a'])).shape).not.toHaveProperty('description')
  })
})

describe('a field', () => {
  it.each<[string, z.ZodType, Io, { optional: boolean; nullable: boolean; default?: unknown }]>([
    ['required', z.string(), 'input', { optional: false, nullable: false }],
    ['optional', z.string().optional(), 'input', { optional: true, nullable: false }],
    ['nullable', z.string().nullable(), 'input', { optional: false, nullable: true }],
    ['both', z.string().nullish(), 'input', { optional: true, nullable: true }],
    ['defaulted', z.string().default('x'), 'input', { optional: true, nullable: false, default: 'x' }],
    ['defaulted to null', z.string().nullable().default(null), 'input', { optional: true, nullable: true, default: null }],
    ['prefaulted', z.string().prefault('x'), 'input', { optional: true, nullable: false, default: 'x' }],
    ['transformed behind its default', z.string().transform(Number).default(5), 'input', { optional: true, nullable: false }],
    ['required after all', z.string().optional().nonoptional(), 'input', { optional: false, nullable: false }],
    ['wrapped', z.lazy(() => z.string().nullish().readonly()), 'input', { optional: true, nullable: true }],
    ['shown with a default', z.string().default('x'), 'output', { optional: false, nullable: false }],
    ['shown or not', z.string().optional(), 'output', { optional: true, nullable: false }],
    ['shown, or null', z.string().nullish().default(null), 'output', { optional: false, nullable: true }],
  ])('can be %s', (_, schema, io, { nullable, ...expected }) => {
    const { shape, optional, ...rest } = field(schema, io)

    expect({ shape, optional, ...('default' in rest && { default: rest.default }) }).toMatchObject({
      shape: { nullable },
      ...expected,
    })
    expect('default' in rest).toBe('default' in expected)
  })

  it('says what may be filled in, also once it is described', () => {
    expect(field(text({ max: 9 }).meta({ autocomplete: 'email' }).nullish())).toMatchObject({ autocomplete: 'email' })
    expect(field(text({ max: 9 }))).not.toHaveProperty('autocomplete')
  })

  it('takes the outermost description', () => {
    const shape = readShape(
      'Sample',
      z.object({ a: z.string().describe('Inner.').optional(), b: z.int().describe('Inner.').optional().describe('Outer.') }),
      'input',
    )

    expect(shape.fields.map(({ name, description }) => [name, description])).toEqual([
      ['a', 'Inner.'],
      ['b', 'Outer.'],
    ])
  })

  it.each<[string, z.ZodType, boolean]>([
    ['a secret text', secretText({ max: 9 }), true],
    ['one that may be missing', secretText({ max: 9 }).nullish(), true],
    ['a list of secrets', z.array(secretText({ max: 9 })), true],
    ['a secret record', z.record(z.string(), z.unknown()).meta({ secret: true }), true],
    ['a text', text({ max: 9 }), false],
  ])('knows whether it is secret: %s', (_, schema, secret) => {
    expect(field(schema).secret).toBe(secret)
  })

  it('keeps the limits of a secret text', () => {
    expect(field(secretText({ max: 9, min: 2 })).shape).toEqual(scalar('string', { minLength: 2, maxLength: 9 }))
  })
})

describe('a name', () => {
  const address = z
    .object({ city: z.string().describe('The city.') })
    .meta({ id: 'Address', description: 'Where somebody lives.' })
  const designation = z.enum(['recovery', 'enrollment']).meta({ id: 'FlowDesignation' })

  it('is the same wherever the schema is used, described again or wrapped', () => {
    const schema = z.object({
      home: address.describe('At home.'),
      work: address.nullable().describe('At work.'),
      more: z.array(address).describe('Elsewhere.'),
    })
    const [home, work, more] = readShape('Person', schema, 'output').fields.map(({ shape }) => shape)

    expect(home).toMatchObject({ name: 'Address', description: 'Where somebody lives.', io: 'output' })
    expect(work).toEqual({ ...home, nullable: true })
    expect(more).toMatchObject({ element: home })
  })

  it('differs between what is shown and what is sent, except for enums', () => {
    const schema = z.object({ address: address.describe('Where.'), designation: designation.describe('For what.') })
    const names = (io: Io) => readShape('Sample', schema, io).fields.map(({ shape }) => 'name' in shape && shape.name)

    expect(names('output')).toEqual(['Address', 'FlowDesignation'])
    expect(names('input')).toEqual(['AddressInput', 'FlowDesignation'])
  })

  it('of the whole is the one it was asked for', () => {
    expect(readShape('Whole', address, 'input')).toMatchObject({ name: 'Whole', io: 'input', nullable: false })
  })

  it('cannot mean two things', () => {
    const schema = z.object({
      a: designation.describe('One.'),
      b: z.enum(['other']).meta({ id: 'FlowDesignation' }).describe('Two.'),
    })

    expect(() => readShape('Sample', schema, 'input')).toThrow('Sample.b: another shape here is named FlowDesignation')
  })
})

describe('what no API could say', () => {
  const described = (schema: z.ZodType) => z.object({ someField: schema.describe('A field.') })
  const recursive: z.ZodType = z.lazy(() => described(recursive))

  it.each<[string, z.ZodObject, Io, string]>([
    ['a union', described(z.union([z.string(), z.int()])), 'input', 'someField'],
    ['a union of objects', described(z.discriminatedUnion('a', [z.object({ a: z.literal('b') })])), 'input', 'someField'],
    ['a tuple', described(z.tuple([z.string()])), 'input', 'someField'],
    ['an intersection', described(z.object({}).and(z.object({}))), 'input', 'someField'],
    ['a map', described(z.map(z.string(), z.string())), 'input', 'someField'],
    ['a set', described(z.set(z.string())), 'input', 'someField'],
    ['a bigint', described(z.bigint()), 'output', 'someField'],
    ['a transform that is shown', described(z.string().transform(Number)), 'output', 'someField'],
    ['a value that hides its errors', described(z.string().catch('x')), 'input', 'someField'],
    ['a custom value', described(z.custom()), 'input', 'someField'],
    ['an element that may be missing', described(z.array(z.string().optional())), 'input', 'someField[]'],
    [
      'a union in a list in an object',
      described(z.array(described(z.union([z.string(), z.int()])))),
      'input',
      'someField[].someField',
    ],
    ['an object without fields', described(z.object({})), 'input', 'someField'],
    ['an open object with fields', described(z.looseObject({ a: z.string().describe('A.') })), 'input', 'someField'],
    ['an enum of numbers', described(z.enum({ one: 1 })), 'input', 'someField'],
    ['a literal number', described(z.literal(1)), 'input', 'someField'],
    ['an enum whose values sound alike', described(z.enum(['a-b', 'a_b'])), 'input', 'someField'],
    ['an enum value without a letter', described(z.enum(['?'])), 'input', 'someField'],
    ['a record whose keys are known', described(z.record(z.enum(['a']), z.string())), 'input', 'someField'],
    ['a shape in itself', described(recursive), 'input', `someField${'.someField'.repeat(15)}`],
    ['a type name that GraphQL refuses', described(z.enum(['a']).meta({ id: 'not a name' })), 'input', 'someField'],
    ['a named scalar', described(z.string().meta({ id: 'Text' })), 'input', 'someField'],
    ['a key that does not survive', z.object({ userID: z.string().describe('An id.') }), 'input', 'userID'],
    ['a key that every object has', z.object({ constructor: z.string().describe('A trap.') }), 'input', 'constructor'],
    ['a field without a description', z.object({ someField: z.string() }), 'input', 'someField'],
  ])('is refused at start-up, by name: %s', (_, schema, io, place) => {
    let thrown: unknown
    try {
      readShape('Sample', schema, io)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(ShapeError)
    expect(thrown).toMatchObject({ schema: 'Sample', field: place, message: expect.stringMatching(/^Sample\./) })
  })
})
