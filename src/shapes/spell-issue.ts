import type { z } from 'zod'
import type { Shape } from './shape-kinds.ts'

/** An error in the words of authentik's wire, which are those of Django REST framework. */
export interface SpelledIssue {
  readonly message: string
  readonly code: string
}

const invalidFormats: Readonly<Record<string, string>> = {
  email: 'Enter a valid email address.',
  url: 'Enter a valid URL.',
  uuid: 'Must be a valid UUID.',
  guid: 'Must be a valid UUID.',
  date: 'Date has wrong format. Use one of these formats instead: YYYY-MM-DD.',
  datetime: 'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].',
}

/** Says what zod found wrong with the value of a field. Echoes nothing but a refused choice. */
export function spellIssue(issue: z.core.$ZodIssue, value: unknown, shape: Shape | undefined): SpelledIssue {
  // A stage's own check speaks for itself, whatever the value.
  if (issue.code === 'custom') return spellCustom(issue)
  if (value === undefined) return { message: 'This field is required.', code: 'required' }
  if (value === null) return { message: 'This field may not be null.', code: 'null' }
  // No format that is demanded takes an empty text.
  if (value === '' && ['too_small', 'invalid_format'].includes(issue.code))
    return { message: 'This field may not be blank.', code: 'blank' }
  switch (issue.code) {
    case 'invalid_type':
      return spellType(issue.expected, value, shape)
    case 'invalid_value':
      return { message: `"${excerpt(value)}" is not a valid choice.`, code: 'invalid_choice' }
    case 'invalid_format':
      return invalid(invalidFormats[issue.format] ?? 'This value does not match the required pattern.')
    case 'too_big':
      return spellTooBig(issue)
    case 'too_small':
      return spellTooSmall(issue)
    default:
      return invalid('Invalid value.')
  }
}

function spellCustom({ message, params }: z.core.$ZodIssueCustom): SpelledIssue {
  return { message, code: typeof params?.code === 'string' ? params.code : 'invalid' }
}

function spellType(expected: string, value: unknown, shape: Shape | undefined): SpelledIssue {
  // zod calls an integer a number unless a number was sent.
  const isInteger = shape?.type === 'scalar' && shape.scalar === 'integer'
  switch (isInteger ? 'int' : expected) {
    case 'string':
      return invalid('Not a valid string.')
    case 'int':
      return invalid('A valid integer is required.')
    case 'number':
      return invalid('A valid number is required.')
    case 'boolean':
      return invalid('Must be a valid boolean.')
    case 'array':
      return { message: `Expected a list of items but got type "${pythonType(value)}".`, code: 'not_a_list' }
    case 'record':
      return { message: `Expected a dictionary of items but got type "${pythonType(value)}".`, code: 'not_a_dict' }
    case 'object':
      return invalid(`Invalid data. Expected a dictionary, but got ${pythonType(value)}.`)
    default:
      return invalid('Invalid value.')
  }
}

function spellTooBig({ origin, maximum, inclusive }: z.core.$ZodIssueTooBig): SpelledIssue {
  switch (origin) {
    case 'string':
      return { message: `Ensure this field has no more than ${maximum} characters.`, code: 'max_length' }
    case 'array':
      return { message: `Ensure this field has no more than ${maximum} elements.`, code: 'max_length' }
    default:
      return { message: `Ensure this value is less than ${inclusive ? 'or equal to ' : ''}${maximum}.`, code: 'max_value' }
  }
}

function spellTooSmall({ origin, minimum, inclusive }: z.core.$ZodIssueTooSmall): SpelledIssue {
  switch (origin) {
    case 'string':
      return { message: `Ensure this field has at least ${minimum} characters.`, code: 'min_length' }
    case 'array':
      return { message: `Ensure this field has at least ${minimum} elements.`, code: 'min_length' }
    default:
      return { message: `Ensure this value is greater than ${inclusive ? 'or equal to ' : ''}${minimum}.`, code: 'min_value' }
  }
}

function invalid(message: string): SpelledIssue {
  return { message, code: 'invalid' }
}

function pythonType(value: unknown): string {
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  return { string: 'str', boolean: 'bool' }[typeof value as string] ?? 'dict'
}

/** Cut to 100 characters: an error must not carry back whatever was sent. */
function excerpt(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return Array.from(text.slice(0, 200)).slice(0, 100).join('')
}
