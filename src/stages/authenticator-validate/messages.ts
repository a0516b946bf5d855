import { codeMail, readCodeMailSettings } from '../../credentials/code-mail.ts'
import { codeSms, readSmsSettings, smsCodeLifetime } from '../../credentials/code-sms.ts'
import { limitMessage, type MessageRefusal, withMessage } from '../../credentials/message-limit.ts'
import { createOneTimeCode, keepCode } from '../../credentials/one-time-code.ts'
import {
  deliveryFailed,
  deliveryLate,
  givenUp,
  mailNotSent,
  messageLate,
  newsOfDelivery,
  queuedMessage,
  textNotSent,
} from '../../credentials/sent-message.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import { secondsOf } from '../../flow/duration.ts'
import type { Effect } from '../../flow/effects.ts'
import type { JsonObject } from '../../flow/json.ts'
import { askAgain, type Changes, invalid, type Resumed } from '../../flow/stage.ts'
import { normalizeIdentifier, type User } from '../../flow/user.ts'
import { type Context, type MessageState, type State, stateOf, untried, withoutSlow } from './context.ts'

/** Seconds that it is told how far a message has come. It may still be sent later. */
export const deliverySeconds = 60

/** Whether the codes of a kind are sent to people. */
export function isSent(kind: string): boolean {
  return kind === 'email' || kind === 'sms'
}

/** What a sent code is for: one authenticator, at this stage of this execution. */
export function purposeOf({ executionId, stageId }: Context, authenticatorId: string): string {
  return `second factor ${executionId} ${stageId} ${authenticatorId}`
}

/** A message that can go out, and how long its code counts; undefined: its settings are gone. */
type Letter = { readonly seconds: number; readonly send: (messageId: string, expiresAt: number) => Effect } | undefined

/** Sends a new code. The answer names nothing that was typed, and is "Empty response" when all went well (reference: 4.21). */
export async function sendCode(context: Context, user: User, to: Authenticator): Promise<Resumed> {
  const { services } = context
  const address = to.kind === 'email' ? normalizeIdentifier(String(to.data.email)) : String(to.data.phoneNumber)
  const limit = await limitMessage(services, user.id, address)
  if (limit) return tooMany(context, to, limit)
  const code = createOneTimeCode()
  const letter = to.kind === 'email' ? mailTo(context, user, to, code) : textTo(context, to, code)
  if (!letter) return unavailable(context)
  const kept = keepCode(services, purposeOf(context, to.id), code, letter.seconds)
  const now = services.now()
  const sent = queuedMessage(services, now.getTime() + deliverySeconds * 1000)
  const state: State = {
    ...untried(withoutSlow(context)),
    messages: withMessage(stateOf(context).messages, now),
    codes: { ...stateOf(context).codes, [to.id]: kept },
    message: { authenticator: to.id, kind: to.kind, sent },
  }
  return onItsWay({ state, effects: [letter.send(sent.id, kept.expiresAt)] })
}

/** What has become of a message; undefined: nothing new. */
export async function resumeMessage(context: Context, message: MessageState): Promise<Resumed | undefined> {
  const news = await newsOfDelivery(context.services, message.sent)
  if (!news) return undefined
  const state: State = { ...stateOf(context), message: { ...message, sent: news.message } }
  if (news.problem !== undefined) {
    const told = message.kind === 'sms' ? news.problem || textNotSent : mailNotSent
    return invalid('nonFieldErrors', told, deliveryFailed, { state })
  }
  // A client whose request was held is told now what others were told at once.
  return isHeld(context, message) ? onItsWay({ state }) : askAgain({ state })
}

/** Whether clients written for authentik are told in the reply to their request what the provider says. */
export function isHeld({ state }: Pick<Context, 'state'>, { kind }: MessageState): boolean {
  return kind === 'sms' && !stateOf({ state }).tried
}

/** Nobody waits for a message any longer. Its code counts when it comes. */
export function messageIsLate(context: Context, message: MessageState): Resumed {
  const sent = message.sent && givenUp(message.sent)
  const state: State = { ...stateOf(context), message: { ...message, ...(sent && { sent }) } }
  return invalid('nonFieldErrors', messageLate, deliveryLate, { state })
}

/** Whatever was sent before stays what it is. */
function tooMany(context: Context, { id: authenticator, kind }: Authenticator, { message, seconds }: MessageRefusal): Resumed {
  const { message: last } = stateOf(context)
  const sent = last?.authenticator === authenticator ? last.sent : undefined
  const retryAt = context.services.now().getTime() + seconds * 1000
  const state: State = { ...withoutSlow(context), message: { authenticator, kind, ...(sent && { sent }), retryAt } }
  return invalid('nonFieldErrors', message, 'throttled', { state })
}

function onItsWay(changes: Changes): Resumed {
  return invalid('nonFieldErrors', 'Empty response', 'invalid', changes)
}

function mailTo(context: Context, user: User, { stageId, data }: Authenticator, code: string): Letter {
  const { services } = context
  const settings = readCodeMailSettings(configOf(context, stageId, 'authenticator_email'))
  if (!settings || !services.hasMailTemplate(settings.template)) return undefined
  const seconds = secondsOf(settings.tokenExpiry)
  const languages = context.visitor.languages()
  const mail = codeMail(settings, { address: String(data.email), user, languages, code, seconds }, services)
  return { seconds, send: (messageId) => ({ type: 'send_mail', mail, messageId }) }
}

function textTo(context: Context, { stageId, data }: Authenticator, code: string): Letter {
  const settings = readSmsSettings(configOf(context, stageId, 'authenticator_sms'))
  if (!settings) return undefined
  const message = codeSms(String(data.phoneNumber), code, context.services.brandTitle())
  const about = { settings, message, stage: context.name }
  const send = (messageId: string, expiresAt: number) =>
    ({ type: 'send_sms', ...about, messageId, expiresAt: new Date(expiresAt).toISOString() }) as const
  return { seconds: smsCodeLifetime, send }
}

/** How codes are sent is what the stage says that set the authenticator up. */
function configOf({ services }: Context, stageId: string | undefined, kind: string): JsonObject | undefined {
  const stage = stageId === undefined ? undefined : services.stageConfig(stageId)
  return stage?.kind === kind ? { ...stage.config, ...services.secretsOf(stage.id) } : undefined
}

/** The authenticator still counts as set up: a stage that is gone must not let people pass without a proof. */
function unavailable(context: Context): Resumed {
  const message = `No code can be sent. Contact your ${context.services.brandTitle()} administrator for help.`
  return invalid('nonFieldErrors', message, 'invalid', { effects: [misconfigured(context, 'No code can be sent')] })
}

function misconfigured({ name }: Context, message: string): Effect {
  return { type: 'audit', event: { action: 'configuration_error', context: { message, stage: name } } }
}
