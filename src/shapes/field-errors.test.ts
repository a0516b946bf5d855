import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { fieldErrors } from './field-errors.ts'
import { readShape } from './shape.ts'
import { text } from './text.ts'

function errorsOf(schema: z.ZodObject, answer: unknown) {
  const { error } = schema.safeParse(answer)
  if (!error) throw new Error('the answer was accepted')
  return fieldErrors(error, answer, readShape('Answer', schema, 'input'))
}

describe('an error', () => {
  it.each<[string, z.ZodType, unknown, string, string]>([
    ['a missing text', z.string(), undefined, 'This field is required.', 'required'],
    ['a missing choice', z.enum(['a']), undefined, 'This field is required.', 'required'],
    ['missing JSON', z.json(), undefined, 'This field is required.', 'required'],
    ['null', z.string(), null, 'This field may not be null.', 'null'],
    ['a null choice', z.enum(['a']), null, 'This field may not be null.', 'null'],
    ['a blank text', text({ max: 9, min: 1 }), '', 'This field may not be blank.', 'blank'],
    ['a blank text where more is wanted', text({ max: 9, min: 6 }), '', 'This field may not be blank.', 'blank'],
    ['a blank string', z.string().min(1), '', 'This field may not be blank.', 'blank'],
    ['a blank email', z.email(), '', 'This field may not be blank.', 'blank'],
    ['a number for a text', z.string(), 1, 'Not a valid string.', 'invalid'],
    ['a text for an integer', z.int(), 'x', 'A valid integer is required.', 'invalid'],
    ['a fraction for an integer', z.int(), 1.5, 'A valid integer is required.', 'invalid'],
    ['a text for a nullable integer', z.int().nullish(), 'x', 'A valid integer is required.', 'invalid'],
    ['a text for a number', z.number(), 'x', 'A valid number is required.', 'invalid'],
    ['a text for a boolean', z.boolean(), 'x', 'Must be a valid boolean.', 'invalid'],
    ['a bad email', z.email(), 'x', 'Enter a valid email address.', 'invalid'],
    ['a bad URL', z.url(), 'x', 'Enter a valid URL.', 'invalid'],
    ['a bad UUID', z.uuid(), 'x', 'Must be a valid UUID.', 'invalid'],
    ['a bad date', z.iso.date(), 'x', 'Date has wrong format. Use one of these formats instead: YYYY-MM-DD.', 'invalid'],
    [
      'a bad date-time',
      z.iso.datetime(),
      'x',
      'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].',
      'invalid',
    ],
    ['a pattern missed', z.string().regex(/a/), 'x', 'This value does not match the required pattern.', 'invalid'],
    ['an unknown choice', z.enum(['a']), 'x', '"x" is not a valid choice.', 'invalid_choice'],
    ['a choice that is no text', z.enum(['a']), { b: 1 }, '"{"b":1}" is not a valid choice.', 'invalid_choice'],
    ['too long a text', text({ max: 3 }), 'abcd', 'Ensure this field has no more than 3 characters.', 'max_length'],
    ['too short a text', text({ max: 9, min: 3 }), 'ab', 'Ensure this field has at least 3 characters.', 'min_length'],
    ['too big a number', z.number().max(3), 4, 'Ensure this value is less than or equal to 3.', 'max_value'],
    ['too small a number', z.int().min(3), 2, 'Ensure this value is greater than or equal to 3.', 'min_value'],
    ['a number at an open bound', z.number().lt(3), 3, 'Ensure this value is less than 3.', 'max_value'],
    ['a number at the other', z.number().gt(3), 3, 'Ensure this value is greater than 3.', 'min_value'],
    ['too long a list', z.array(z.string()).max(1), ['a', 'b'], 'Ensure this field has no more than 1 elements.', 'max_length'],
    ['too short a list', z.array(z.string()).min(2), ['a'], 'Ensure this field has at least 2 elements.', 'min_length'],
    ['a text for a list', z.array(z.string()), 'x', 'Expected a list of items but got type "str".', 'not_a_list'],
    ['an integer for a list', z.array(z.string()), 1, 'Expected a list of items but got type "int".', 'not_a_list'],
    ['a float for a list', z.array(z.string()), 1.5, 'Expected a list of items but got type "float".', 'not_a_list'],
    ['a boolean for a list', z.array(z.string()), true, 'Expected a list of items but got type "bool".', 'not_a_list'],
    ['an object for a list', z.array(z.string()), {}, 'Expected a list of items but got type "dict".', 'not_a_list'],
    [
      'a list for a record',
      z.record(z.string(), z.json()),
      [],
      'Expected a dictionary of items but got type "list".',
      'not_a_dict',
    ],
    [
      'a text for an object',
      z.object({ a: z.int().describe('A.') }),
      'x',
      'Invalid data. Expected a dictionary, but got str.',
      'invalid',
    ],
    ['a NUL', text({ max: 9 }), 'a\0b', 'Null characters are not allowed.', 'null_characters_not_allowed'],
    [
      'half a surrogate pair',
      text({ max: 9 }),
      'a\ud800',
      'Surrogate characters are not allowed.',
      'surrogate_characters_not_allowed',
    ],
    ["a stage's own check", z.string().refine(() => false, 'Code does not match'), 'x', 'Code does not match', 'invalid'],
    ['a check with a code', z.string().refine(() => false, { message: 'Gone.', params: { code: 'gone' } }), 'x', 'Gone.', 'gone'],
    ['anything else', z.number().multipleOf(2), 3, 'Invalid value.', 'invalid'],
  ])('for %s', (_, schema, value, message, code) => {
    expect(errorsOf(z.object({ someField: schema.describe('A field.') }), { someField: value })).toEqual([
      { field: 'someField', message, code },
    ])
  })
})

describe('errors', () => {
  const answer = z.object({
    code: text({ max: 6, min: 1 }).describe('The code.'),
    passkey: z
      .object({ rawId: z.string().describe('Its id.') })
      .optional()
      .describe('A passkey.'),
    codes: z.array(z.int()).optional().describe('Recovery codes.'),
  })

  it('name every field once, nested ones dotted', () => {
    const checked = answer.extend({
      code: z
        .string()
        .refine(() => false, 'First.')
        .refine(() => false, 'Second.')
        .describe('The code.'),
    })

    expect(errorsOf(checked, { code: 'x', passkey: {}, codes: [1, 'x'] })).toEqual([
      { field: 'code', message: 'First.', code: 'invalid' },
      { field: 'passkey.rawId', message: 'This field is required.', code: 'required' },
      { field: 'codes.1', message: 'A valid integer is required.', code: 'invalid' },
    ])
  })

  it('that are tied to no field say so', () => {
    const checked = answer.refine(() => false, 'No identification data provided.')

    expect(errorsOf(checked, { code: 'x' })).toEqual([
      { field: 'nonFieldErrors', message: 'No identification data provided.', code: 'invalid' },
    ])
  })

  it.each([
    ['text', 'Invalid data. Expected a dictionary, but got str.', 'invalid'],
    [null, 'This field may not be null.', 'null'],
  ])('refuse %j as an answer', (value, message, code) => {
    expect(errorsOf(answer, value)).toEqual([{ field: 'nonFieldErrors', message, code }])
  })

  it('do without a shape, but for integers', () => {
    const schema = z.object({ count: z.int(), code: z.string() })
    const { error } = schema.safeParse({ count: 'x', code: 1 })

    expect(error && fieldErrors(error, { count: 'x', code: 1 }).map(({ message }) => message)).toEqual([
      'A valid number is required.',
      'Not a valid string.',
    ])
  })

  it.each(['a', '🙂'])('cut what they echo to 100 characters, none of them in half: %s', (character) => {
    const [error] = errorsOf(z.object({ choice: z.enum(['x']).describe('One.') }), { choice: character.repeat(5_000) })

    expect(error?.message).toBe(`"${character.repeat(100)}" is not a valid choice.`)
  })

  it('echo nothing else', () => {
    const schema = z.strictObject({
      a: text({ max: 3 }).describe('A.'),
      b: z.int().describe('B.'),
      c: z.email().describe('C.'),
      d: z.array(z.string()).describe('D.'),
    })
    const errors = errorsOf(schema, { a: 'hunter2', b: 'hunter2', c: 'hunter2', d: 'hunter2', hunter2: 1 })

    expect(errors).toHaveLength(5)
    expect(JSON.stringify(errors)).not.toContain('hunter2')
  })

  it('take a value that was inherited for missing', () => {
    const schema = z.object({ toString: z.string() })
    const { error } = schema.safeParse({})

    expect(error && fieldErrors(error, {})).toEqual([{ field: 'toString', message: 'This field is required.', code: 'required' }])
  })
})
