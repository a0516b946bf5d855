import { z } from 'zod'
import { hasWebhook, lacksWebhook, readPhoneNumber, smsSettings } from '../../credentials/code-sms.ts'
import { maskedPhoneNumber } from '../../credentials/masked.ts'
import { isAlive } from '../../credentials/one-time-code.ts'
import { advance, ask, askAgain, defineStage, deny, invalid, personOf } from '../../flow/stage.ts'
import { secretText, text } from '../../shapes/text.ts'
import { type Context, confirms, isTaken, knownNumber, lookupOf, type State, textCode, withoutNumber } from './number.ts'

/** How many refused codes end the execution. */
export const mostRefusedCodes = 5

/** Enrols a telephone that sign-in codes are sent to (reference: stages 4.17). */
export const authenticatorSmsStage = defineStage({
  kind: 'authenticator_sms',
  component: 'ak-stage-authenticator-sms',
  model: 'authentik_stages_authenticator_sms.authenticatorsmsstage',
  description: 'Sets up a phone number that sign-in codes are sent to.',
  showsPendingUser: true,
  configurable: true,

  config: z
    .object({
      friendlyName: text({ max: 200 }).default('').describe('What people see it called.'),
      ...smsSettings,
      verifyOnly: z
        .boolean()
        .default(false)
        .describe("Only proves that the number is theirs and nobody else's: a digest of it is kept, and no code is sent later."),
      mapping: z
        .uuid()
        .nullable()
        .default(null)
        .refine((mapping) => mapping === null, { message: 'Webhook mappings are not supported.' })
        .describe('What a webhook is sent instead; must be null.'),
    })
    .refine(hasWebhook, lacksWebhook),

  challenge: z.object({
    phoneNumberRequired: z.boolean().describe('Whether a number must be sent first: there is no code that counts.'),
    phoneNumber: z.string().nullable().describe('Where the code was sent, most of it masked; null while nothing was.'),
  }),

  response: z.object({
    code: secretText({ max: 32, min: 1 })
      .nullish()
      .meta({ autocomplete: 'one-time-code' })
      .describe('The code from the message.'),
    phoneNumber: text({ max: 64, min: 1 })
      .nullish()
      .meta({ autocomplete: 'tel' })
      .describe('Where to send a code, with the country: +1 555 0100. The first time, again, or somewhere else.'),
  }),

  guesses(context, { code }) {
    const user = personOf(context)
    return code && user ? `enrolment:${user.id}` : undefined
  },

  attemptLimit: () => mostRefusedCodes,

  async present(context) {
    const user = personOf(context)
    if (!user) return advance()
    const kept = context.state as State | undefined
    if (kept) return ask(challengeOf(context, kept), kept)
    const known = knownNumber(context)
    if (known === undefined) return ask(challengeOf(context, {}), {})
    const texted = await textCode(context, user, known)
    if (texted.type === 'sent') return ask(challengeOf(context, texted.state), texted.state)
    // A number that cannot be used is forgotten, and asked for.
    return ask(challengeOf(context, {}), {}, { context: withoutNumber(context), effects: texted.effects })
  },

  async answer(context, { code, phoneNumber }) {
    const user = personOf(context)
    const kept = context.state as State | undefined
    if (!user || !kept) return deny()
    if (code) {
      if (!confirms(context, user, kept, code)) return invalid('nonFieldErrors', 'Code does not match')
      if (await isTaken(context, kept.number)) return invalid('nonFieldErrors', 'Invalid phone number', 'invalid', { state: {} })
      return advance({ effects: [enrolled(context, user.id, kept.number)] })
    }
    if (!phoneNumber) return invalid('nonFieldErrors', 'phone_number required')
    const number = readPhoneNumber(phoneNumber)
    if (number === undefined) return invalid('nonFieldErrors', 'Invalid phone number')
    const texted = await textCode(context, user, number)
    if (texted.type === 'refused') return invalid('nonFieldErrors', texted.message, texted.code, { effects: texted.effects })
    return askAgain({ state: texted.state })
  },
})

function challengeOf({ services }: Context, { number, sent }: State) {
  const phoneNumber = number === undefined ? null : maskedPhoneNumber(number)
  return { phoneNumber, phoneNumberRequired: !isAlive(services, sent) }
}

function enrolled(context: Context, userId: number, number: string) {
  const { config, stageId } = context
  const lookup = lookupOf(context, number)
  const data = config.verifyOnly ? { phoneNumberHash: lookup } : { phoneNumber: number }
  const authenticator = { userId, kind: 'sms', stageId, name: config.friendlyName || 'SMS Device', data, lookup }
  return { type: 'add_authenticator', authenticator } as const
}
