import { type GraphQLInputObjectType, graphql } from 'graphql'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { StageRegistry } from '../flow/registry.ts'
import { advance, defineStage, type StageDefinition } from '../flow/stage.ts'
import { secretText, text } from '../shapes/text.ts'
import { createBuilder } from './builder.ts'
import { createSchema } from './schema.ts'
import { addStepTypes } from './step-types.ts'

const colour = z.enum(['dark-red', 'blue']).meta({ id: 'Colour', description: 'A colour.' })
const guest = z.object({ name: text({ max: 9 }).describe('A name.') }).meta({ id: 'Guest', description: 'Somebody who comes.' })

const party = defineStage({
  kind: 'party',
  component: 'ak-stage-party',
  model: 'authentik_stages_party.party',
  description: 'Asks for everything.',
  config: z.object({}),
  challenge: z.object({ host: z.string().describe('Who asks.') }),
  response: z.object({
    code: secretText({ max: 8, min: 4 }).meta({ autocomplete: 'one-time-code' }).describe('A code.'),
    nickname: text({ max: 20 })
      .regex(/^[a-z]*$/)
      .nullish()
      .meta({ autocomplete: 'username' })
      .describe('A name.'),
    age: z.int().min(0).max(150).describe('In years.'),
    height: z.number().min(0.5).optional().describe('In metres.'),
    happy: z.boolean().default(true).describe('Or not.'),
    note: text({ max: 5 }).nullable().describe('A note, or null.'),
    id: z.uuid().optional().describe('An id.'),
    bornAt: z.iso.datetime().optional().describe('When.'),
    colour: colour.describe('A colour.'),
    guests: z.array(guest).min(1).max(3).describe('Who comes along.'),
    extra: z.record(z.string(), z.unknown()).optional().describe('Whatever.'),
    anything: z.json().optional().describe('Whatever at all.'),
  }),
  present: () => advance(),
  answer: () => advance(),
})
const silent: StageDefinition = { ...party, kind: 'silent', response: z.object({}) }
const registry = new StageRegistry([party, silent])

const query = `{ step { challenge { ... on Challenge { responseFields {
  name type required secret minLength maxLength pattern minimum maximum minItems maxItems values autocomplete
  fields { name type maxLength }
} } } } }`

/** What a client reads beside a challenge of this kind. */
async function shown(kind: string, status = 'active') {
  const builder = createBuilder()
  const { flowExecution } = addStepTypes(builder, registry)
  builder.queryType({
    description: 'A query.',
    fields: (t) => ({
      step: t.field({
        type: flowExecution,
        description: 'A step.',
        resolve: () => ({ status, challenge: { kind, component: `ak-stage-${kind}`, fields: {} } }) as never,
      }),
    }),
  })
  const { data, errors } = await graphql({ schema: builder.toSchema(), source: query, contextValue: {} })
  expect(errors).toBeUndefined()
  // graphql-js types what a query returns as unknown values.
  const { step } = data as unknown as { step: { challenge: { responseFields: Record<string, unknown>[] } } }
  return step.challenge.responseFields.map((field) =>
    Object.fromEntries(Object.entries(field).filter(([, value]) => value !== null)),
  )
}

describe('the fields of a response', () => {
  it('are told with every rule', async () => {
    const bare = { required: false, secret: false, fields: [] }

    expect(await shown('party')).toEqual([
      {
        ...bare,
        name: 'code',
        type: 'STRING',
        required: true,
        secret: true,
        minLength: 4,
        maxLength: 8,
        autocomplete: 'one-time-code',
      },
      { ...bare, name: 'nickname', type: 'STRING', maxLength: 20, pattern: '^[a-z]*$', autocomplete: 'username' },
      { ...bare, name: 'age', type: 'INT', required: true, minimum: 0, maximum: 150 },
      { ...bare, name: 'height', type: 'FLOAT', minimum: 0.5 },
      { ...bare, name: 'happy', type: 'BOOLEAN' },
      { ...bare, name: 'note', type: 'STRING', maxLength: 5 },
      { ...bare, name: 'id', type: 'ID' },
      { ...bare, name: 'bornAt', type: 'DATE_TIME' },
      { ...bare, name: 'colour', type: 'ENUM', required: true, values: ['DARK_RED', 'BLUE'] },
      {
        ...bare,
        name: 'guests',
        type: 'LIST',
        required: true,
        minItems: 1,
        maxItems: 3,
        fields: [{ name: 'name', type: 'STRING', maxLength: 9 }],
      },
      { ...bare, name: 'extra', type: 'OBJECT' },
      { ...bare, name: 'anything', type: 'JSON' },
    ])
  })

  it('are none where there is nothing to say, and where no answer is taken', async () => {
    expect(await shown('silent')).toEqual([])
    expect(await shown('access_denied')).toEqual([])
    expect(await shown('party', 'finished')).toEqual([])
  })
})

describe('the descriptions of an answer', () => {
  const input = createSchema(registry).getType('PartyResponse') as GraphQLInputObjectType
  const described = (name: string) => input.getFields()[name]?.description

  it('say the rules in words', () => {
    expect(described('code')).toBe('A code. Takes at least 4 characters, at most 8 characters. Autocomplete: one-time-code.')
    expect(described('nickname')).toBe('A name. Takes at most 20 characters, matching `^[a-z]*$`. Autocomplete: username.')
    expect(described('age')).toBe('In years. Takes at least 0, at most 150.')
    expect(described('guests')).toBe('Who comes along. Takes at least 1 elements, at most 3 elements.')
    expect(described('happy')).toBe('Or not.')
  })
})
