import { type MessageTally, nextMessageAt, withMessage } from '../../credentials/message-limit.ts'
import type { SentMessage } from '../../credentials/sent-message.ts'
import { secondsOf } from '../../flow/duration.ts'
import { isJsonObject } from '../../flow/json.ts'
import type { Changes, StageContext } from '../../flow/stage.ts'
import type { EmailConfig } from './email-config.ts'
import { addresseeOf, type Letter, letterTo, noLetter } from './letter.ts'
import { mayBeTold } from './told.ts'

export type Context = StageContext<EmailConfig, unknown>

/** What is kept of the mails of one execution. It is of the same form whoever they are for. */
export type State = {
  /** Milliseconds since 1970: when the newest link runs out. */
  readonly until: number
  /** Digests of the tokens that were mailed, the newest last. */
  readonly links: readonly string[]
  /** The newest mail, where its fate may be told. */
  readonly message?: SentMessage
  /** Mails that were asked for here. */
  readonly tally?: MessageTally
  /** Milliseconds since 1970: when another mail may be asked for. */
  readonly resendAt?: number
  /** One of the links was confirmed, wherever it was opened. */
  readonly confirmed?: true
}

/** How many links are asked about: the newest. */
const mostLinks = 6
/** How many flows within a window (seconds) may begin by mailing one address: nobody's mailbox is flooded from here. */
const mostStarts = 10
const startWindow = 3600

/** What was kept. Executions from before a wait was known kept only that there was a mail. */
export function stateOf({ state }: Context): State | undefined {
  if (!isJsonObject(state)) return undefined
  return Array.isArray(state.links) ? (state as State) : { until: 0, links: [] }
}

/** The first mail, unless one address was mailed too often by then. Nobody can tell which it was. */
export async function firstMail(context: Context): Promise<{ readonly state: State; readonly changes: Changes }> {
  const addressee = addresseeOf(context)
  const wait = await context.services.takeTurn(`email start ${addressee.subject}`, mostStarts, startWindow)
  const letter = wait === undefined ? letterTo(addressee, context) : noLetter(context)
  return { state: withLetter(undefined, letter), changes: { effects: letter.effects } }
}

/**
 * Another mail, within the limits. What can be seen of it follows from what was asked for in this execution alone, unless its
 * fate may be told: that an address has had its mails elsewhere is nobody's business.
 */
export async function anotherMail(context: Context): Promise<Changes & { readonly state: State }> {
  const { config, services } = context
  const { recoveryMaxAttempts: most } = config
  const kept = stateOf(context)
  const now = services.now()
  const window = Math.max(1, secondsOf(config.recoveryCacheTimeout))
  const tally = withMessage(kept?.tally, now, window)
  if (kept && tally.count > most) return { state: kept, effects: [] }
  const addressee = addresseeOf(context)
  const wait = await services.takeTurn(`email ${addressee.subject}`, most, window)
  if (kept && wait !== undefined && mayBeTold(context))
    return { state: { ...kept, resendAt: now.getTime() + wait * 1000 }, effects: [] }
  const letter = wait === undefined ? letterTo(addressee, context) : noLetter(context)
  const resendAt = nextMessageAt(tally, most, window)
  return { state: { ...withLetter(kept, letter), tally, ...(resendAt !== undefined && { resendAt }) }, effects: letter.effects }
}

function withLetter(kept: State | undefined, { link, until, message }: Letter): State {
  return { until, links: [...(kept?.links ?? []), link].slice(-mostLinks), ...(message && { message }) }
}
