import { withMessage } from '../../../credentials/message-limit.ts'
import type { Authenticator } from '../../../flow/authenticators.ts'
import { askAgain, invalid } from '../../../flow/stage.ts'
import type { User } from '../../../flow/user.ts'
import { type Context, stateOf, untried, withRequest } from '../context.ts'
import { duoAccountOf } from './account.ts'
import { ended, misconfigured } from './refusals.ts'
import { approvalSeconds, type DuoWish, isPending, isSameWish } from './request.ts'

/** How many requests one person is sent within the window, whoever signs in as them. */
export const mostRequests = 5
/** Seconds. */
export const requestWindow = 600

/** Takes up that somebody wants to be asked by Duo. Nothing is asked yet: whoever claims that first will. */
export async function wantRequest(context: Context, user: User, offered: readonly Authenticator[], wish: DuoWish) {
  const { services, visitor } = context
  const authenticator = offered.find(({ id, kind }) => kind === 'duo' && id === wish.authenticator)
  if (!authenticator) return invalid('duo', 'Invalid device')
  if (!duoAccountOf(context, authenticator)) return ended(context, user, wish, misconfigured(context, user))
  const now = services.now()
  const { duo: standing } = stateOf(context)
  // Clicked twice, or sent again because the reply was lost.
  if (isPending(standing, now) && isSameWish(standing, wish)) return askAgain({ state: untried(stateOf(context)) })
  const seconds = await services.takeTurn(`Duo requests to user ${user.id}`, mostRequests, requestWindow)
  if (seconds !== undefined) return tooMany(context, wish, seconds)
  const until = now.getTime() + approvalSeconds * 1000
  const { clientIp, host } = visitor
  const state = withRequest(context, { ...wish, step: 'wanted', until, clientIp, host })
  const requests = withMessage(stateOf(context).requests, now, requestWindow)
  return askAgain({ state: { ...untried(state), requests } })
}

/** What is under way goes on. */
function tooMany(context: Context, wish: DuoWish, seconds: number) {
  const now = context.services.now()
  const minutes = Math.ceil(seconds / 60)
  const message = `Too many requests. Try again in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`
  const over = { ...wish, step: 'over', retryAt: now.getTime() + seconds * 1000 } as const
  const state = isPending(stateOf(context).duo, now) ? stateOf(context) : withRequest(context, over)
  return invalid('duo', message, 'throttled', { state })
}
