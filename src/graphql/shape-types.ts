import type { InputRef } from '@pothos/core'
import type { Constraints } from '../shapes/scalars.ts'
import type { EnumShape, FieldShape, ListShape, ObjectShape, Shape } from '../shapes/shape-kinds.ts'
import type { Builder, EnumType, ObjectType } from './builder.ts'

// The types of derived fields are known when the server starts, not when it is compiled: the builder's own types cannot
// follow. What is built here is checked by the printed schema instead.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Loose = any

const scalarNames = {
  string: 'String',
  integer: 'Int',
  float: 'Float',
  boolean: 'Boolean',
  id: 'ID',
  dateTime: 'DateTime',
} as const

/** Makes GraphQL types of shapes, each name once. */
export class ShapeTypes {
  private readonly builder: Builder
  private readonly enums = new Map<string, EnumType>()
  private readonly objects = new Map<string, ObjectType<Loose>>()
  private readonly inputs = new Map<string, InputRef<Loose>>()

  constructor(builder: Builder) {
    this.builder = builder
  }

  enum(shape: Pick<EnumShape, 'name' | 'description' | 'values'>): EnumType {
    const known = this.enums.get(shape.name)
    if (known) return known
    const values = Object.fromEntries(
      shape.values.map(({ name, value, description }) => [name, { value, description: description ?? `\`${value}\`` }]),
    )
    const made = this.builder.enumType(shape.name, {
      description: shape.description ?? `What \`${shape.name}\` may be.`,
      values,
    } as Loose)
    this.enums.set(shape.name, made as Loose)
    return made as Loose
  }

  /** An object type whose fields are read from a plain object of the same names. */
  object(shape: ObjectShape): ObjectType<Loose> {
    const known = this.objects.get(shape.name)
    if (known) return known
    const ref = this.builder.objectRef<Loose>(shape.name)
    this.objects.set(shape.name, ref)
    ref.implement({
      description: shape.description ?? `See the fields of type \`${shape.name}\`.`,
      fields: (t: Loose) => this.fields(t, shape),
    })
    return ref
  }

  /** The fields of a shape, read from where `source` finds them. */
  fields(t: Loose, shape: ObjectShape, source: (parent: Loose) => Loose = (parent) => parent): Loose {
    return Object.fromEntries(
      shape.fields.map(({ name, description, shape: value, optional }) => [
        name,
        t.field({
          type: this.outputOf(value),
          nullable: optional || value.nullable,
          description,
          resolve: (parent: Loose) => source(parent)[name] ?? null,
        }),
      ]),
    )
  }

  /** An input type; one without fields of its own takes a word that says nothing, as GraphQL has no empty inputs. */
  input(shape: ObjectShape, description: string): InputRef<Loose> {
    const known = this.inputs.get(shape.name)
    if (known) return known
    const nothing = (t: Loose) => ({
      acknowledged: t.boolean({ required: false, description: 'There is nothing to say: send `{}`.' }),
    })
    const fields = (t: Loose) =>
      Object.fromEntries(
        shape.fields.map((field) => {
          const required = !field.optional && !field.shape.nullable
          const known = field.default === undefined ? {} : { defaultValue: field.default }
          return [
            field.name,
            t.field({
              type: this.inputOf(field.shape),
              required,
              description: describeInput(field),
              ...known,
            }),
          ]
        }),
      )
    const made = this.builder.inputType(shape.name, {
      description,
      fields: shape.fields.length === 0 ? nothing : fields,
    } as Loose)
    this.inputs.set(shape.name, made)
    return made
  }

  private outputOf(shape: Shape): Loose {
    switch (shape.type) {
      case 'scalar':
        return scalarNames[shape.scalar]
      case 'enum':
        return this.enum(shape)
      case 'object':
        return this.object(shape)
      case 'list':
        return this.listOf(shape)
      case 'json':
        return 'JSON'
    }
  }

  private listOf(shape: ListShape): Loose {
    if (shape.element.nullable) throw new Error('A list of values that may be null has no place in the schema.')
    return [this.outputOf(shape.element)]
  }

  private inputOf(shape: Shape): Loose {
    switch (shape.type) {
      case 'scalar':
        return scalarNames[shape.scalar]
      case 'enum':
        return this.enum(shape)
      case 'object':
        return this.input(shape, shape.description ?? `See the fields of type \`${shape.name}\`.`)
      case 'list':
        return [this.inputOf(shape.element)]
      case 'json':
        return 'JSON'
    }
  }
}

/** The rules that the server enforces, where a frontend developer reads them. */
function describeInput({ description, shape, autocomplete }: FieldShape): string {
  const rules = 'constraints' in shape ? spellRules(shape.constraints) : []
  return [
    description,
    ...(rules.length > 0 ? [`Takes ${rules.join(', ')}.`] : []),
    ...(autocomplete ? [`Autocomplete: ${autocomplete}.`] : []),
  ].join(' ')
}

function spellRules({ minLength, maxLength, minimum, maximum, minItems, maxItems, pattern }: Constraints): readonly string[] {
  return [
    minLength !== undefined && minLength > 0 ? `at least ${minLength} characters` : '',
    maxLength !== undefined ? `at most ${maxLength} characters` : '',
    minimum !== undefined ? `at least ${minimum}` : '',
    maximum !== undefined ? `at most ${maximum}` : '',
    minItems !== undefined ? `at least ${minItems} elements` : '',
    maxItems !== undefined ? `at most ${maxItems} elements` : '',
    pattern !== undefined ? `matching \`${pattern}\`` : '',
  ].filter(Boolean)
}
