import type { Changes } from '../../flow/stage.ts'
import { normalizeIdentifier, type User } from '../../flow/user.ts'
import type { Config, Context } from './settings.ts'

/** Whoever the identifier names. Where nothing may be typed, nobody. */
export async function find({ config, services }: Context, identifier: string): Promise<User | undefined> {
  if (config.userFields.length === 0) return undefined
  return services.users.find(identifier, config.userFields, config.caseInsensitiveMatching)
}

/** Whoever was named, or nobody who is treated alike; undefined where nobody is not to be treated alike. */
export async function identify(context: Context, identifier: string): Promise<Changes | undefined> {
  const user = await find(context, identifier)
  if (user) return found(context.config, user, identifier)
  const { pretendUserExists, userFields } = context.config
  return pretendUserExists && userFields.length > 0 ? pretended(context.config, identifier) : undefined
}

/** The flow is about somebody of ours. */
export function found({ showMatchedUser }: Config, user: User, typed: string): Changes {
  return {
    pendingUser: user,
    context: { pending_user: { known: true, id: user.id }, pending_user_identifier: showMatchedUser ? undefined : typed },
  }
}

/** The flow is about a name that proves nothing. */
export function pretended({ showMatchedUser }: Config, typed: string): Changes {
  return {
    context: { pending_user: { known: false, identifier: typed }, pending_user_identifier: showMatchedUser ? undefined : typed },
  }
}

/** Whom refused answers are counted against, however the name is written. */
export function guessedAt(identifier: string): string {
  return `identifier:${normalizeIdentifier(identifier)}`
}
