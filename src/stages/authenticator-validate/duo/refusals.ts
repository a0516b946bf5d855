import type { DuoDevice } from '../../../flow/duo.ts'
import type { Effect } from '../../../flow/effects.ts'
import { invalid, type Resumed } from '../../../flow/stage.ts'
import type { User } from '../../../flow/user.ts'
import { type Context, withRequest } from '../context.ts'
import type { DuoFailure } from './inquiry.ts'
import { type DuoWish, wishOf } from './request.ts'

/** Why a request came to nothing, for the person. */
export interface Ending {
  readonly message: string
  readonly code: string
  /** As a wrong code does. */
  readonly counts?: true
  readonly effects?: readonly Effect[]
  readonly devices?: readonly DuoDevice[]
}

/** The news that a request came to nothing. It is not made again unless the person wants it. */
export function ended(context: Context, user: User, wish: DuoWish, ending: Ending): Resumed {
  const { message, code, counts, effects = [], devices } = ending
  const state = withRequest(context, { ...wishOf(wish), step: 'over' }, devices)
  return invalid('duo', message, code, { state, about: user, effects, ...(counts && { counts }) })
}

/** Somebody, or Duo's policy, has refused; `status` is Duo's word for how. */
export function refusal(context: Context, user: User, status: string): Ending {
  if (status === 'timeout') return outOfTime
  const reported = audited(context, user, 'suspicious_request', 'A request was reported as fraud in Duo.')
  return { message: 'Duo denied access', code: 'denied', counts: true, effects: status === 'fraud' ? [reported] : [] }
}

/** Nobody has decided while there was time. */
export const outOfTime: Ending = { message: 'The request was not approved in time.', code: 'timeout', counts: true }

/** Duo says nothing: what people are told, and auditors. */
export function unanswered(context: Context, user: User, { problem, message, code }: DuoFailure): Ending {
  const details = { problem, detail: message, ...(code !== undefined && { code }) }
  const effects = [audited(context, user, 'configuration_error', 'Duo gave no answer.', details)]
  return { message: wordsFor(problem, context), code: 'unavailable', effects }
}

/** The stage that has set up an authenticator is gone, so that Duo cannot be asked about it. */
export function misconfigured(context: Context, user: User): Ending {
  const effects = [audited(context, user, 'configuration_error', 'The stage that has set up Duo is gone.')]
  return { message: wordsFor('refused', context), code: 'unavailable', effects }
}

/** An entry of the audit trail about somebody and Duo. */
export function audited(
  { name }: Pick<Context, 'name'>,
  { id: userId, username }: User,
  action: string,
  message: string,
  details: Readonly<Record<string, string | number>> = {},
): Effect {
  return { type: 'audit', event: { action, userId, username, context: { message, stage: name, ...details } } }
}

function wordsFor(problem: DuoFailure['problem'], { services }: Context): string {
  switch (problem) {
    case 'unreachable':
      return 'Duo cannot be reached. Use another method or try again.'
    case 'limited':
      return 'Duo takes no more requests at the moment. Use another method or try again later.'
    case 'refused':
    case 'malformed':
      return `Duo cannot be asked. Use another method, or contact your ${services.brandTitle()} administrator for help.`
  }
}
