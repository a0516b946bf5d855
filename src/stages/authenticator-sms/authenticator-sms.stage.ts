import { z } from 'zod'
import { hasWebhook, lacksWebhook, smsSettings } from '../../credentials/code-sms.ts'
import { maskedPhoneNumber } from '../../credentials/masked.ts'
import { resendAction } from '../../credentials/message-limit.ts'
import { isAlive } from '../../credentials/one-time-code.ts'
import {
  deliveryFailed,
  deliveryLate,
  deliveryWait,
  givenUp,
  hasFailed,
  messageLate,
  newsOfDelivery,
  textNotSent,
} from '../../credentials/sent-message.ts'
import { advance, ask, askAgain, type Changes, defineStage, deny, invalid, personOf, wait } from '../../flow/stage.ts'
import { secretText, text } from '../../shapes/text.ts'
import {
  type Context,
  confirms,
  isPrompted,
  isTaken,
  knownNumber,
  lookupOf,
  type State,
  type Texted,
  textCode,
  withoutNumber,
} from './number.ts'

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
    const kept = stateOf(context)
    if (kept) return shown(context, kept, await hasFailed(context.services, kept.message))
    const known = knownNumber(context)
    if (known === undefined) return shown(context, {}, false)
    const texted = await textCode(context, user, known)
    if (texted.type === 'texted') return shown(context, texted.state, false, { effects: [texted.effect] })
    // A number that cannot be used is forgotten, and asked for.
    return shown(context, {}, false, { context: withoutNumber(context) })
  },

  async answer(context, { code, phoneNumber }) {
    const user = personOf(context)
    const kept = stateOf(context)
    if (!user || !kept) return deny()
    if (code) {
      const state: State = { ...kept, tried: true }
      if (!confirms(context, user, kept, code)) return invalid('nonFieldErrors', 'Code does not match', 'invalid', { state })
      if (await isTaken(context, kept.number)) return invalid('nonFieldErrors', 'Invalid phone number', 'invalid', { state: {} })
      return advance({ effects: [enrolled(context, user.id, kept.number)] })
    }
    if (!phoneNumber) return invalid('nonFieldErrors', 'phone_number required')
    return judged(await textCode(context, user, phoneNumber, kept))
  },

  async resume(context) {
    const kept = stateOf(context)
    const news = await newsOfDelivery(context.services, kept?.message)
    if (!news) return undefined
    const state = { ...kept, message: news.message }
    if (news.problem === undefined) return askAgain({ state })
    const forgotten = isPrompted(context, kept?.number) ? { context: withoutNumber(context) } : {}
    return invalid('nonFieldErrors', news.problem || textNotSent, deliveryFailed, { state, ...forgotten })
  },

  lapse(context) {
    const { message, ...kept } = stateOf(context) ?? {}
    const state: State = { ...kept, ...(message && { message: givenUp(message) }) }
    return invalid('nonFieldErrors', messageLate, deliveryLate, { state })
  },

  actions(context) {
    const kept = stateOf(context)
    return kept?.number === undefined ? [] : [resendAction(kept.resendAt)]
  },

  async act(context) {
    const user = personOf(context)
    const kept = stateOf(context)
    if (!user || kept?.number === undefined) return deny()
    return judged(await textCode(context, user, kept.number, kept))
  },
})

function stateOf({ state }: Context): State | undefined {
  return state as State | undefined
}

/** The screen, which waits for as long as it is not known what becomes of the message. */
function shown({ services }: Context, state: State, failed: boolean, changes?: Changes) {
  const { number, sent, message, tried = false } = state
  const nowhere = number === undefined || failed
  const challenge = {
    phoneNumber: nowhere ? null : maskedPhoneNumber(number),
    phoneNumberRequired: failed || !isAlive(services, sent),
  }
  // Clients written for authentik are told in the reply to their request what the provider says.
  const under = deliveryWait(message, { holds: !tried })
  return under ? wait(challenge, state, under, changes) : ask(challenge, state, changes)
}

function judged(texted: Texted) {
  const { state } = texted
  if (texted.type === 'refused') return invalid('nonFieldErrors', texted.message, texted.code, { state })
  return askAgain({ state, effects: [texted.effect] })
}

function enrolled(context: Context, userId: number, number: string) {
  const { config, stageId } = context
  const lookup = lookupOf(context, number)
  const data = config.verifyOnly ? { phoneNumberHash: lookup } : { phoneNumber: number }
  const authenticator = { userId, kind: 'sms', stageId, name: config.friendlyName || 'SMS Device', data, lookup }
  return { type: 'add_authenticator', authenticator } as const
}
