import { z } from 'zod'
import { codeMailSettings } from '../../credentials/code-mail.ts'
import { encryptsOnce, encryptsTwice } from '../../credentials/mail-settings.ts'
import { maskedAddress } from '../../credentials/masked.ts'
import { resendAction } from '../../credentials/message-limit.ts'
import { isAlive } from '../../credentials/one-time-code.ts'
import {
  deliveryFailed,
  deliveryLate,
  deliveryWait,
  givenUp,
  hasFailed,
  mailNotSent,
  messageLate,
  newsOfDelivery,
} from '../../credentials/sent-message.ts'
import { duration } from '../../flow/duration.ts'
import { advance, ask, askAgain, type Changes, defineStage, deny, invalid, personOf, wait } from '../../flow/stage.ts'
import { secretText, text } from '../../shapes/text.ts'
import { type Context, confirms, isTaken, knownAddress, lookupOf, type Mailed, mailCode, type State } from './address.ts'

/** How many refused codes end the execution. */
export const mostRefusedCodes = 5

const alreadyEnrolled = 'The user already has an email address registered for MFA.'

/** Enrols a mailbox that sign-in codes are sent to (reference: stages 4.16). */
export const authenticatorEmailStage = defineStage({
  kind: 'authenticator_email',
  component: 'ak-stage-authenticator-email',
  model: 'authentik_stages_authenticator_email.authenticatoremailstage',
  description: 'Sets up an email address that sign-in codes are sent to.',
  showsPendingUser: true,
  configurable: true,

  config: z
    .object({
      friendlyName: text({ max: 200 }).default('').describe('What people see it called.'),
      ...codeMailSettings,
      tokenExpiry: duration('minutes=30').describe('How long a code counts.'),
    })
    .refine(encryptsOnce, encryptsTwice),

  challenge: z.object({
    email: z.string().nullable().describe('Where the code was sent, most of it masked; null while nothing was.'),
    emailRequired: z.boolean().describe('Whether an address must be sent first: there is no code that counts.'),
  }),

  response: z.object({
    code: secretText({ max: 32, min: 1 }).nullish().meta({ autocomplete: 'one-time-code' }).describe('The code from the mail.'),
    email: text({ max: 254, min: 1 })
      .nullish()
      .meta({ autocomplete: 'email' })
      .describe('Where to send a code: the first time, again, or somewhere else.'),
  }),

  guesses(context, { code }) {
    const user = personOf(context)
    return code && user ? `enrolment:${user.id}` : undefined
  },

  attemptLimit: () => mostRefusedCodes,

  async present(context) {
    const user = personOf(context)
    if (!user) return advance()
    if (await isEnrolled(context, user.id)) return deny(alreadyEnrolled)
    if (!context.services.hasMailTemplate(context.config.template)) return deny()
    const kept = stateOf(context)
    if (kept) return shown(context, kept, await hasFailed(context.services, kept.message))
    const address = knownAddress(context, user)
    const mailed = address === undefined ? undefined : await mailCode(context, user, address)
    // An address that cannot be used is asked for: trying it again at every turn would lead nowhere.
    if (mailed?.type !== 'mailed') return shown(context, {}, false)
    return shown(context, mailed.state, false, { effects: [mailed.effect] })
  },

  async answer(context, { code, email }) {
    const user = personOf(context)
    const kept = stateOf(context)
    if (!user || !kept) return deny()
    if (code) {
      if (!confirms(context, user, kept, code)) return invalid('nonFieldErrors', 'Code does not match')
      if (await isEnrolled(context, user.id)) return deny(alreadyEnrolled)
      if (await isTaken(context, kept.address)) return invalid('nonFieldErrors', 'Invalid email', 'invalid', { state: {} })
      return advance({ effects: [enrolled(context, user.id, kept.address)] })
    }
    if (!email) return invalid('nonFieldErrors', 'email required')
    if (!z.email().safeParse(email).success) return invalid('email', 'Enter a valid email address.')
    return judged(await mailCode(context, user, email, kept))
  },

  async resume(context) {
    const kept = stateOf(context)
    const news = await newsOfDelivery(context.services, kept?.message)
    if (!news) return undefined
    const state = { ...kept, message: news.message }
    return news.problem === undefined ? askAgain({ state }) : invalid('nonFieldErrors', mailNotSent, deliveryFailed, { state })
  },

  lapse(context) {
    const { message, ...kept } = stateOf(context) ?? {}
    const state: State = { ...kept, ...(message && { message: givenUp(message) }) }
    return invalid('nonFieldErrors', messageLate, deliveryLate, { state })
  },

  actions(context) {
    const kept = stateOf(context)
    return kept?.address === undefined ? [] : [resendAction(kept.resendAt)]
  },

  async act(context) {
    const user = personOf(context)
    const kept = stateOf(context)
    if (!user || kept?.address === undefined) return deny()
    return judged(await mailCode(context, user, kept.address, kept))
  },
})

function stateOf({ state }: Context): State | undefined {
  return state as State | undefined
}

/** The screen, which waits for as long as it is not known what becomes of the mail. */
function shown({ services }: Context, state: State, failed: boolean, changes?: Changes) {
  const { address, sent, message } = state
  const nowhere = address === undefined || failed
  const challenge = { email: nowhere ? null : maskedAddress(address), emailRequired: failed || !isAlive(services, sent) }
  const under = deliveryWait(message)
  return under ? wait(challenge, state, under, changes) : ask(challenge, state, changes)
}

function judged(mailed: Mailed) {
  const { state } = mailed
  if (mailed.type === 'refused') return invalid('nonFieldErrors', mailed.message, mailed.code, { state })
  return askAgain({ state, effects: [mailed.effect] })
}

async function isEnrolled({ services, stageId }: Context, userId: number): Promise<boolean> {
  const own = await services.authenticators.of(userId)
  return own.some((one) => one.kind === 'email' && one.stageId === stageId)
}

function enrolled(context: Context, userId: number, address: string) {
  const { config, stageId } = context
  const name = config.friendlyName || 'Email Device'
  const authenticator = { userId, kind: 'email', stageId, name, data: { email: address }, lookup: lookupOf(context, address) }
  return { type: 'add_authenticator', authenticator } as const
}
