import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { toWireJsonSchema } from './json-schema.ts'
import type { Io } from './layers.ts'
import { readShape } from './shape.ts'
import { secretText, text } from './text.ts'
import { compileToWire } from './wire.ts'

const theme = z.object({ darkMode: z.boolean().describe('Dark.') }).meta({ id: 'Theme', description: 'How it looks.' })
const schema = z.object({
  uidField: text({ max: 20, min: 1 }).describe('Who.'),
  secretCode: secretText({ max: 6 }).nullish().meta({ autocomplete: 'one-time-code' }).describe('The code.'),
  retryCount: z.int().min(0).default(3).describe('How often.'),
  pageTheme: theme.nullable().default({ darkMode: true }).describe('The theme.'),
  deviceClass: z.enum(['totp', 'duo']).nullable().describe('Which.'),
  allIds: z.array(z.uuid()).max(2).optional().describe('Ids.'),
  sentAt: z.iso.datetime().optional().describe('When.'),
  openData: z.record(z.string(), z.unknown()).optional().describe('Open.'),
  anyData: z.json().optional().describe('Anything.'),
})
const document = (io: Io) => toWireJsonSchema(readShape('Sample', schema, io))

function validator(io: Io) {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, keywords: ['x-autocomplete'] })
  formats.default(ajv)
  return ajv.compile({ ...document(io) })
}

describe('the JSON Schema of an input', () => {
  it('says all that the shape says, in snake_case', () => {
    expect(document('input')).toEqual({
      type: 'object',
      properties: {
        uid_field: { type: 'string', minLength: 1, maxLength: 20, description: 'Who.' },
        secret_code: {
          type: ['string', 'null'],
          maxLength: 6,
          description: 'The code.',
          'x-autocomplete': 'one-time-code',
          format: 'password',
          writeOnly: true,
        },
        retry_count: { type: 'integer', minimum: 0, default: 3, description: 'How often.' },
        page_theme: {
          type: ['object', 'null'],
          properties: { dark_mode: { type: 'boolean', description: 'Dark.' } },
          required: ['dark_mode'],
          default: { dark_mode: true },
          description: 'The theme.',
        },
        device_class: { type: ['string', 'null'], enum: ['totp', 'duo', null], description: 'Which.' },
        all_ids: { type: 'array', items: { type: 'string', format: 'uuid' }, maxItems: 2, description: 'Ids.' },
        sent_at: { type: 'string', format: 'date-time', description: 'When.' },
        open_data: { type: 'object', additionalProperties: true, description: 'Open.' },
        any_data: { description: 'Anything.' },
      },
      required: ['uid_field', 'device_class'],
    })
  })

  it('never shows the default of a secret', () => {
    const shape = readShape('Sample', z.object({ apiKey: secretText({ max: 9 }).default('hunter2').describe('A key.') }), 'input')

    expect(JSON.stringify(toWireJsonSchema(shape))).not.toContain('hunter2')
  })

  it('describes a nested object by what was said with its name', () => {
    const shape = readShape('Sample', z.object({ themes: z.array(theme).describe('All.') }), 'output')

    expect(toWireJsonSchema(shape)).toMatchObject({
      properties: { themes: { description: 'All.', items: { description: 'How it looks.' } } },
    })
  })
})

describe('the JSON Schema of an output', () => {
  it('requires what has a default, and does not call a secret that is shown write-only', () => {
    expect(document('output')).toMatchObject({ required: ['uid_field', 'retry_count', 'page_theme', 'device_class'] })
    expect(document('output')).not.toHaveProperty('properties.secret_code.writeOnly')
    expect(document('output')).not.toHaveProperty('properties.retry_count.default')
  })

  it('holds for what is sent', () => {
    const validate = validator('output')
    const value = schema.parse({
      uidField: 'ada',
      deviceClass: null,
      secretCode: null,
      allIds: [crypto.randomUUID()],
      openData: { aB: 1 },
      anyData: [null],
    })

    expect(validate(compileToWire(readShape('Sample', schema, 'output'))(value)), JSON.stringify(validate.errors)).toBe(true)
  })

  it.each([
    ['a missing member', { retry_count: undefined }],
    ['null', { uid_field: null }],
    ['a wrong type', { retry_count: '3' }],
    ['a choice', { device_class: 'sms' }],
    ['a nested member', { page_theme: { dark_mode: 1 } }],
    ['too long a list', { all_ids: [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()] }],
    ['a format', { sent_at: 'now' }],
    ['too long a text', { uid_field: 'a'.repeat(21) }],
    ['a record', { open_data: 'x' }],
  ])('fails for a wrong %s', (_, wrong) => {
    const right = { uid_field: 'ada', retry_count: 3, page_theme: null, device_class: 'duo' }
    const validate = validator('output')

    expect(validate(right)).toBe(true)
    expect(validate(JSON.parse(JSON.stringify({ ...right, ...wrong })))).toBe(false)
  })
})
