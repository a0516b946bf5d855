import { isDecoration, isFixed, type Prompt, type PromptType } from './prompt-object.ts'

/** What a browser can check, and help with, before anything is sent. The server judges by the same. */
export interface FieldRules {
  readonly readOnly: boolean
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly autocomplete?: string
  readonly inputMode?: string
}

const maxLengths: Readonly<Partial<Record<PromptType, number>>> = {
  text: 2000,
  text_area: 20_000,
  username: 150,
  email: 254,
  password: 4096,
  // Less than the largest body that is read: the other fields need room too.
  file: 1_000_000,
  'ak-locale': 64,
}

/** What an account has room for. */
const accountLengths: Readonly<Record<string, number>> = { username: 150, email: 254, name: 500 }

const patterns: Readonly<Partial<Record<PromptType, string>>> = {
  // A name alone is no address that mail from elsewhere reaches.
  email: '[^@]+@[^@]+\\.[^@]+',
  'ak-locale': '[A-Za-z]{2,8}(?:[_\\-][A-Za-z0-9]{1,8})*',
}

const inputModes: Readonly<Partial<Record<PromptType, string>>> = { email: 'email', number: 'numeric' }

const typeTokens: Readonly<Partial<Record<PromptType, string>>> = {
  username: 'username',
  email: 'email',
  password: 'new-password',
  hidden: 'off',
}

/** By the last part of the key; the tokens are those of the HTML standard, section "Autofill". */
const keyTokens: ReadonlyMap<string, string> = new Map([
  ['username', 'username'],
  ['email', 'email'],
  ['name', 'name'],
  ['first_name', 'given-name'],
  ['given_name', 'given-name'],
  ['last_name', 'family-name'],
  ['family_name', 'family-name'],
  ['nickname', 'nickname'],
  ['phone', 'tel'],
  ['phone_number', 'tel'],
  ['organization', 'organization'],
  ['company', 'organization'],
  ['country', 'country-name'],
  ['city', 'address-level2'],
  ['postal_code', 'postal-code'],
  ['birthday', 'bday'],
  ['website', 'url'],
  ['locale', 'language'],
])

/** The rules of a field; none for what nobody answers. */
export function rulesOf({ type, fieldKey, required }: Pick<Prompt, 'type' | 'fieldKey' | 'required'>): FieldRules {
  if (isDecoration(type) || isFixed(type)) return { readOnly: true, ...(type === 'hidden' && { autocomplete: 'off' }) }
  const typeLength = maxLengths[type]
  const maxLength = typeLength && Math.min(typeLength, lengthOf(fieldKey) ?? typeLength)
  const pattern = patterns[type]
  const autocomplete = typeTokens[type] ?? keyTokens.get(fieldKey.split('.').at(-1) ?? '')
  const inputMode = inputModes[type] ?? (autocomplete === 'tel' ? 'tel' : undefined)
  return {
    readOnly: false,
    ...(maxLength && { maxLength, ...(mustBeFilled(type, required) && { minLength: 1 }) }),
    ...(pattern && { pattern }),
    ...(autocomplete && { autocomplete }),
    ...(inputMode && { inputMode }),
  }
}

/** Whether an answer may not be empty. No language at all is a choice too. */
export function mustBeFilled(type: PromptType, required: boolean): boolean {
  return required && type !== 'ak-locale'
}

function lengthOf(fieldKey: string): number | undefined {
  return Object.hasOwn(accountLengths, fieldKey) ? accountLengths[fieldKey] : undefined
}
