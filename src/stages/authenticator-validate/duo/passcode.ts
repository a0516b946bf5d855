import type { Authenticator } from '../../../flow/authenticators.ts'
import type { Effect } from '../../../flow/effects.ts'
import { advance, invalid } from '../../../flow/stage.ts'
import type { User } from '../../../flow/user.ts'
import type { Context } from '../context.ts'
import { proven } from '../proof.ts'
import { duoAccountOf } from './account.ts'
import { type Ending, misconfigured, unanswered } from './refusals.ts'

/** What Duo's passcodes look like, of apps, tokens and help desks alike. */
const passcodeForm = /^[a-z\d]{4,64}$/i

/** Has Duo judge a code; undefined: it is none of these authenticators'. */
export async function judgePasscode(context: Context, user: User, ready: readonly Authenticator[], code: string) {
  const passcode = code.replaceAll(/[\s-]/g, '')
  if (!passcodeForm.test(passcode)) return undefined
  const { services, visitor } = context
  for (const one of ready) {
    const account = duoAccountOf(context, one)
    if (!account) return unjudged(misconfigured(context, user))
    const { settings, userId } = account
    const { clientIp } = visitor
    const answer = await services.duo.verify(settings, { userId, factor: 'passcode', passcode, clientIp })
    if (!answer.ok) return unjudged(unanswered(context, user, answer))
    if (answer.value.result === 'allow') return advance(proven(context, user, one))
  }
  return undefined
}

function unjudged({ message, code, effects = [] }: Ending & { readonly effects?: readonly Effect[] }) {
  return invalid('code', message, code, { effects })
}
