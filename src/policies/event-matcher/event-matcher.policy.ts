import { z } from 'zod'
import { isJsonObject, type JsonObject } from '../../flow/json.ts'
import { definePolicy } from '../policy.ts'

const criterion = (what: string) => z.string().max(255).nullable().default(null).describe(`${what} Null: any.`)

/** Each criterion: its name in messages, and where an event keeps what it is compared with. */
const criteria = {
  action: { label: 'Action', read: (event: JsonObject) => event.action },
  clientIp: { label: 'Client IP', read: (event: JsonObject) => event.client_ip },
  app: { label: 'App', read: (event: JsonObject) => event.app },
  model: { label: 'Model', read: (event: JsonObject) => modelOf(event.context) },
} as const

/** Picks events by what they are about; rules for notifications use it (reference: flow-core 5.7). */
export const eventMatcherPolicy = definePolicy({
  kind: 'event_matcher',
  model: 'authentik_policies_event_matcher.eventmatcherpolicy',
  description: 'Passes when the event in the context has every configured property.',

  config: z.object({
    action: criterion('What happened, such as `login_failed`.'),
    clientIp: criterion('The address it came from.'),
    app: criterion('The part of the server that recorded it.'),
    model: criterion('The model it is about, as `app_label.model_name`.'),
    query: z
      .string()
      .max(10_000)
      .nullable()
      .default(null)
      .describe('A query over events. Not supported yet: a policy with one fails. Null: none.'),
  }),

  evaluate({ config, context }) {
    if (config.query) throw new Error('Queries of event matchers are not supported.')
    const { event } = context
    if (!isJsonObject(event)) return { passing: false, messages: ['There is no event to match.'] }
    const checked = Object.entries(criteria).flatMap(([name, { label, read }]) => {
      const wanted = config[name as keyof typeof criteria]
      return wanted === null ? [] : [{ label, matches: read(event) === wanted }]
    })
    return {
      passing: checked.every(({ matches }) => matches),
      messages: checked.map(({ label, matches }) => `${label} ${matches ? 'matched' : 'did not match'}.`),
    }
  },
})

function modelOf(context: unknown): string | undefined {
  const model = isJsonObject(context) ? context.model : undefined
  if (!isJsonObject(model)) return undefined
  return `${model.app}.${model.model_name}`
}
