import { isJsonObject, type JsonObject, type JsonValue } from '../../flow/json.ts'
import type { User } from '../../flow/user.ts'
import { isChoice, type Prompt } from './prompt-object.ts'

/** What a field starts from. */
export interface Beginnings {
  /** What the flow knows already. */
  readonly promptData: JsonObject
  /** Whose settings the flow changes, where that is what it is for. */
  readonly person: User | undefined
}

/** One of those a person may choose. */
export interface Choice {
  readonly label: string
  readonly value: string
}

/** A field that is about to be shown, or whose answer is to be judged. */
export interface StartedField {
  readonly prompt: Prompt
  readonly choices: readonly Choice[] | null
  /** What counts where nothing is answered; an empty text: nothing. */
  readonly initial: JsonValue
}

/** The field with what it starts with (reference: stages 4.4, "Values"). */
export function startField(prompt: Prompt, beginnings: Beginnings): StartedField {
  const initial = initialOf(prompt, beginnings)
  if (prompt.type === 'checkbox') return { prompt, choices: null, initial: isTicked(initial) || '' }
  if (!isChoice(prompt.type)) return { prompt, choices: null, initial }
  const choices = choicesOf(prompt, beginnings.promptData)
  const [chosen = choices[0]] = choices.filter(({ value }) => value === spell(initial))
  return { prompt, choices: choices.length > 0 ? choices : null, initial: chosen?.value ?? '' }
}

/** A value as authentik's wire spells it, which is how Python does. */
export function spell(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return value === null || value === undefined ? '' : JSON.stringify(value)
}

function initialOf(prompt: Prompt, { promptData, person }: Beginnings): JsonValue {
  // A password that the flow knows goes to no screen.
  if (prompt.type === 'password') return prompt.initialValue
  const known = Object.hasOwn(promptData, prompt.fieldKey) ? promptData[prompt.fieldKey] : undefined
  if (known !== undefined) return known ?? ''
  const isLiteral = prompt.initialValue !== '' && !prompt.initialValueExpression
  const current = isLiteral ? undefined : person && currentValue(person, prompt.fieldKey)
  return current ?? prompt.initialValue
}

/** What stands in the account now where `user_write` would put the answer. */
function currentValue(person: User, fieldKey: string): JsonValue | undefined {
  if (fieldKey === 'username' || fieldKey === 'name' || fieldKey === 'email') return person[fieldKey]
  const [head, ...path] = fieldKey.split('.')
  if (head !== 'attributes' || path.length === 0) return undefined
  let value: JsonValue | undefined = person.attributes
  for (const key of path) value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
  return value
}

function choicesOf({ fieldKey, placeholder }: Prompt, promptData: JsonObject): readonly Choice[] {
  const key = `${fieldKey}__choices`
  const known = Object.hasOwn(promptData, key) ? promptData[key] : undefined
  if (known === undefined) return placeholder === '' ? [] : [{ label: placeholder, value: placeholder }]
  const values: readonly JsonValue[] = Array.isArray(known) ? known : [known]
  return values.map(readChoice)
}

function readChoice(choice: JsonValue): Choice {
  if (!isJsonObject(choice)) return { label: spell(choice), value: spell(choice) }
  return { label: spell(choice.label ?? choice.value), value: spell(choice.value) }
}

/** A literal that does not say "no" says "yes". */
function isTicked(initial: JsonValue): boolean {
  if (typeof initial === 'string') return !['', 'false', 'no', 'off', '0'].includes(initial.toLowerCase())
  return Boolean(initial)
}
