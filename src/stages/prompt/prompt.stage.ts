import { z } from 'zod'
import { isJsonObject, type JsonObject } from '../../flow/json.ts'
import { advance, ask, type Changes, defineStage, deny, invalid, personOf, type StageContext } from '../../flow/stage.ts'
import type { FieldError } from '../../flow/step.ts'
import { text } from '../../shapes/text.ts'
import { type StartedField, startField } from './initial-value.ts'
import { judgeForm, passwordKeys, passwordsDiffer } from './judge-form.ts'
import { promptField, showField } from './prompt-field.ts'
import { type Prompt, promptObject } from './prompt-object.ts'

const config = z.object({
  fields: z.array(z.uuid()).min(1).max(100).describe('The prompts to show.'),
  validationPolicies: z
    .array(z.uuid())
    .max(100)
    .default([])
    .describe('Policies that must all pass, with the answers as `prompt_data` in their context.'),
})

type Context = StageContext<z.output<typeof config>, unknown>

const previewedPrompt = {
  ...promptObject,
  preview: (prompt: object) => ({ fields: [showField(startField(prompt as Prompt, { promptData: {}, person: undefined }))] }),
}

/** Shows a form of configured fields, and keeps what is answered (reference: stages 4.4). */
export const promptStage = defineStage({
  kind: 'prompt',
  component: 'ak-stage-prompt',
  model: 'authentik_stages_prompt.promptstage',
  description: 'Shows a form of configured fields and keeps the answers for later stages.',
  keyedField: 'answers',
  objects: [previewedPrompt],

  config,

  challenge: z.object({ fields: z.array(promptField).describe('The fields of the form, in order.') }),

  response: z.object({
    answers: z
      .array(
        z.object({
          key: text({ max: 200 }).describe('The `fieldKey` of the field.'),
          value: z
            .json()
            .default(null)
            .meta({ secret: true })
            .describe('Text, a whole number or a boolean, as the type of the field says.'),
        }),
      )
      .max(100)
      .describe('An answer to each field. Those to other fields are ignored.'),
  }),

  references: ({ fields }) => fields,

  present(context) {
    const fields = fieldsOf(context)
    return fields ? ask({ fields: fields.map(showField) }) : deny()
  },

  async answer(context, { answers }) {
    const fields = fieldsOf(context)
    if (!fields) return deny()
    const { values, errors } = judgeForm(fields, answers)
    const all = [...errors, ...(await takenNames(context, fields, values))]
    if (all.length > 0) return { type: 'invalid', errors: all, changes: {} }
    if (passwordsDiffer(fields, values)) return invalid('nonFieldErrors', "Passwords don't match.")

    const { validationPolicies } = context.config
    const verdict =
      validationPolicies.length > 0 && (await context.services.judgePolicies(validationPolicies, { prompt_data: values }))
    if (verdict && !verdict.passing) return { type: 'invalid', errors: verdict.messages.map(aboutNoField), changes: {} }
    return advance(kept(context, fields, values))
  },
})

/** The fields in order; undefined where one is gone: a form without it could let somebody pass who must answer it. */
function fieldsOf(context: Context): readonly StartedField[] | undefined {
  const { config: settings, objects, flow, plan } = context
  // What an object holds was judged by its own schema when it was read.
  const prompts = settings.fields.flatMap((id) => (Object.hasOwn(objects, id) ? [objects[id]?.config as unknown as Prompt] : []))
  if (prompts.length < settings.fields.length) return undefined
  const person = flow.designation === 'stage_configuration' ? personOf(context) : undefined
  const beginnings = { promptData: objectIn(plan.context, 'prompt_data'), person }
  return prompts.sort((a, b) => a.order - b.order).map((prompt) => startField(prompt, beginnings))
}

/** Nobody else may have a user name; a person keeps their own. */
async function takenNames(context: Context, fields: readonly StartedField[], values: JsonObject): Promise<readonly FieldError[]> {
  const errors: FieldError[] = []
  for (const { prompt } of fields) {
    const name = prompt.type === 'username' ? values[prompt.fieldKey] : undefined
    if (typeof name !== 'string' || name === '') continue
    const owner = await context.services.users.find(name, ['username'], true)
    if (!owner || owner.id === personOf(context)?.id) continue
    errors.push({ field: prompt.fieldKey, message: 'Username is already taken.', code: 'invalid' })
  }
  return errors
}

function aboutNoField(message: string): FieldError {
  return { field: 'nonFieldErrors', message, code: 'invalid' }
}

/** Passwords go apart, where they are sealed: the plan is read by policies and people. */
function kept({ plan, secrets }: Context, fields: readonly StartedField[], values: JsonObject): Changes {
  const hidden = new Set(passwordKeys(fields))
  const pick = (from: JsonObject, wanted: boolean) =>
    Object.fromEntries(Object.entries(from).filter(([key]) => hidden.has(key) === wanted))
  const context = { prompt_data: { ...pick(objectIn(plan.context, 'prompt_data'), false), ...pick(values, false) } }
  const passwords = pick(values, true)
  if (Object.keys(passwords).length === 0) return { context }
  return { context, secrets: { prompt_data: { ...objectIn(secrets, 'prompt_data'), ...passwords } } }
}

function objectIn(from: JsonObject, key: string): JsonObject {
  const value = from[key]
  return isJsonObject(value) ? value : {}
}
