import type { ResponseField } from '../../src/graphql/response-fields.ts'

/** A value, and what about it is at stake. */
export type Sample = readonly [about: string, value: unknown]

/** Values that just keep the rules that a field states, and values that just break one. */
export interface RuleSamples {
  readonly fitting: readonly Sample[]
  readonly breaking: readonly Sample[]
}

/** What tries the rules of a field, as a client is told them: what is not stated must not be enforced. */
export function ruleSamples(field: ResponseField): RuleSamples {
  const { fitting, breaking } = byType(field)
  const none: readonly Sample[] = [
    ['null', null],
    ['nothing', undefined],
  ]
  return field.required ? { fitting, breaking: [...breaking, ...none] } : { fitting: [...fitting, ...none], breaking }
}

/** The least that an answer must hold. */
export function leastAnswer(fields: readonly ResponseField[]): Record<string, unknown> {
  const required = fields.filter((field) => field.required)
  return Object.fromEntries(required.map((field) => [field.name, byType(field).fitting[0]?.[1]]))
}

function byType(field: ResponseField): RuleSamples {
  switch (field.type) {
    case 'string':
      return textSamples(field)
    case 'boolean':
      return { fitting: values(true, false), breaking: values('true', 1) }
    case 'int':
    case 'float':
      return numberSamples(field)
    case 'list':
      return listSamples(field)
    case 'object':
      return { fitting: [['an object', leastAnswer(field.fields)]], breaking: values('text', 1, []) }
    case 'json':
      return { fitting: values('text', 1, true, [], { a: null }), breaking: [] }
    case 'id':
      return idSamples(field)
    case 'enum':
      return enumSamples(field)
    case 'date_time':
      throw new Error(`Say here what a ${field.type} takes: ${field.name} is the first one.`)
  }
}

function textSamples({ minLength = 0, maxLength = 0 }: ResponseField): RuleSamples {
  const fitting = [Math.max(minLength, 1), minLength, maxLength].flatMap((length) => texts(length))
  const mixed = ' \tÄ\u200d٣<"\'\n'.slice(0, maxLength).padEnd(minLength, '.')
  const breaking = [...(minLength > 0 ? texts(minLength - 1) : []), ...texts(maxLength + 1)]
  const malformed: readonly Sample[] = [
    ['a NUL character', '\0'.padEnd(minLength, 'x')],
    ['half of a surrogate pair', '\ud835'.padEnd(minLength, 'x')],
  ]
  return {
    fitting: [...fitting, ['all sorts of characters', mixed]],
    breaking: [...breaking, ...malformed, ...values(1, true, {})],
  }
}

/** GraphQL takes numbers for ids, and so do those of clients that were written for authentik: they are texts like others. */
function idSamples(field: ResponseField): RuleSamples {
  const { fitting, breaking } = textSamples(field)
  return { fitting, breaking: breaking.filter(([, value]) => typeof value !== 'number') }
}

/** What is stored for the names that clients are told, by field. */
const enumValues: Readonly<Record<string, readonly string[]>> = { duoFactor: ['auto', 'push', 'phone'] }

function enumSamples({ name }: ResponseField): RuleSamples {
  const stored = enumValues[name]
  if (!stored) throw new Error(`Say here which values ${name} stores: clients are told the names only.`)
  return { fitting: values(...stored), breaking: values('AUTO', '', 1, {}) }
}

/** The second kind of character takes two units of UTF-16. */
function texts(length: number): readonly Sample[] {
  return ['x', '\u{1d4b3}'].map((character) => [`${length} times ${character}`, character.repeat(length)])
}

function numberSamples({ type, minimum = -1000, maximum = 1000 }: ResponseField): RuleSamples {
  return {
    fitting: values(minimum, maximum),
    breaking: values(minimum - 1, maximum + 1, `${minimum}`, ...(type === 'int' ? [minimum + 0.5] : [])),
  }
}

function listSamples({ minItems = 0, maxItems = 0, fields }: ResponseField): RuleSamples {
  const list = (length: number): Sample => [`${length} elements`, Array.from({ length }, () => leastAnswer(fields))]
  const tooShort = minItems > 0 ? [list(minItems - 1)] : []
  return { fitting: [list(minItems), list(maxItems)], breaking: [...tooShort, list(maxItems + 1), ...values({}, 'text')] }
}

function values(...all: readonly unknown[]): readonly Sample[] {
  return all.map((value) => [JSON.stringify(value), value])
}
