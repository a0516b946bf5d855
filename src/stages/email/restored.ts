import { isJsonObject } from '../../flow/json.ts'
import { advance, deny, type StageContext, type Verdict } from '../../flow/stage.ts'
import type { EmailConfig } from './email-config.ts'

type Context = StageContext<EmailConfig, unknown>

/** Whether somebody came by a mailed link. */
export function isRestored({ plan }: Context): boolean {
  return plan.context.is_restored !== undefined && plan.context.is_restored !== null
}

/** The address is that of the user whom the link was mailed to, and of nobody else. */
export function confirmAddress({ config, plan, pendingUser }: Context): Verdict<never, never> {
  const { is_restored: restored, pending_user: pending } = plan.context
  if (!pendingUser || !pending?.known || !isJsonObject(restored) || restored.user !== pendingUser.id) return deny()
  if (!config.activateUserOnSuccess || pendingUser.isActive) return advance()
  const { id, username } = pendingUser
  return advance({
    pendingUser: { ...pendingUser, isActive: true },
    effects: [
      { type: 'update_user', change: { id, isActive: true } },
      {
        type: 'audit',
        event: { action: 'model_updated', userId: id, username, context: { message: 'email confirmed', is_active: true } },
      },
    ],
  })
}
