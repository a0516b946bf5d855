import { inbuiltBackend } from '../../credentials/password-backends.ts'
import { checkPassword, type PasswordCheck } from '../../credentials/password-check.ts'
import type { JsonObject } from '../../flow/json.ts'
import type { User } from '../../flow/user.ts'
import type { Context } from './settings.ts'

/** The config of the password stage on the same screen. One that is gone is still asked for, and lets nobody pass. */
export function embeddedPassword({ config, stages }: Pick<Context, 'config' | 'stages'>): JsonObject | undefined {
  return config.passwordStage === null ? undefined : (stages[config.passwordStage]?.config ?? {})
}

/** Checks the password of an account, if a backend that exists here may judge it. The same work for nobody. */
export function checkEmbedded(context: Context, user: User | undefined, password: string): Promise<PasswordCheck> {
  const backends = embeddedPassword(context)?.backends
  const judged = Array.isArray(backends) && backends.includes(inbuiltBackend) ? user : undefined
  return checkPassword(context.services.passwords, judged, password)
}

/** How the plan says that a password was right. */
export function passwordProof({ id }: User): JsonObject {
  return {
    pending_user: { known: true, id, backend: inbuiltBackend },
    user_backend: inbuiltBackend,
    auth_method: 'password',
  }
}
