import type { z } from 'zod'
import type { ObjectShape, Shape } from './shape-kinds.ts'
import { spellIssue } from './spell-issue.ts'

/** Why an answer was refused. */
export interface FieldError {
  /** In camelCase, nested ones dotted; `nonFieldErrors` for what is tied to no field. */
  readonly field: string
  readonly message: string
  /** Machine-readable, as Django REST framework names them: `required`, `blank`, `invalid` ... */
  readonly code: string
}

/** Says why an answer of this shape failed its parse in authentik's words: the first reason of each field. */
export function fieldErrors(error: z.ZodError, input: unknown, shape?: ObjectShape): FieldError[] {
  const errors = new Map<string, FieldError>()
  for (const issue of error.issues) {
    const field = issue.path.map(String).join('.') || 'nonFieldErrors'
    if (errors.has(field)) continue
    errors.set(field, { field, ...spellIssue(issue, valueAt(input, issue.path), shape && shapeAt(shape, issue.path)) })
  }
  return [...errors.values()]
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  const [key, ...rest] = path
  if (key === undefined) return input
  if (typeof input !== 'object' || input === null || !Object.hasOwn(input, key)) return undefined
  return valueAt((input as Readonly<Record<PropertyKey, unknown>>)[key], rest)
}

function shapeAt(shape: Shape, path: readonly PropertyKey[]): Shape | undefined {
  const [key, ...rest] = path
  if (key === undefined) return shape
  const member =
    shape.type === 'list' ? shape.element : shape.type === 'object' && shape.fields.find(({ name }) => name === key)?.shape
  return member ? shapeAt(member, rest) : undefined
}
