import { z } from 'zod'
import { resendAction } from '../../credentials/message-limit.ts'
import { deliveryFailed, mailNotSent, newsOfDelivery } from '../../credentials/sent-message.ts'
import type { Effect } from '../../flow/effects.ts'
import { ask, askAgain, defineStage, deny, invalid, type Resumed, wait } from '../../flow/stage.ts'
import { emailConfig } from './email-config.ts'
import { anotherMail, type Context, firstMail, type State, stateOf } from './mailing.ts'
import { confirmAddress, isRestored } from './restored.ts'
import { mayBeTold } from './told.ts'

/** Mails the pending user a link, and is passed by whoever comes back with it (reference: stages 4.5). */
export const emailStage = defineStage({
  kind: 'email',
  component: 'ak-stage-email',
  model: 'authentik_stages_email.emailstage',
  description: 'Mails the pending user a link that leads on, to prove that the address is theirs.',

  config: emailConfig,

  challenge: z.object({}),

  response: z.object({}),

  async present(context) {
    const { config: settings, name, plan, services } = context
    if (isRestored(context)) return confirmAddress(context)
    if (!plan.context.pending_user) return deny()
    if (!services.hasMailTemplate(settings.template)) return deny(undefined, [lacksTemplate(name, settings.template)])
    // A page that is loaded again is no wish for another mail.
    const kept = stateOf(context)
    if (kept?.confirmed) return ask({}, kept)
    if (kept) return wait({}, kept, waitFor(context, kept))
    const { state, changes } = await firstMail(context)
    return wait({}, state, waitFor(context, state), changes)
  },

  async answer(context) {
    if (isRestored(context)) return confirmAddress(context)
    if (!context.plan.context.pending_user) return deny()
    // The link alone passes this stage. An answer asks for another mail, and is refused alike whether or not one goes out.
    return invalid('nonFieldErrors', 'email-sent', 'email-sent', await anotherMail(context))
  },

  async resume(context) {
    const confirmed = await confirmation(context)
    if (confirmed) return confirmed
    const kept = stateOf(context)
    const news = kept && mayBeTold(context) ? await newsOfDelivery(context.services, kept.message) : undefined
    if (!news) return undefined
    const state = { ...kept, message: news.message }
    return news.problem === undefined ? askAgain({ state }) : invalid('nonFieldErrors', mailNotSent, deliveryFailed, { state })
  },

  async lapse(context) {
    return (await confirmation(context)) ?? invalid('nonFieldErrors', 'The link in the mail has run out.', 'link-expired')
  },

  actions(context) {
    return context.config.recoveryMaxAttempts > 0 ? [resendAction(stateOf(context)?.resendAt)] : []
  },

  async act(context) {
    return askAgain(await anotherMail(context))
  },
})

/** Seconds. Who polls for a link to be opened need not hurry, and what rings is heard at once. */
const [pollAfter, recheck] = [5, 120]

function waitFor(context: Context, { until, message }: State) {
  const delivery = message && message.delivery !== 'unknown' && mayBeTold(context) ? message.delivery : undefined
  return { reason: 'confirmation', until: new Date(until), pollAfter, recheck, ...(delivery && { delivery }) } as const
}

/** Where somebody opened a link it has led on; here nobody is let in by that. */
async function confirmation(context: Context): Promise<Resumed | undefined> {
  const kept = stateOf(context)
  const used = await Promise.all((kept?.links ?? []).map((link) => context.services.isLinkUsed(link)))
  if (!kept || !used.includes(true)) return undefined
  const told = 'The link in the mail was confirmed. Go on where you opened it.'
  return invalid('nonFieldErrors', told, 'confirmed-elsewhere', { state: { ...kept, confirmed: true } })
}

function lacksTemplate(name: string, template: string): Effect {
  return {
    type: 'audit',
    event: { action: 'configuration_error', context: { message: 'There is no such mail template.', stage: name, template } },
  }
}
