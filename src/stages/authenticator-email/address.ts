import { type CodeMailSettings, codeMail } from '../../credentials/code-mail.ts'
import { refuseMessage } from '../../credentials/message-limit.ts'
import { createOneTimeCode, keepCode, matchesCode, type SentCode } from '../../credentials/one-time-code.ts'
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

/** What became of a mail. */
export type Mailed =
  | { readonly type: 'mailed'; readonly state: State; readonly effect: Effect }
  | { readonly type: 'refused'; readonly message: string; readonly code: string }

/** Mails a new code, always: one that went elsewhere must not confirm this address. */
export async function mailCode(context: Context, user: User, address: string): Promise<Mailed> {
  const { config, services } = context
  if (await isTaken(context, address)) return { type: 'refused', message: 'Invalid email', code: 'invalid' }
  const refusal = await refuseMessage(services, user.id, normalizeIdentifier(address))
  if (refusal !== undefined) return { type: 'refused', message: refusal, code: 'throttled' }
  const code = createOneTimeCode()
  const seconds = secondsOf(config.tokenExpiry)
  const sent = keepCode(services, purposeOf(context, user, address), code, seconds)
  const mail = codeMail(config, { address, user, languages: context.visitor.languages(), code, seconds }, services)
  return { type: 'mailed', state: { address, sent }, effect: { type: 'send_mail', mail } }
}

function purposeOf({ stageId }: Context, user: User, address: string): string {
  return `email enrolment ${stageId} ${user.id} ${address}`
}
