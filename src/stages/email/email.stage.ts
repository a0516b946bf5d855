import { z } from 'zod'
import { secondsOf } from '../../flow/duration.ts'
import type { Effect } from '../../flow/effects.ts'
import { ask, defineStage, deny, invalid } from '../../flow/stage.ts'
import { emailConfig } from './email-config.ts'
import { addresseeOf, mailTo } from './letter.ts'
import { confirmAddress, isRestored } from './restored.ts'

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
    const { config: settings, name, plan, services, state } = context
    if (isRestored(context)) return confirmAddress(context)
    if (!plan.context.pending_user) return deny()
    if (!services.hasMailTemplate(settings.template)) return deny(undefined, [lacksTemplate(name, settings.template)])
    // A page that is loaded again is no wish for another mail.
    if (state) return ask({}, sent)
    const addressee = addresseeOf(context)
    const wait = await services.takeTurn(`email start ${addressee.subject}`, mostStarts, startWindow)
    return ask({}, sent, { effects: wait === undefined ? mailTo(addressee, context) : [] })
  },

  async answer(context) {
    const { config: settings, plan, services } = context
    if (isRestored(context)) return confirmAddress(context)
    if (!plan.context.pending_user) return deny()
    // The link alone passes this stage. An answer asks for another mail, and is refused alike whether or not one goes out.
    const addressee = addresseeOf(context)
    const window = Math.max(1, secondsOf(settings.recoveryCacheTimeout))
    const wait = await services.takeTurn(`email ${addressee.subject}`, settings.recoveryMaxAttempts, window)
    const effects = wait === undefined ? mailTo(addressee, context) : []
    return invalid('nonFieldErrors', 'email-sent', 'email-sent', { state: sent, effects })
  },
})

/** How many flows within a window (seconds) may begin by mailing one address: nobody's mailbox is flooded from here. */
const mostStarts = 10
const startWindow = 3600

/** Kept once the first mail is on its way. */
const sent = { sent: true }

function lacksTemplate(name: string, template: string): Effect {
  return {
    type: 'audit',
    event: { action: 'configuration_error', context: { message: 'There is no such mail template.', stage: name, template } },
  }
}
