import type { JsonObject, JsonValue } from '../../src/flow/json.ts'
import type { Verdict } from '../../src/flow/stage.ts'
import { promptStage } from '../../src/stages/prompt/prompt.stage.ts'
import { promptObject } from '../../src/stages/prompt/prompt-object.ts'
import { answered, type ContextOptions, shown, stageContext, type TestContext } from './stage-context.ts'

/** A prompt as an administrator writes it: a key and a type, and what else matters. */
export type SomePrompt = { readonly fieldKey: string; readonly type: string } & JsonObject

/** The context of a form of these prompts. */
export function formContext(prompts: readonly SomePrompt[], options: ContextOptions = {}): TestContext {
  const objects = Object.fromEntries(
    prompts.map((prompt, index) => [promptId(index), promptObject.config.parse({ label: `The ${prompt.fieldKey}`, ...prompt })]),
  ) as NonNullable<ContextOptions['objects']>
  return stageContext(promptStage, { ...options, objects, config: { fields: Object.keys(objects), ...options.config } })
}

export function promptId(index: number): string {
  return `0b7f3a5e-6f0e-4b57-8d3f-${String(index).padStart(12, '0')}`
}

/** The fields as a frontend gets them. */
export async function shownFields(prompts: readonly SomePrompt[], options: ContextOptions = {}): Promise<readonly ShownField[]> {
  return (await shown(promptStage, formContext(prompts, options))).fields as readonly ShownField[]
}

export type ShownField = Readonly<Record<string, unknown>>

/** What the stage makes of these answers, in their order. */
export function submit(context: TestContext, answers: Readonly<Record<string, JsonValue>>): Promise<Verdict<never, unknown>> {
  return answered(promptStage, context, { answers: Object.entries(answers).map(([key, value]) => ({ key, value })) })
}

/** What is kept of one answer to one prompt, or the error about it. */
export async function outcome(prompt: SomePrompt, answers: Readonly<Record<string, JsonValue>>, options: ContextOptions = {}) {
  const verdict = await submit(formContext([prompt], options), answers)
  if (verdict.type === 'advance') return (verdict.changes.context?.prompt_data as JsonObject | undefined)?.[prompt.fieldKey]
  if (verdict.type !== 'invalid') throw new Error(`The form was neither taken nor refused: ${verdict.type}`)
  return verdict.errors
}
