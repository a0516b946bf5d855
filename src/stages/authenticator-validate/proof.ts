import type { Authenticator } from '../../flow/authenticators.ts'
import { secondsOf } from '../../flow/duration.ts'
import type { Effect } from '../../flow/effects.ts'
import { isJsonObject } from '../../flow/json.ts'
import type { Changes } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import type { Context } from './context.ts'
import { rememberedWith } from './remembered.ts'

/** What a proof changes: the plan says how it was given, and the authenticator's data is what it became by being used. */
export function proven(context: Context, user: User, used: Authenticator): Changes {
  const { plan } = context
  const { id, version, data } = used
  const known = isJsonObject(plan.context.auth_method_args) ? plan.context.auth_method_args : {}
  const before = Array.isArray(known.mfa_devices) ? known.mfa_devices : []
  return {
    context: {
      auth_method: plan.context.auth_method ?? 'auth_mfa',
      auth_method_args: { ...known, mfa_devices: [...before, deviceOf(used)] },
    },
    effects: [{ type: 'use_authenticator', id, version, data }, ...remembering(context, user, used)],
  }
}

/** How policies and events speak of an authenticator. */
export function deviceOf({ id, kind, name }: Authenticator) {
  return { pk: id, model_name: `${kind}device`, name }
}

/** What lets the browser do without a proof for a while, where that is configured. */
export function remembering(context: Context, user: User, used: Authenticator): readonly Effect[] {
  const seconds = secondsOf(context.config.lastAuthThreshold)
  if (seconds < 1) return []
  return [{ type: 'remember_device', cookie: 'mfa', value: rememberedWith(context, user, used, seconds), seconds }]
}
