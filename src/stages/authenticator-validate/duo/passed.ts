import type { Authenticator } from '../../../flow/authenticators.ts'
import { advance, type Changes } from '../../../flow/stage.ts'
import type { User } from '../../../flow/user.ts'
import { type Context, hasProved, stateOf } from '../context.ts'
import { proven } from '../proof.ts'

/** Passes whom Duo has vouched for, by something that they still have; undefined: it has not. */
export function passedByDuo(context: Context, user: User, offered: readonly Authenticator[]) {
  const { duo } = stateOf(context)
  const used = offered.find(({ id, kind }) => kind === 'duo' && id === duo?.authenticator)
  if (!duo || !used) return undefined
  // Nobody has proved anything here, and no browser is spared the next time.
  if (duo.step === 'excused') return advance()
  return duo.step === 'approved' ? advance(withNewHandle(context, proven(context, user, used))) : undefined
}

/** Whoever could have put the session's handle into this browser must not have the one that goes on after a first proof. */
function withNewHandle(context: Context, changes: Changes): Changes {
  if (hasProved(context)) return changes
  return { ...changes, effects: [...(changes.effects ?? []), { type: 'renew_session' }] }
}
