import { codeSms, readPhoneNumber, smsCodeLifetime } from '../../credentials/code-sms.ts'
import { refuseMessage } from '../../credentials/message-limit.ts'
import { createOneTimeCode, keepCode, matchesCode, type SentCode } from '../../credentials/one-time-code.ts'
import type { Effect } from '../../flow/effects.ts'
import { isJsonObject, type JsonObject } from '../../flow/json.ts'
import type { SmsSettings } from '../../flow/services.ts'
import type { StageContext } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'

export type Context = StageContext<SmsSettings & { readonly friendlyName: string; readonly verifyOnly: boolean }, unknown>

/** Where a code went, and what is kept of it. Empty: a number was looked for, and none could be used. */
export type State = {
  readonly number?: string
  readonly sent?: SentCode
}

/** The number that a prompt asked for. */
export function knownNumber({ plan }: Context): string | undefined {
  const prompted = isJsonObject(plan.context.prompt_data) ? plan.context.prompt_data.phone : undefined
  return typeof prompted === 'string' && prompted !== '' ? prompted : undefined
}

/** The plan's context without that number. */
export function withoutNumber({ plan }: Context): JsonObject {
  const prompted = isJsonObject(plan.context.prompt_data) ? plan.context.prompt_data : {}
  return { prompt_data: Object.fromEntries(Object.entries(prompted).filter(([key]) => key !== 'phone')) }
}

/** What the stage's authenticator for a number is found by, whether or not the number is kept: no two have the same one. */
export function lookupOf({ services, stageId }: Context, number: string): string {
  return services.mac('authenticator sms', `${stageId} ${number}`)
}

/** Whether anybody has enrolled the number with this stage. */
export async function isTaken(context: Context, number: string): Promise<boolean> {
  return (await context.services.authenticators.find('sms', lookupOf(context, number))) !== undefined
}

/** Whether the code is the one that went to the number, which it is that is confirmed. */
export function confirms(context: Context, user: User, kept: State, code: string): kept is State & { readonly number: string } {
  const { number, sent } = kept
  return number !== undefined && matchesCode(context.services, purposeOf(context, user, number), sent, code)
}

/** What became of a message. */
export type Texted =
  | { readonly type: 'sent'; readonly state: State }
  | { readonly type: 'refused'; readonly message: string; readonly code: string; readonly effects: readonly Effect[] }

/** Sends a new code, always: one that went elsewhere must not confirm this number. */
export async function textCode(context: Context, user: User, typed: string): Promise<Texted> {
  const { config, services } = context
  const number = readPhoneNumber(typed)
  if (number === undefined || (await isTaken(context, number))) return refused('Invalid phone number')
  const refusal = await refuseMessage(services, user.id, number)
  if (refusal !== undefined) return refused(refusal, 'throttled')
  const code = createOneTimeCode()
  const outcome = await services.sendSms(config, codeSms(number, code, services.brandTitle()))
  if (!outcome.sent) return refused(outcome.problem, 'invalid', [undelivered(context)])
  const sent = keepCode(services, purposeOf(context, user, number), code, smsCodeLifetime)
  return { type: 'sent', state: { number, sent } }
}

function refused(message: string, code = 'invalid', effects: readonly Effect[] = []): Texted {
  return { type: 'refused', message, code, effects }
}

function undelivered({ name }: Context): Effect {
  return { type: 'audit', event: { action: 'configuration_error', context: { message: 'Error sending SMS', stage: name } } }
}

function purposeOf({ stageId }: Context, user: User, number: string): string {
  return `sms enrolment ${stageId} ${user.id} ${number}`
}
