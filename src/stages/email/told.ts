import type { StageContext } from '../../flow/stage.ts'

/**
 * Whether somebody may be told what became of the mail: who has proved something, who is signed in, or who has just made the
 * account themselves. Anybody else might learn from it who has an account.
 */
export function mayBeTold({
  flow,
  plan,
  pendingUser,
  sessionUser,
}: Pick<StageContext<unknown, unknown>, 'flow' | 'plan' | 'pendingUser' | 'sessionUser'>): boolean {
  const { pending_user: pending, auth_method: proved } = plan.context
  if (!pending?.known || !pendingUser) return false
  if (typeof proved === 'string' || sessionUser?.id === pendingUser.id) return true
  // A stage that only finds people names no backend; the one that makes an account does.
  return flow.designation === 'enrollment' && typeof pending.backend === 'string'
}
