import { isDeepStrictEqual } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { StageRegistry } from '../../src/flow/registry.ts'
import { policies } from '../../src/policies/index.ts'
import { toWireJsonSchema } from '../../src/shapes/json-schema.ts'
import { snakeCase } from '../../src/shapes/names.ts'
import { readShape } from '../../src/shapes/shape.ts'
import type { FieldShape, Shape } from '../../src/shapes/shape-kinds.ts'
import { compileToWire } from '../../src/shapes/wire.ts'
import { stages } from '../../src/stages/index.ts'
import { createAuthority } from '../support/certificates.ts'
import { leastConfig } from './samples.ts'

const { pem } = await createAuthority()

/** The least that an administrator must write of the objects that stages name. */
const leastObjects: Readonly<Record<string, object>> = {
  certificate: { certificateData: pem },
  oauth_source: {
    slug: 'acme',
    consumerKey: 'stagedoor',
    oidcWellKnownUrl: 'https://id.example.test/.well-known/openid-configuration',
  },
  prompt: { fieldKey: 'username', label: 'User name', type: 'username' },
}

interface Configured {
  readonly config: z.ZodObject
  readonly least: object
}

/** Everything that administrators configure. */
const configured: readonly (readonly [string, Configured])[] = [
  ...stages.map((kind) => [`a ${kind.kind} stage`, { config: kind.config, least: leastConfig(kind) }] as const),
  ...policies.map((kind) => [`a ${kind.kind} policy`, { config: kind.config, least: leastConfig(kind) }] as const),
  ...new StageRegistry(stages)
    .objects()
    .map(({ kind, config }) => [`an object ${kind}`, { config, least: leastObjects[kind] ?? {} }] as const),
]

const shapeOf = ({ config }: Configured) => readShape('Config', config, 'input')
const compile = (shape: Shape) =>
  addFormats
    .default(new Ajv2020({ strict: true, allowUnionTypes: true, formats: { password: true } }))
    .compile(toWireJsonSchema(shape))

/** What the JSON Schema of a config finds wrong with it. */
function problemsOf(configuration: Configured, config: object): readonly string[] {
  const shape = shapeOf(configuration)
  const validate = compile(shape)
  validate(JSON.parse(JSON.stringify(compileToWire(shape)(config))))
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

describe.each(configured)('the config of %s', (_, configuration) => {
  const { fields } = shapeOf(configuration)

  it('describes every field in a sentence', () => {
    for (const { description } of fields) expect(description).toMatch(/^[A-Z`].*[.!?]$/s)
  })

  it('tells what a field is that nobody sets', () => {
    const least = configuration.config.parse(configuration.least) as Record<string, unknown>
    const unset = fields.filter(({ name, optional }) => optional && !(name in configuration.least))
    const untold = unset.filter((field) => !isToldAs(field, least[field.name]))

    expect(untold.map(({ name }) => name)).toEqual([])
  })

  it('shows no default of a secret', () => {
    const { properties } = toWireJsonSchema(shapeOf(configuration)) as { properties?: Record<string, object> }
    const secrets = fields.filter(({ secret }) => secret)

    for (const { name } of secrets) expect(properties?.[snakeCase(name)]).toMatchObject({ writeOnly: true })
    for (const { name } of secrets) expect(properties?.[snakeCase(name)]).not.toHaveProperty('default')
  })

  it('bounds every text and every list', () => {
    const endless = fields.filter(({ shape }) => !isBounded(shape)).map(({ name }) => name)

    expect(endless).toEqual([])
  })

  it('has a JSON Schema that takes the least that may be written, and all that is made of it', () => {
    const { config, least } = configuration

    expect(problemsOf(configuration, least)).toEqual([])
    expect(problemsOf(configuration, config.parse(least))).toEqual([])
  })

  it('has a JSON Schema that misses what is required', () => {
    const required = fields.filter(({ optional }) => !optional)

    expect(problemsOf(configuration, {}).length > 0).toBe(required.length > 0)
  })
})

function isToldAs(field: FieldShape, value: unknown): boolean {
  return 'default' in field ? isDeepStrictEqual(value, field.default) : value === undefined
}

function isBounded(shape: Shape): boolean {
  switch (shape.type) {
    case 'scalar':
      return shape.scalar !== 'string' || shape.constraints.maxLength !== undefined
    case 'list':
      // An enum that is named twice says nothing new.
      return shape.element.type === 'enum' || (shape.constraints.maxItems !== undefined && isBounded(shape.element))
    case 'object':
      return shape.fields.every((field) => isBounded(field.shape))
    case 'enum':
    case 'json':
      return true
  }
}
