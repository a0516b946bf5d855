import { readFileSync } from 'node:fs'
import { buildSchema, type GraphQLObjectType, getNamedType, isObjectType, isUnionType } from 'graphql'

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'))

/** Selects every field of every member of the union of challenges, as a client does that draws them all. */
export function allChallenges(): string {
  const union = schema.getType('StageChallenge')
  if (!isUnionType(union)) throw new Error('The schema has no union of challenges.')
  const common = ['component', 'responseErrors', 'responseFields', 'flowInfo']
  const members = union.getTypes().map((member) => {
    const own = fieldsOf(member, (name) => !common.includes(name))
    return own && `... on ${member.name} { ${own} }`
  })
  return [
    '... on Challenge { component responseErrors { field message code } responseFields { name type required } flowInfo { slug } }',
    ...members,
  ].join('\n    ')
}

function fieldsOf(type: GraphQLObjectType, wanted: (name: string) => boolean = () => true): string {
  const fields = Object.values(type.getFields()).filter(({ name }) => wanted(name))
  return fields
    .map((field) => {
      const inner = getNamedType(field.type)
      return isObjectType(inner) ? `${field.name} { ${fieldsOf(inner)} }` : field.name
    })
    .join(' ')
}
