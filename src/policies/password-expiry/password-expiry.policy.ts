import { z } from 'zod'
import { isJsonObject, type JsonObject } from '../../flow/json.ts'
import { definePolicy } from '../policy.ts'

const dayMs = 86_400_000

/** Refuses passwords that have not been changed for too long (reference: flow-core 5.7). */
export const passwordExpiryPolicy = definePolicy({
  kind: 'password_expiry',
  model: 'authentik_policies_expiry.passwordexpirypolicy',
  description: 'Fails once the password is older than a number of days.',

  config: z.object({
    days: z.int().min(0).max(100_000).describe('After how many days a password is too old.'),
    denyOnly: z.boolean().default(false).describe('Only refuse; otherwise the old password also stops working.'),
  }),

  async evaluate({ config, user, context, services }) {
    // Without a person there is no password whose age would pass; somebody who only pretends to exist looks like anybody.
    if (!user) return { passing: pretends(context), messages: [] }
    const age = Math.floor((services.now().getTime() - user.passwordChangedAt.getTime()) / dayMs)
    if (age < config.days) return { passing: true, messages: [] }
    if (config.denyOnly) return { passing: false, messages: ['Your password has expired.'] }
    await services.makePasswordUnusable(user.id)
    return { passing: false, messages: [`Your password expired ${age - config.days} days ago. Set a new one.`] }
  },
})

function pretends({ pending_user: pending }: JsonObject): boolean {
  return isJsonObject(pending) && pending.known === false
}
