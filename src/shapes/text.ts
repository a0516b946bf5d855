import { z } from 'zod'

/** How many characters (code points, as people and databases count them) a text may have. */
export interface TextLimits {
  readonly max: number
  /** Without it the text may be blank. */
  readonly min?: number
}

/** A text that any store can hold: no NUL characters, no halves of surrogate pairs. */
export function text({ max, min = 0 }: TextLimits): z.ZodString {
  return z
    .string()
    .check(({ value, issues }) => {
      const issue = findIssue(value, min, max)
      if (issue) issues.push(issue)
    })
    .meta({ maxLength: max, ...(min > 0 && { minLength: min }) })
}

/** A text that must never reach a log, an event or an inspector. */
export function secretText(limits: TextLimits): z.ZodString {
  return text(limits).meta({ secret: true })
}

function findIssue(value: string, min: number, max: number): z.core.$ZodRawIssue | undefined {
  const length = countCharacters(value, max)
  if (length > max) return { code: 'too_big', origin: 'string', maximum: max, inclusive: true, input: value }
  if (length < min) return { code: 'too_small', origin: 'string', minimum: min, inclusive: true, input: value }
  if (value.includes('\0')) return refuse(value, 'null_characters_not_allowed', 'Null characters are not allowed.')
  if (!value.isWellFormed()) return refuse(value, 'surrogate_characters_not_allowed', 'Surrogate characters are not allowed.')
  return undefined
}

function refuse(input: string, code: string, message: string): z.core.$ZodRawIssue {
  return { code: 'custom', params: { code }, message, input }
}

/** Stops counting where the text is too long whatever it holds: a character takes two units at most. */
function countCharacters(value: string, max: number): number {
  return value.length > 2 * max ? value.length : Array.from(value).length
}
