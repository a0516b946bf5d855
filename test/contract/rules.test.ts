import { Ajv2020 } from 'ajv/dist/2020.js'
import { isInputObjectType, isNonNullType } from 'graphql'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { StageRegistry } from '../../src/flow/registry.ts'
import { type ResponseField, responseFieldsByKind } from '../../src/graphql/response-fields.ts'
import { createSchema } from '../../src/graphql/schema.ts'
import { toWireJsonSchema } from '../../src/shapes/json-schema.ts'
import { pascalCase } from '../../src/shapes/names.ts'
import { readShape } from '../../src/shapes/shape.ts'
import { compileToWire } from '../../src/shapes/wire.ts'
import { stages } from '../../src/stages/index.ts'
import { leastAnswer, ruleSamples } from './rule-samples.ts'

const registry = new StageRegistry(stages)
const told = responseFieldsByKind(registry)
const schema = createSchema(registry)

/** A field of an answer to a kind, and how to put a value there. */
interface Place {
  readonly kind: string
  readonly path: string
  readonly field: ResponseField
  readonly response: z.ZodObject
  readonly input: string
  answerWith(value: unknown): unknown
}

/** Every field of every answer, those of objects and of what lists hold too. */
const places: readonly Place[] = stages.flatMap(({ kind, response }) => {
  const fields = told.get(kind)
  const name = `${pascalCase(kind)}Response`
  return response && fields ? placesIn({ kind, response, input: name }, fields, '', (value) => value) : []
})

function placesIn(
  about: Pick<Place, 'kind' | 'response' | 'input'>,
  fields: readonly ResponseField[],
  prefix: string,
  wrap: (value: unknown) => unknown,
): Place[] {
  return fields.flatMap((field) => {
    const path = `${prefix}${field.name}`
    const answerWith = (value: unknown) => wrap({ ...leastAnswer(fields), [field.name]: value })
    const within = (value: unknown) => answerWith(field.type === 'list' ? [value] : value)
    const input = `${about.input}${pascalCase(field.name)}`
    return [{ ...about, path, field, answerWith }, ...placesIn({ ...about, input }, field.fields, `${path}.`, within)]
  })
}

const named = places.map((place) => [`${place.kind} ${place.path}`, place] as const)

/** What JSON can carry: a field that is undefined is not there. */
const sent = (answer: unknown): unknown => JSON.parse(JSON.stringify(answer))

describe('the rules of answers', () => {
  it('are told for every kind that takes an answer', () => {
    expect([...told.keys()]).toEqual(stages.filter(({ answer }) => answer).map(({ kind }) => kind))
    expect(places.length).toBeGreaterThan(20)
  })

  it.each(named)('bound all that could be long: %s', (_, { field }) => {
    if (field.type === 'string') expect(field.maxLength).toBeGreaterThan(0)
    if (field.type === 'list') expect(field.maxItems).toBeGreaterThan(0)
  })

  it.each(named)('are all of sorts that are tried here: %s', (_, { field }) => {
    const tried = ['minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems']
    const { name, type, required, secret, autocomplete, values, fields, ...constraints } = field

    expect(tried).toEqual(expect.arrayContaining(Object.keys(constraints)))
    // A list of plain values would have rules for which there is no place.
    if (type === 'list') expect(fields.length).toBeGreaterThan(0)
  })

  it.each(named)('let through what just keeps them, and nothing that just breaks one: %s', (_, place) => {
    const { fitting, breaking } = ruleSamples(place.field)
    const passes = ([, value]: (typeof fitting)[number]) => place.response.safeParse(sent(place.answerWith(value))).success

    expect(fitting.filter((sample) => !passes(sample)).map(([about]) => about)).toEqual([])
    expect(breaking.filter(passes).map(([about]) => about)).toEqual([])
  })

  it.each(named)('are the same in the document of the REST API: %s', (_, place) => {
    const shape = readShape('Response', place.response, 'input')
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { password: true }, keywords: ['x-autocomplete'] })
    const validate = ajv.compile(toWireJsonSchema(shape))
    const { fitting, breaking } = ruleSamples(place.field)
    const passes = ([, value]: (typeof fitting)[number]) => validate(sent(compileToWire(shape)(place.answerWith(value))))
    // What no text may hold is said in words: JSON Schema has no way to say it that every validator understands.
    const sayable = breaking.filter(([about]) => !/NUL|surrogate/.test(about))

    expect(fitting.filter((sample) => !passes(sample)).map(([about]) => about)).toEqual([])
    expect(sayable.filter(passes).map(([about]) => about)).toEqual([])
  })

  it.each(named)('require in GraphQL what they require: %s', (_, { input, field }) => {
    const types = [input, `${input}Input`].map((name) => schema.getType(name))
    const type = types.find(isInputObjectType)

    expect(isNonNullType(type?.getFields()[field.name]?.type)).toBe(field.required)
  })

  it.each(named)('ignore fields that nobody knows: %s', (_, { response, answerWith, field }) => {
    const value = ruleSamples(field).fitting[0]?.[1]
    const answer = answerWith(value)
    const extended = field.fields.length === 0 ? answer : answerWith(withStranger(value))

    expect(response.parse({ ...(extended as object), unheardOf: 1 })).toEqual(response.parse(answer))
  })
})

/** An object, or each element of a list, with a member that nobody knows. */
function withStranger(value: unknown): unknown {
  return Array.isArray(value) ? value.map(withStranger) : { ...(value as object), unheardOf: 1 }
}

describe('what a browser may fill in', () => {
  it('is told of all that people are asked to type', () => {
    const hints = places
      .filter(({ field }) => field.autocomplete)
      .map(({ kind, path, field }) => `${kind}.${path}: ${field.autocomplete}`)

    expect(hints).toEqual([
      'authenticator_email.code: one-time-code',
      'authenticator_email.email: email',
      'authenticator_sms.code: one-time-code',
      'authenticator_sms.phoneNumber: tel',
      'authenticator_totp.code: one-time-code',
      'authenticator_validate.code: one-time-code',
      'identification.uidField: username webauthn',
      'identification.password: current-password',
      'password.password: current-password',
    ])
  })
})
