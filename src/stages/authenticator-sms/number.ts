import { codeSms, readPhoneNumber, smsCodeLifetime, smsSettingsIn } from '../../credentials/code-sms.ts'
import { limitMessage, type MessageTally, nextMessageAt, withMessage } from '../../credentials/message-limit.ts'
import { createOneTimeCode, keepCode, matchesCode, type SentCode } from '../../credentials/one-time-code.ts'
import { queuedMessage, type SentMessage } from '../../credentials/sent-message.ts'
import type { SmsSettings } from '../../flow/accounts.ts'
import type { Effect } from '../../flow/effects.ts'
import { isJsonObject, type JsonObject } from '../../flow/json.ts'
import type { StageContext } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'

export type Context = StageContext<SmsSettings & { readonly friendlyName: string; readonly verifyOnly: boolean }, unknown>

/** Where a code went, and what is kept of it. Empty: a number was looked for, and none could be used. */
export type State = {
  readonly number?: string
  readonly sent?: SentCode
  /** The message with that code. */
  readonly message?: SentMessage
  /** A code was tried since: nobody is kept waiting for what the provider says. */
  readonly tried?: true
  readonly tally?: MessageTally
  /** Milliseconds since 1970: when another message may be asked for. */
  readonly resendAt?: number
}

/** The number that a prompt asked for. */
export function knownNumber({ plan }: Context): string | undefined {
  const prompted = isJsonObject(plan.context.prompt_data) ? plan.context.prompt_data.phone : undefined
  return typeof prompted === 'string' && prompted !== '' ? prompted : undefined
}

/** The plan's context without the number that a prompt asked for. */
export function withoutNumber({ plan }: Context): JsonObject {
  const prompted = isJsonObject(plan.context.prompt_data) ? plan.context.prompt_data : {}
  return { prompt_data: Object.fromEntries(Object.entries(prompted).filter(([key]) => key !== 'phone')) }
}

/** Whether it is the number that a prompt asked for. */
export function isPrompted(context: Context, number: string | undefined): boolean {
  const known = knownNumber(context)
  return known !== undefined && readPhoneNumber(known) === number
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

/** What became of the wish for a message. */
export type Texted =
  | { readonly type: 'texted'; readonly state: State; readonly effect: Effect }
  | { readonly type: 'refused'; readonly message: string; readonly code: string; readonly state: State }

/** Sends a new code, always: one that went elsewhere must not confirm this number. */
export async function textCode(context: Context, user: User, typed: string, kept: State = {}): Promise<Texted> {
  const { config, name, services } = context
  const number = readPhoneNumber(typed)
  if (number === undefined || (await isTaken(context, number)))
    return { type: 'refused', message: 'Invalid phone number', code: 'invalid', state: kept }
  const now = services.now()
  const refusal = await limitMessage(services, user.id, number)
  if (refusal) {
    const resendAt = now.getTime() + refusal.seconds * 1000
    return { type: 'refused', message: refusal.message, code: 'throttled', state: { ...kept, resendAt } }
  }
  const code = createOneTimeCode()
  const sent = keepCode(services, purposeOf(context, user, number), code, smsCodeLifetime)
  const message = queuedMessage(services, sent.expiresAt)
  const tally = withMessage(kept.tally, now)
  const resendAt = nextMessageAt(tally)
  const effect = {
    type: 'send_sms',
    settings: smsSettingsIn(config),
    message: codeSms(number, code, services.brandTitle()),
    messageId: message.id,
    expiresAt: new Date(sent.expiresAt).toISOString(),
    stage: name,
  } as const
  return { type: 'texted', state: { number, sent, message, tally, ...(resendAt !== undefined && { resendAt }) }, effect }
}

function purposeOf({ stageId }: Context, user: User, number: string): string {
  return `sms enrolment ${stageId} ${user.id} ${number}`
}
