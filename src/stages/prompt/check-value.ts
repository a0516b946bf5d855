import { z } from 'zod'
import type { JsonValue } from '../../flow/json.ts'
import type { Shape } from '../../shapes/shape-kinds.ts'
import { spellIssue } from '../../shapes/spell-issue.ts'
import { text } from '../../shapes/text.ts'
import { mustBeFilled, rulesOf } from './field-rules.ts'
import { type StartedField, spell } from './initial-value.ts'
import { isChoice, type Prompt } from './prompt-object.ts'

/** What came of a value: what is kept, or why it is refused. */
export type Checked = { readonly value: JsonValue } | { readonly message: string; readonly code: string }

/** Judges what was answered to a field, by its type (reference: stages 4.4, "Types"; 1.4). */
export function checkValue({ prompt, choices }: Pick<StartedField, 'prompt' | 'choices'>, answer: JsonValue): Checked {
  const value = prepare(prompt, answer)
  if (value === '' && !prompt.required && isOptionalBlank(prompt)) return { value: hasEmptyText(prompt) ? '' : null }
  const parsed = schemaOf(prompt, choices?.map((choice) => choice.value) ?? []).safeParse(value)
  if (parsed.success) return { value: parsed.data }
  const [issue] = parsed.error.issues
  if (!issue) throw new Error('A value was refused for no reason.')
  return spellIssue(issue, value, prompt.type === 'number' ? integer : undefined)
}

const integer: Shape = { type: 'scalar', scalar: 'integer', constraints: {}, nullable: false }

/** Forms of HTML know texts only. Nothing but names and addresses is trimmed: nobody could sign in with a blank at the end. */
function prepare({ type }: Prompt, answer: JsonValue): JsonValue {
  if (isChoice(type)) return isPlain(answer) ? spell(answer) : answer
  if (typeof answer !== 'string') return answer
  if (type === 'username' || type === 'email') return answer.trim()
  if (type === 'number') return /^\s*[+-]?\d{1,20}\s*$/.test(answer) ? Number(answer) : answer
  if (type === 'checkbox') return booleans.get(answer.toLowerCase()) ?? answer
  return answer
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])

function isPlain(answer: JsonValue): boolean {
  return typeof answer !== 'object'
}

function isOptionalBlank({ type }: Prompt): boolean {
  return type !== 'checkbox'
}

function hasEmptyText({ type }: Prompt): boolean {
  return !['number', 'date', 'date-time'].includes(type)
}

function schemaOf(prompt: Prompt, choices: readonly string[]): z.ZodType<JsonValue> {
  const { type, required } = prompt
  const { maxLength: max = 0 } = rulesOf(prompt)
  const anyText = text({ max, min: mustBeFilled(type, required) ? 1 : 0 })
  switch (type) {
    case 'email':
      return anyText.refine((value) => value === '' || isAddress(prompt, value), 'Enter a valid email address.')
    case 'number':
      return z.int()
    case 'checkbox':
      return z.boolean()
    case 'radio-button-group':
    case 'dropdown':
      return z.enum([...choices])
    case 'date':
      return z.iso.date()
    case 'date-time':
      return z.iso.datetime({ offset: true, local: true }).transform(toUtc)
    case 'file':
      return anyText.check(({ value, issues }) => {
        const message = fileProblem(value)
        if (message) issues.push({ code: 'custom', message, input: value })
      })
    case 'ak-locale':
      return anyText
        .refine((value) => value === '' || matches(prompt, value), 'Enter a valid language tag.')
        .transform((tag) => tag.replaceAll('_', '-'))
    default:
      return anyText
  }
}

function isAddress(prompt: Prompt, value: string): boolean {
  return z.regexes.html5Email.test(value) && matches(prompt, value)
}

/** As a browser judges the attribute `pattern`. */
function matches(prompt: Prompt, value: string): boolean {
  return new RegExp(`^(?:${rulesOf(prompt).pattern})$`, 'v').test(value)
}

function toUtc(moment: string): string {
  const isLocal = !/(?:Z|[+-]\d\d:\d\d)$/.test(moment)
  return new Date(isLocal ? `${moment}Z` : moment).toISOString().replace('.000Z', 'Z')
}

function fileProblem(uri: string): string | undefined {
  if (uri === '') return undefined
  if (!/^data:/i.test(uri)) return 'Invalid scheme'
  const comma = uri.indexOf(',')
  const content = uri.slice(comma + 1)
  const isBase64 = /;base64$/i.test(uri.slice(0, comma)) && content.length % 4 === 0
  return isBase64 && /^[A-Za-z0-9+/]*={0,2}$/.test(content) ? undefined : 'Invalid encoding'
}
