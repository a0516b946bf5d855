import { z } from 'zod'
import { defineStageObject } from '../../flow/stage.ts'
import { text } from '../../shapes/text.ts'

/** What a prompt may ask for, or only show (reference: stages 4.4). */
export const promptTypes = [
  'text',
  'text_area',
  'text_read_only',
  'text_area_read_only',
  'username',
  'email',
  'password',
  'number',
  'checkbox',
  'radio-button-group',
  'dropdown',
  'date',
  'date-time',
  'file',
  'separator',
  'hidden',
  'static',
  'alert_info',
  'alert_warning',
  'alert_danger',
  'ak-locale',
] as const
export type PromptType = (typeof promptTypes)[number]

export const promptType = z.enum(promptTypes).meta({
  id: 'PromptFieldType',
  description: 'How a field of a form looks, and what may be answered to it.',
  values: {
    text: 'One line of text.',
    text_area: 'Several lines of text.',
    text_read_only: 'One line of text that nobody may change.',
    text_area_read_only: 'Several lines of text that nobody may change.',
    username: 'A user name that nobody else has.',
    email: 'An e-mail address.',
    password: 'A new password, hidden while it is typed. Two of them on one form must be equal.',
    number: 'A whole number.',
    checkbox: 'A boolean.',
    'radio-button-group': 'One of the choices, all of them in sight.',
    dropdown: 'One of the choices, behind a button.',
    date: 'A day: `2026-03-01`.',
    'date-time': 'A moment: `2026-03-01T12:00:00Z`. Without an offset it is in UTC.',
    file: 'A file, as a `data:` URI in base64.',
    separator: 'A line between fields.',
    hidden: 'Nothing that people see.',
    static: 'A text to read.',
    alert_info: 'A notice.',
    alert_warning: 'A warning.',
    alert_danger: 'A warning of something grave.',
    'ak-locale': 'A language tag such as `pt-BR`; empty: whatever the browser says.',
  },
})

const notYet = 'Expressions are not evaluated yet: the text itself counts.'

/** Keys that would name the answer itself, an object's prototype, or what another field may be. */
const reservedKey = /^component$|(?:^|\.)(?:__proto__|constructor|prototype)(?:\.|$)|__choices$/

const promptConfig = z.object({
  fieldKey: text({ max: 200, min: 1 })
    .refine((key) => !reservedKey.test(key), 'This key is reserved.')
    .describe('What the answer is called, and where `user_write` puts it: `username`, `attributes.settings.locale` ...'),
  label: text({ max: 2000, min: 1 }).describe('What people read beside the field.'),
  type: promptType.describe('What is asked for.'),
  required: z.boolean().default(true).describe('Whether it must be answered. A checkbox never must.'),
  placeholder: text({ max: 20_000 }).default('').describe('What stands in the empty field; for choices: the only one.'),
  initialValue: text({ max: 20_000 }).default('').describe('What the field starts with. It counts where nothing is answered.'),
  placeholderExpression: z.boolean().default(false).describe(`Whether the placeholder is an expression. ${notYet}`),
  initialValueExpression: z.boolean().default(false).describe(`Whether the initial value is an expression. ${notYet}`),
  subText: text({ max: 20_000 }).default('').describe('What people read below the field; may be HTML.'),
  order: z.int().min(-2_147_483_648).max(2_147_483_647).default(0).describe('Fields are shown in this order.'),
})

/** A field as an administrator configured it. */
export type Prompt = z.output<typeof promptConfig>

/** Fields of forms, each of which may stand on several. */
export const promptObject = defineStageObject({ kind: 'prompt', model: 'authentik_stages_prompt.prompt', config: promptConfig })

/** Whether the field is there to be looked at: it has no value. */
export function isDecoration(type: PromptType): boolean {
  return ['separator', 'alert_info', 'alert_warning', 'alert_danger'].includes(type)
}

/** Whether the field has the server's value, whatever is answered. */
export function isFixed(type: PromptType): boolean {
  return ['text_read_only', 'text_area_read_only', 'hidden', 'static'].includes(type)
}

export function isChoice(type: PromptType): boolean {
  return type === 'radio-button-group' || type === 'dropdown'
}
