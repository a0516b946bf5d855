import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { frameworkChallenges } from '../../src/flow/challenges.ts'
import { StageRegistry } from '../../src/flow/registry.ts'
import { createSchema } from '../../src/graphql/schema.ts'
import { policies } from '../../src/policies/index.ts'
import { openApiDocument } from '../../src/rest/openapi.ts'
import { WireCodec } from '../../src/rest/wire-codec.ts'
import { toWireJsonSchema } from '../../src/shapes/json-schema.ts'
import { readShape } from '../../src/shapes/shape.ts'
import type { FieldShape, ObjectShape, Shape } from '../../src/shapes/shape-kinds.ts'
import { compileFromWire, compileToWire } from '../../src/shapes/wire.ts'
import { stages } from '../../src/stages/index.ts'
import { sampleOf } from './samples.ts'

const registry = new StageRegistry(stages)

/** Every shape that some API says, by what it is. */
const shapes: readonly (readonly [string, ObjectShape])[] = [
  ...stages.flatMap(({ kind, config, challenge, response }) => [
    [`the config of a ${kind} stage`, readShape('Config', config, 'input')] as const,
    ...(challenge ? [[`the ${kind} challenge`, readShape('Challenge', challenge, 'output')] as const] : []),
    ...(response ? [[`the response to ${kind}`, readShape('Response', response, 'input')] as const] : []),
  ]),
  ...frameworkChallenges.map(
    ({ kind, challenge }) => [`the ${kind} challenge`, readShape('Challenge', challenge, 'output')] as const,
  ),
  ...registry
    .objects()
    .map(({ kind, config }) => [`the config of an object ${kind}`, readShape('Config', config, 'input')] as const),
  ...policies.map(({ kind, config }) => [`the config of a ${kind} policy`, readShape('Config', config, 'input')] as const),
]

function* fieldsOf(shape: Shape): Generator<FieldShape> {
  if (shape.type === 'list') yield* fieldsOf(shape.element)
  if (shape.type !== 'object') return
  for (const field of shape.fields) {
    yield field
    yield* fieldsOf(field.shape)
  }
}

describe('what the registered kinds say', () => {
  it('can be said in GraphQL, on the wire and in OpenAPI', () => {
    const codec = new WireCodec(registry)

    expect(() => createSchema(registry)).not.toThrow()
    expect(() => openApiDocument(codec, { version: '0.0.0', publicUrl: 'https://login.example.test/' })).not.toThrow()
  })

  it.each(shapes)('comes back from the wire: %s', (_, shape) => {
    const sample = sampleOf(shape)

    expect(compileFromWire(shape)(compileToWire(shape)(sample))).toEqual(sample)
  })

  it.each(shapes)('is described by a schema that fits it: %s', (_, shape) => {
    const ajv = addFormats.default(new Ajv2020({ strict: true, allowUnionTypes: true, keywords: ['x-autocomplete'] }))
    const validate = ajv.compile(toWireJsonSchema(shape))
    validate(compileToWire(shape)(sampleOf(shape)))

    // Lengths and bounds are the business of each kind's own test.
    const wrong = validate.errors?.filter(({ keyword }) => ['type', 'required', 'enum', 'additionalProperties'].includes(keyword))
    expect(wrong ?? []).toEqual([])
  })
})

describe('a secret', () => {
  it.each(shapes.filter(([, { io }]) => io === 'output'))('is never shown: %s', (_, shape) => {
    expect([...fieldsOf(shape)].filter(({ secret }) => secret).map(({ name }) => name)).toEqual([])
  })

  it.each(shapes.filter(([, { io }]) => io === 'input'))('is marked where it is sent: %s', (_, shape) => {
    const suspicious = [...fieldsOf(shape)].filter(
      ({ name, shape: { type } }) =>
        type === 'scalar' &&
        !name.endsWith('Field') &&
        /password|secret|token(?!Expiry|Url)|code|(?!^key$)(?<!public|field|consumer|integration)key/i.test(name),
    )
    const open = suspicious.filter(({ secret, shape: value }) => !secret && value.type === 'scalar' && value.scalar === 'string')

    expect(open.map(({ name }) => name)).toEqual([])
  })
})
