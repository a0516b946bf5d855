import type { z } from 'zod'
import { fieldErrors } from '../shapes/field-errors.ts'

/** What is wrong with a body, as Django REST framework tells it: by fields, and in lists by places. */
export function wireErrors(error: z.ZodError, body: unknown): object {
  const errors: Record<string, string[] | Record<string, string[]>> = {}
  for (const { field, message } of fieldErrors(error, body)) {
    const [name = '', place] = field.split('.')
    // zod tells of a list after what is in it: what is wrong with the whole of it stands for the rest.
    errors[name] = place === undefined ? [message] : { ...errors[name], [place]: [message] }
  }
  return errors
}
