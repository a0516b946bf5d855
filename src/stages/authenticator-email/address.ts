import { type CodeMailSettings, codeMail } from '../../credentials/code-mail.ts'
import { limitMessage, type MessageTally, nextMessageAt, withMessage } from '../../credentials/message-limit.ts'
import { createOneTimeCode, keepCode, matchesCode, type SentCode } from '../../credentials/one-time-code.ts'
import { queuedMessage, type SentMessage } from '../../credentials/sent-message.ts'
import { secondsOf } from '../../flow/duration.ts'
import type { Effect } from '../../flow/effects.ts'
import { isJsonObject } from '../../flow/json.ts'
import type { StageContext } from '../../flow/stage.ts'
import { normalizeIdentifier, type User } from '../../flow/user.ts'

export type Context = StageContext<CodeMailSettings & { readonly friendlyName: string }, unknown>

/** Where a code went, and what is kept of it. Empty: an address was looked for, and none could be used. */
export type State = {
  readonly address?: string
  readonly sent?: SentCode
  /** The mail with that code. */
  readonly message?: SentMessage
  readonly tally?: MessageTally
  /** Milliseconds since 1970: when another mail may be asked for. */
  readonly resendAt?: number
}

/** The address that is tried without asking. */
export function knownAddress({ plan }: Context, user: User): string | undefined {
  const prompted = isJsonObject(plan.context.prompt_data) ? plan.context.prompt_data.email : undefined
  return [user.email, prompted].find((address): address is string => typeof address === 'string' && isAddress(address))
}

/** By how addresses look inside organisations too: `root@mailhost`. */
function isAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s@]+@[^\s@]+$/.test(text)
}

/** What the stage's authenticator for an address is found by: no two have the same one. */
export function lookupOf({ services, stageId }: Context, address: string): string {
  return services.mac('authenticator email', `${stageId} ${normalizeIdentifier(address)}`)
}

/** Whether anybody has enrolled the address with this stage. */
export async function isTaken(context: Context, address: string): Promise<boolean> {
  return (await context.services.authenticators.find('email', lookupOf(context, address))) !== undefined
}

/** Whether the code is the one that went to the address, which it is that is confirmed. */
export function confirms(context: Context, user: User, kept: State, code: string): kept is State & { readonly address: string } {
  const { address, sent } = kept
  return address !== undefined && matchesCode(context.services, purposeOf(context, user, address), sent, code)
}

/** What became of the wish for a mail. */
export type Mailed =
  | { readonly type: 'mailed'; readonly state: State; readonly effect: Effect }
  | { readonly type: 'refused'; readonly message: string; readonly code: string; readonly state: State }

/** Mails a new code, always: one that went elsewhere must not confirm this address. */
export async function mailCode(context: Context, user: User, address: string, kept: State = {}): Promise<Mailed> {
  const { config, services } = context
  if (await isTaken(context, address)) return { type: 'refused', message: 'Invalid email', code: 'invalid', state: kept }
  const now = services.now()
  const refusal = await limitMessage(services, user.id, normalizeIdentifier(address))
  if (refusal) {
    const resendAt = now.getTime() + refusal.seconds * 1000
    return { type: 'refused', message: refusal.message, code: 'throttled', state: { ...kept, resendAt } }
  }
  const code = createOneTimeCode()
  const seconds = secondsOf(config.tokenExpiry)
  const sent = keepCode(services, purposeOf(context, user, address), code, seconds)
  const mail = codeMail(config, { address, user, languages: context.visitor.languages(), code, seconds }, services)
  const message = queuedMessage(services, sent.expiresAt)
  const tally = withMessage(kept.tally, now)
  const resendAt = nextMessageAt(tally)
  const state = { address, sent, message, tally, ...(resendAt !== undefined && { resendAt }) }
  return { type: 'mailed', state, effect: { type: 'send_mail', mail, messageId: message.id } }
}

function purposeOf({ stageId }: Context, user: User, address: string): string {
  return `email enrolment ${stageId} ${user.id} ${address}`
}
