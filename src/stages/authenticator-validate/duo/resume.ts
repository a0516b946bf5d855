import type { Authenticator } from '../../../flow/authenticators.ts'
import { askAgain, type Resumed } from '../../../flow/stage.ts'
import type { User } from '../../../flow/user.ts'
import { type Context, withRequest } from '../context.ts'
import { duoAccountOf } from './account.ts'
import { DuoClaimants } from './claims.ts'
import { inquire, type Outcome } from './inquiry.ts'
import { newsOf, type Subject } from './outcome.ts'
import { ended, misconfigured, outOfTime, refusal, unanswered } from './refusals.ts'
import { isPending, type PendingRequest, wishOf } from './request.ts'

/** How often Duo is asked in one turn: it answers once at the start, and then when there is news. */
export const mostQuestions = 5

type At<Step extends PendingRequest['step']> = Extract<PendingRequest, { readonly step: Step }>

const claimants = new DuoClaimants<Outcome>()

/** Goes on with a request: claims it, has the person asked if the claim is this server's, or looks how they decide. */
export async function resumeRequest(
  context: Context,
  user: User,
  offered: readonly Authenticator[],
  request: PendingRequest,
  signal: AbortSignal,
): Promise<Resumed | undefined> {
  const authenticator = offered.find(({ id, kind }) => kind === 'duo' && id === request.authenticator)
  const account = authenticator && duoAccountOf(context, authenticator)
  if (!account) return ended(context, user, request, misconfigured(context, user))
  const news = await newsAbout({ context, user, account }, request, signal)
  // What is only heard when the time is over has come too late, whenever it was said.
  return news && !isPending(request, context.services.now()) ? ended(context, user, request, outOfTime) : news
}

async function newsAbout(subject: Subject, request: PendingRequest, signal: AbortSignal): Promise<Resumed | undefined> {
  switch (request.step) {
    case 'wanted':
      return claim(subject.context, request)
    case 'claimed':
      return ask(subject, request, signal)
    case 'asked':
      return follow(subject, request, signal)
  }
}

/** Of all servers that would write a claim, one does. */
function claim(context: Context, request: At<'wanted'>): Resumed {
  const { duo, randomToken } = context.services
  const claim = randomToken()
  claimants.of(duo).add(claim)
  return askAgain({ state: withRequest(context, { ...request, step: 'claimed', claim }) })
}

/** Where the server is gone whose claim it was, nobody asks in its place: it may have asked. */
async function ask(subject: Subject, request: At<'claimed'>, signal: AbortSignal): Promise<Resumed | undefined> {
  const { context, user, account } = subject
  const outcome = claimants.of(context.services.duo).once(request.claim, () => inquire(context, user, account, request))
  // It goes on without whoever looks: what came of it is there for the next look.
  const known = outcome && (await Promise.race([outcome, whenAborted(signal)]))
  return known && newsOf(subject, request, known)
}

async function follow({ context, user, account }: Subject, request: At<'asked'>, signal: AbortSignal) {
  for (let asked = 0; asked < mostQuestions && !signal.aborted; asked += 1) {
    const answer = await context.services.duo.status(account.settings, request.txid, signal)
    if (!answer.ok) {
      // It may come back while there is time, unless it knows nothing of the request.
      return answer.problem === 'refused' ? ended(context, user, request, unanswered(context, user, answer)) : undefined
    }
    const { result, status } = answer.value
    if (result === 'allow') return askAgain({ state: withRequest(context, { ...wishOf(request), step: 'approved' }) })
    if (result === 'deny') return ended(context, user, request, refusal(context, user, status))
  }
  return undefined
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
