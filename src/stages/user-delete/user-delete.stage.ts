import { z } from 'zod'
import type { Effect } from '../../flow/effects.ts'
import { advance, defineStage, deny, type StageContext } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'

/** Deletes the account that the flow is about, and asks nothing itself (reference: stages 4.9). */
export const userDeleteStage = defineStage({
  kind: 'user_delete',
  model: 'authentik_stages_user_delete.userdeletestage',
  description: 'Deletes the account that the flow is about, without a screen: put one that asks before it.',
  acts: true,

  config: z.object({}),

  present(context) {
    const user = whoseAccount(context)
    if (!user) return deny()
    const isSignedIn = context.sessionUser?.id === user.id
    const effects: readonly Effect[] = [
      ...(isSignedIn ? [{ type: 'sign_out' } as const] : []),
      ...deletion(user, context.sessionUser),
    ]
    return advance({ context: { pending_user: undefined }, effects })
  },
})

/** A flow that is about somebody else never falls back on who is signed in. */
function whoseAccount({ plan, pendingUser, sessionUser }: StageContext<unknown, unknown>): User | undefined {
  const pending = plan.context.pending_user
  if (!pending) return sessionUser
  return pending.known ? pendingUser : undefined
}

function deletion({ id, username }: User, actor: User | undefined): readonly Effect[] {
  const model = { app: 'authentik_core', model_name: 'user', pk: id, name: username }
  const who = { userId: actor?.id ?? id, username: actor?.username ?? username }
  return [
    { type: 'delete_user', userId: id },
    { type: 'audit', event: { action: 'model_deleted', ...who, context: { model } } },
  ]
}
