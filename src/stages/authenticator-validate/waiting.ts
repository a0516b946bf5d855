import { nextMessageAt, resendAction } from '../../credentials/message-limit.ts'
import { deliveryWait, type SentMessage } from '../../credentials/sent-message.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import { askAgain, type Resumed, type Wait } from '../../flow/stage.ts'
import type { StageAction, StageActionType } from '../../flow/step.ts'
import type { User } from '../../flow/user.ts'
import { type Context, stateOf, withoutSlow } from './context.ts'
import { ended, outOfTime } from './duo/refusals.ts'
import { type DuoRequest, isPending, retryTimeOf, wishOf } from './duo/request.ts'
import { resumeRequest } from './duo/resume.ts'
import { mostRequests, requestWindow, wantRequest } from './duo/start.ts'
import { isHeld, messageIsLate, resumeMessage, sendCode } from './messages.ts'

/** Seconds after which a client that polls asks how a request at Duo stands. */
const approvalPoll = 3
/** Seconds until the server asks Duo again, which answers when there is news. */
const approvalRecheck = 1

/** What is waited for, by what the stage has kept; undefined: nothing. */
export function waitOf({ services, state }: Pick<Context, 'services' | 'state'>): Wait | undefined {
  const { duo, message, tried = false } = stateOf({ state })
  if (isPending(duo, services.now())) {
    const until = new Date(duo.until)
    return { reason: 'approval', until, pollAfter: approvalPoll, recheck: approvalRecheck, ...(!tried && { holds: true }) }
  }
  return message && deliveryWait(message.sent, { holds: isHeld({ state }, message) })
}

/** What is new about what is waited for. */
export async function resumeSlow(context: Context, user: User, offered: readonly Authenticator[], signal: AbortSignal) {
  const { duo, message } = stateOf(context)
  if (isPending(duo, context.services.now())) return resumeRequest(context, user, offered, duo, signal)
  return message && resumeMessage(context, message)
}

/** What becomes of what was waited for in vain. */
export function lapseSlow(context: Context, user: User): Resumed {
  const { duo, message } = stateOf(context)
  if (duo && 'until' in duo) return ended(context, user, duo, outOfTime)
  return message ? messageIsLate(context, message) : askAgain({})
}

/** A request under way may be left for another method; one that came to nothing, and a message, may be asked for again. */
export function slowActions(context: Context): readonly StageAction[] {
  const { duo, message, messages } = stateOf(context)
  const now = context.services.now()
  if (isPending(duo, now)) return [{ type: 'choose_another' }]
  if (duo) return [requestAction(context, duo)]
  if (!message || isUnderWay(message.sent, now)) return []
  return [resendAction(laterOf(message.retryAt, nextMessageAt(messages)))]
}

function requestAction(context: Context, duo: DuoRequest): StageAction {
  const spent = nextMessageAt(stateOf(context).requests, mostRequests, requestWindow)
  const availableAt = laterOf(retryTimeOf(duo), spent)
  return { type: 'resend', ...(availableAt !== undefined && { availableAt, reason: 'Too many requests were made.' }) }
}

function laterOf(...moments: readonly (number | undefined)[]): number | undefined {
  const known = moments.filter((moment) => moment !== undefined)
  return known.length > 0 ? Math.max(...known) : undefined
}

/** Does what `slowActions` has offered. */
export function actSlow(context: Context, user: User, offered: readonly Authenticator[], action: StageActionType) {
  if (action === 'choose_another') return askAgain({ state: withoutSlow(context) })
  const { duo, message } = stateOf(context)
  if (duo) return wantRequest(context, user, offered, wishOf(duo))
  const to = offered.find(({ id }) => id === message?.authenticator)
  return to ? sendCode(context, user, to) : askAgain({ state: withoutSlow(context) })
}

function isUnderWay(sent: SentMessage | undefined, now: Date): boolean {
  return sent?.delivery === 'queued' && sent.until > now.getTime()
}
