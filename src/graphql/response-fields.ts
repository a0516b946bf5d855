import { z } from 'zod'
import type { StageRegistry } from '../flow/registry.ts'
import { readShape } from '../shapes/shape.ts'
import type { FieldShape, Shape } from '../shapes/shape-kinds.ts'
import type { Builder, ObjectType } from './builder.ts'
import type { ShapeTypes } from './shape-types.ts'

const types = ['string', 'int', 'float', 'boolean', 'id', 'date_time', 'enum', 'list', 'object', 'json'] as const
const count = z.int().min(0).optional()

const rules = z.object({
  name: z.string().describe('What the member of `ChallengeResponse` calls it.'),
  type: z
    .enum(types)
    .meta({
      id: 'ResponseFieldType',
      description: 'What sort of value an answer holds.',
      values: {
        string: 'A text. None holds NUL characters or halves of surrogate pairs.',
        object: 'An object. Where it lists no `fields`, a browser or an administrator decides what is in it: GraphQL takes JSON.',
        json: 'Anything.',
      },
    })
    .describe('What sort of value it holds.'),
  required: z.boolean().describe('Whether no answer may leave it out, or say null.'),
  secret: z.boolean().describe('Whether it must not be shown, logged or kept: a password, a code.'),
  minLength: count.describe('How many characters (code points) a text has at least.'),
  maxLength: count.describe('How many characters (code points) a text has at most.'),
  pattern: z.string().optional().describe('What a text matches, as in the HTML attribute `pattern`.'),
  minimum: z.number().optional().describe('The least that a number may be.'),
  maximum: z.number().optional().describe('The most that a number may be.'),
  minItems: count.describe('How many elements a list has at least.'),
  maxItems: count.describe('How many elements a list has at most.'),
  values: z.array(z.string()).optional().describe('What an enum may be, in the names that GraphQL has for it.'),
  autocomplete: z.string().optional().describe('What a browser may fill in: the HTML attribute `autocomplete`.'),
})

/** What a field of an answer may hold, as plain data. */
export interface ResponseField extends z.output<typeof rules> {
  readonly fields: readonly ResponseField[]
}

/** `type ResponseField`: the rules of an answer, for programs. */
export function addResponseField(builder: Builder, shapes: ShapeTypes): ObjectType<ResponseField> {
  const ref = builder.objectRef<ResponseField>('ResponseField')
  const shape = readShape('ResponseField', rules, 'output')
  return ref.implement({
    description: 'A field that an answer may hold, with all the rules that the server checks before it judges the answer.',
    fields: (t) => ({
      ...shapes.fields(t, shape),
      fields: t.field({
        type: [ref],
        description: 'The fields of an object, or of each element of a list.',
        resolve: (field) => field.fields,
      }),
    }),
  })
}

/** What the answer to each kind may hold. Kinds that take no answer are not in it. */
export function responseFieldsByKind(stages: StageRegistry): ReadonlyMap<string, readonly ResponseField[]> {
  const answered = stages.all().flatMap(({ kind, response, answer }) => (response && answer ? [{ kind, response }] : []))
  return new Map(
    answered.map(({ kind, response }) => [kind, readShape('Response', response, 'input').fields.map(readResponseField)]),
  )
}

function readResponseField({ name, shape, optional, secret, autocomplete }: FieldShape): ResponseField {
  return {
    name,
    type: typeOf(shape),
    required: !optional && !shape.nullable,
    secret,
    ...('constraints' in shape && shape.constraints),
    ...(shape.type === 'enum' && { values: shape.values.map((value) => value.name) }),
    ...(autocomplete && { autocomplete }),
    fields: innerFields(shape).map(readResponseField),
  }
}

function typeOf(shape: Shape): ResponseField['type'] {
  if (shape.type === 'json' && shape.record) return 'object'
  if (shape.type !== 'scalar') return shape.type
  const { scalar } = shape
  if (scalar === 'integer') return 'int'
  return scalar === 'dateTime' ? 'date_time' : scalar
}

function innerFields(shape: Shape): readonly FieldShape[] {
  if (shape.type === 'list') return innerFields(shape.element)
  return shape.type === 'object' ? shape.fields : []
}
