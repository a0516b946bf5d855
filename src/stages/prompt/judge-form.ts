import type { JsonObject, JsonValue } from '../../flow/json.ts'
import type { FieldError } from '../../flow/step.ts'
import { checkValue } from './check-value.ts'
import type { StartedField } from './initial-value.ts'
import { isDecoration, isFixed } from './prompt-object.ts'

/** An answer to a field. */
export interface Answer {
  readonly key: string
  readonly value: JsonValue
}

/** What a form holds once it is filled in, and what is wrong with it. */
export interface Judged {
  readonly values: JsonObject
  readonly errors: readonly FieldError[]
}

/** Judges the answers field by field. Answers to fields that the form does not have are dropped. */
export function judgeForm(fields: readonly StartedField[], answers: readonly Answer[]): Judged {
  const values = new Map<string, JsonValue>()
  const errors: FieldError[] = []
  for (const field of fields) {
    const { fieldKey, type } = field.prompt
    if (isDecoration(type)) continue
    const judged = isFixed(type) ? { value: field.initial } : judgeField(field, answersTo(fieldKey, answers))
    if ('message' in judged) errors.push({ field: fieldKey, ...judged })
    else if (judged.value !== undefined) values.set(fieldKey, judged.value)
  }
  return { values: Object.fromEntries(values), errors }
}

/** Exactly two passwords are one, typed twice (reference: stages 4.4). */
export function passwordsDiffer(fields: readonly StartedField[], values: JsonObject): boolean {
  const passwords = passwordKeys(fields)
  return passwords.length === 2 && new Set(passwords.map((key) => values[key])).size > 1
}

export function passwordKeys(fields: readonly StartedField[]): readonly string[] {
  return fields.filter(({ prompt }) => prompt.type === 'password').map(({ prompt }) => prompt.fieldKey)
}

function answersTo(fieldKey: string, answers: readonly Answer[]): readonly JsonValue[] {
  return answers.filter(({ key }) => key === fieldKey).map(({ value }) => value)
}

function judgeField(field: StartedField, [answer, ...more]: readonly JsonValue[]): Judgement {
  // Whoever judges one of two answers must not let the other one pass.
  if (more.length > 0) return { message: 'This field was answered more than once.', code: 'invalid' }
  return answer === undefined ? withoutAnswer(field) : checkValue(field, answer)
}

type Judgement = { readonly value: JsonValue | undefined } | { readonly message: string; readonly code: string }

/** What the field starts with counts, if it is something that could be answered. */
function withoutAnswer(field: StartedField): Judgement {
  const { required, type } = field.prompt
  const initial = field.initial === '' ? undefined : checkValue(field, field.initial)
  if (initial && 'value' in initial) return initial
  return required && type !== 'checkbox' ? { message: 'This field is required.', code: 'required' } : { value: undefined }
}
