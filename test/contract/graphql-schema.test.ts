import { readFileSync } from 'node:fs'
import {
  type GraphQLFieldMap,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  isUnionType,
  validateSchema,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { StageRegistry } from '../../src/flow/registry.ts'
import { createSchema, printedSchema } from '../../src/graphql/schema.ts'
import { stages } from '../../src/stages/index.ts'

const schema = createSchema(new StageRegistry(stages))
const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))

/** Everything that a frontend developer may look up in a type: its path, and what it says about itself. */
function* entries(type: GraphQLNamedType): Generator<readonly [path: string, description: string | null | undefined]> {
  yield [type.name, type.description]
  if (isEnumType(type)) for (const { name, description } of type.getValues()) yield [`${type.name}.${name}`, description]
  if (isInputObjectType(type))
    for (const { name, description } of Object.values(type.getFields())) yield [`${type.name}.${name}`, description]
  if (!isObjectType(type) && !isInterfaceType(type)) return
  for (const field of Object.values(type.getFields())) {
    yield [`${type.name}.${field.name}`, field.description]
    for (const { name, description } of field.args) yield [`${type.name}.${field.name}(${name}:)`, description]
  }
}

/** Fields that have another type here than in a type before, as "name: type". */
function disagreements(members: readonly { readonly name: string; getFields(): GraphQLFieldMap<unknown, unknown> }[]): string[] {
  const known = new Map<string, string>()
  const found: string[] = []
  for (const member of members) {
    for (const { name, type } of Object.values(member.getFields())) {
      const before = known.get(name)
      if (before !== undefined && before !== String(type)) found.push(`${member.name}.${name}: ${type}, elsewhere ${before}`)
      known.set(name, before ?? String(type))
    }
  }
  return found
}

const challenges = schema.getType('StageChallenge')
const members = isUnionType(challenges) ? challenges.getTypes() : []

describe('the GraphQL schema', () => {
  it('is sound', () => {
    expect(validateSchema(schema)).toEqual([])
  })

  it('is the one that schema.graphql keeps: otherwise run npm run schema', () => {
    const kept = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')

    expect(printedSchema(schema)).toBe(kept)
  })

  it('describes every type, field, argument and value', () => {
    const all = types.flatMap((type) => [...entries(type)])
    const silent = all.filter(([, description]) => !description?.trim()).map(([path]) => path)

    expect(all.length).toBeGreaterThan(150)
    expect(silent).toEqual([])
  })

  it('describes in sentences', () => {
    const unfinished = types
      .flatMap((type) => [...entries(type)])
      .filter(([path, description]) => !path.includes('.') && !/[.!]$/.test(description?.trim() ?? ''))

    expect(unfinished).toEqual([])
  })
})

describe('the union of challenges', () => {
  it('has a member for every kind that shows something', () => {
    const shown = stages.filter(({ challenge }) => challenge).length

    expect(members).toHaveLength(shown + 3)
  })

  it('has members that all implement the interface which saves a client from a new one', () => {
    const strangers = members.filter((member) => !member.getInterfaces().some(({ name }) => name === 'Challenge'))

    expect(strangers.map(({ name }) => name)).toEqual([])
  })

  it('gives a field one type in all its members: a client selects it in several', () => {
    expect(disagreements(members)).toEqual([])
  })
})

describe.each(types.filter(isInterfaceType).map((type) => [type.name, type] as const))('the interface %s', (_, type) => {
  it('gives a field one type in all that implement it', () => {
    expect(disagreements([type, ...schema.getPossibleTypes(type)])).toEqual([])
  })
})

describe('the answer to a challenge', () => {
  it('is exactly one member, of a kind that takes answers', () => {
    const input = schema.getType('ChallengeResponse')
    if (!isInputObjectType(input)) throw new Error('There is no input type ChallengeResponse.')

    expect(input.isOneOf).toBe(true)
    expect(Object.keys(input.getFields())).toHaveLength(stages.filter(({ answer }) => answer).length)
  })
})
