import { askAgain, type Resumed } from '../../../flow/stage.ts'
import type { User } from '../../../flow/user.ts'
import { type Context, hasProved, withRequest } from '../context.ts'
import type { DuoAccount } from './account.ts'
import type { DuoFailure, Outcome } from './inquiry.ts'
import { audited, type Ending, ended, refusal, unanswered } from './refusals.ts'
import { type PendingRequest, wishOf } from './request.ts'

/** Who is to prove themselves, and who they are at Duo. */
export interface Subject {
  readonly context: Context
  readonly user: User
  readonly account: DuoAccount
}

/** What having asked Duo means for the stage. */
export function newsOf(subject: Subject, request: PendingRequest, outcome: Outcome): Resumed {
  const { context, user } = subject
  const wish = wishOf(request)
  const nothing = (ending: Ending) => ended(context, user, wish, ending)
  switch (outcome.type) {
    case 'asked': {
      const { txid, verificationCode } = outcome.transaction
      const asked = { ...wish, step: 'asked', until: request.until, txid, ...(verificationCode && { verificationCode }) } as const
      return askAgain({ state: withRequest(context, asked, outcome.devices) })
    }
    case 'allowed': {
      const detail = { detail: outcome.message }
      const effects = [audited(context, user, 'configuration_warning', "Duo's policy asks for no proof.", detail)]
      return askAgain({ state: withRequest(context, { ...wish, step: 'approved' }), effects })
    }
    case 'denied':
      return nothing(refusal(context, user, 'deny'))
    case 'unenrolled':
      return nothing(unenrolled(context, user))
    case 'unaskable':
      return nothing({ message: unaskable, code: 'invalid', devices: outcome.devices })
    case 'unanswered':
      return excused(subject, wish, outcome.failure) ?? nothing(unanswered(context, user, outcome.failure))
  }
}

const unaskable = 'None of your devices can be asked in that way. Type a passcode, or use another method.'

/** Where Duo lets people enrol themselves it tells an address for that, which is for no one who has not proved to be them. */
function unenrolled(context: Context, user: User): Ending {
  const brand = context.services.brandTitle()
  const message = `Duo knows no device of yours. Use another method, or contact your ${brand} administrator for help.`
  return { message, code: 'unenrolled', effects: [audited(context, user, 'configuration_error', 'Duo knows no device.')] }
}

/** While Duo is out of reach, who has proved something else may pass where that is configured: never by Duo saying odd things. */
function excused({ context, user, account }: Subject, wish: ReturnType<typeof wishOf>, failure: DuoFailure): Resumed | undefined {
  if (!account.passesUnreachable || failure.problem !== 'unreachable' || !hasProved(context)) return undefined
  const detail = { detail: failure.message }
  const message = 'Somebody passed without Duo, which cannot be reached.'
  const effects = [audited(context, user, 'configuration_error', message, detail)]
  return askAgain({ state: withRequest(context, { ...wish, step: 'excused' }), effects })
}
