import { codeMail, readCodeMailSettings } from '../../credentials/code-mail.ts'
import { codeSms, readSmsSettings, smsCodeLifetime } from '../../credentials/code-sms.ts'
import { refuseMessage } from '../../credentials/message-limit.ts'
import { createOneTimeCode, keepCode } from '../../credentials/one-time-code.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import { secondsOf } from '../../flow/duration.ts'
import type { Effect } from '../../flow/effects.ts'
import type { JsonObject } from '../../flow/json.ts'
import { invalid } from '../../flow/stage.ts'
import { normalizeIdentifier, type User } from '../../flow/user.ts'
import { type Context, type State, stateOf } from './context.ts'

/** Whether the codes of a kind are sent to people. */
export function isSent(kind: string): boolean {
  return kind === 'email' || kind === 'sms'
}

/** What a sent code is for: one authenticator, at this stage of this execution. */
export function purposeOf({ executionId, stageId }: Context, authenticatorId: string): string {
  return `second factor ${executionId} ${stageId} ${authenticatorId}`
}

/** A message on its way, or why there is none. */
type Delivery =
  | { readonly type: 'sent'; readonly seconds: number; readonly effects: readonly Effect[] }
  | { readonly type: 'failed'; readonly message: string; readonly effects: readonly Effect[] }

/** Sends a new code. The answer names nothing that was typed, and is "Empty response" when all went well (reference: 4.21). */
export async function sendCode(context: Context, user: User, to: Authenticator) {
  const { services } = context
  const address = to.kind === 'email' ? normalizeIdentifier(String(to.data.email)) : String(to.data.phoneNumber)
  const refusal = await refuseMessage(services, user.id, address)
  if (refusal !== undefined) return invalid('nonFieldErrors', refusal, 'throttled')
  const code = createOneTimeCode()
  const delivery = to.kind === 'email' ? mailTo(context, user, to, code) : await textTo(context, to, code)
  const { effects } = delivery
  if (delivery.type === 'failed') return invalid('nonFieldErrors', delivery.message, 'invalid', { effects })
  const sent = keepCode(services, purposeOf(context, to.id), code, delivery.seconds)
  const state: State = { ...stateOf(context), codes: { ...stateOf(context).codes, [to.id]: sent } }
  return invalid('nonFieldErrors', 'Empty response', 'invalid', { state, effects })
}

function mailTo(context: Context, user: User, { stageId, data }: Authenticator, code: string): Delivery {
  const { services } = context
  const settings = readCodeMailSettings(configOf(context, stageId, 'authenticator_email'))
  if (!settings || !services.hasMailTemplate(settings.template)) return unavailable(context)
  const seconds = secondsOf(settings.tokenExpiry)
  const mail = codeMail(
    settings,
    { address: String(data.email), user, languages: context.visitor.languages(), code, seconds },
    services,
  )
  return { type: 'sent', seconds, effects: [{ type: 'send_mail', mail }] }
}

async function textTo(context: Context, { stageId, data }: Authenticator, code: string): Promise<Delivery> {
  const { services } = context
  const settings = readSmsSettings(configOf(context, stageId, 'authenticator_sms'))
  if (!settings) return unavailable(context)
  const outcome = await services.sendSms(settings, codeSms(String(data.phoneNumber), code, services.brandTitle()))
  if (!outcome.sent) return { type: 'failed', message: outcome.problem, effects: [misconfigured(context, 'Error sending SMS')] }
  return { type: 'sent', seconds: smsCodeLifetime, effects: [] }
}

/** How codes are sent is what the stage says that set the authenticator up. */
function configOf({ services }: Context, stageId: string | undefined, kind: string): JsonObject | undefined {
  const stage = stageId === undefined ? undefined : services.stageConfig(stageId)
  return stage?.kind === kind ? { ...stage.config, ...services.secretsOf(stage.id) } : undefined
}

/** The authenticator still counts as set up: a stage that is gone must not let people pass without a proof. */
function unavailable(context: Context): Delivery {
  const message = `No code can be sent. Contact your ${context.services.brandTitle()} administrator for help.`
  return { type: 'failed', message, effects: [misconfigured(context, 'No code can be sent')] }
}

function misconfigured({ name }: Context, message: string): Effect {
  return { type: 'audit', event: { action: 'configuration_error', context: { message, stage: name } } }
}
