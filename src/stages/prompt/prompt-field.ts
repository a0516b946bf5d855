import { z } from 'zod'
import { rulesOf } from './field-rules.ts'
import { type StartedField, spell } from './initial-value.ts'
import { isChoice, promptType } from './prompt-object.ts'

const promptChoice = z
  .object({
    label: z.string().describe('What to show.'),
    value: z.string().describe('What to answer.'),
  })
  .meta({ id: 'PromptChoice', description: 'One of those to choose from.' })

/** A field as a frontend sees it. */
export const promptField = z
  .object({
    fieldKey: z.string().describe('The key of its answer, and of the errors about it.'),
    label: z.string().describe('What to write beside it; for a checkbox: behind it.'),
    type: promptType.describe('How it looks.'),
    required: z
      .boolean()
      .describe('Whether it must be answered. Never where `readOnly` or `initialValue` is set; the server takes any checkbox.'),
    placeholder: z.string().describe('What to show where it is empty.'),
    initialValue: z
      .string()
      .describe('What it starts with, and counts as if it is not answered. A checkbox: empty unless ticked.'),
    order: z.int().describe('Its place; the list is in this order.'),
    subText: z.string().describe('What to write below it: HTML by an administrator. Sanitize it.'),
    choices: z.array(promptChoice).nullable().describe('What to choose from, for radio buttons and drop-downs.'),
    readOnly: z.boolean().describe('Whether it is only shown: an answer to it would be ignored.'),
    minLength: z.int().optional().describe('How many characters an answer has at least.'),
    maxLength: z.int().optional().describe('How many characters an answer has at most.'),
    pattern: z.string().optional().describe('What the whole of an answer that is not empty matches: HTML attribute `pattern`.'),
    autocomplete: z.string().optional().describe('The HTML attribute `autocomplete`.'),
    inputMode: z.string().optional().describe('The HTML attribute `inputmode`.'),
  })
  .meta({ id: 'PromptField', description: 'A field of a form, with all the rules that the server judges an answer by.' })

/** What is shown of a field. */
export function showField({ prompt, choices, initial }: StartedField): z.input<typeof promptField> {
  const { fieldKey, label, type, required, order, subText } = prompt
  return {
    fieldKey,
    label,
    type,
    required,
    placeholder: isChoice(type) ? '' : prompt.placeholder,
    initialValue: spell(initial),
    order,
    subText,
    choices: choices && [...choices],
    ...rulesOf(prompt),
  }
}
