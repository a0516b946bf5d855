import { randomUUID } from 'node:crypto'
import type { NewUser, UserChange } from '../../flow/accounts.ts'
import type { StageContext } from '../../flow/stage.ts'
import { type User, userTypes } from '../../flow/user.ts'
import type { PromptedAccount, PromptedFields } from './prompted-account.ts'
import type { UserWriteConfig } from './user-write-config.ts'

type Context = Pick<StageContext<UserWriteConfig, unknown>, 'config' | 'plan' | 'services'>

/** An account before anything is said about it. */
export const nobody: PromptedFields = { username: '', name: '', email: '', attributes: {} }

/** The record as it will stand once it is written. */
export async function accountAfter(context: Context, existing: User | undefined, prompted: PromptedAccount): Promise<User> {
  const { services } = context
  const account = { ...(existing ?? (await newAccount(context))), ...prompted.fields }
  if (prompted.password === undefined) return account
  return { ...account, passwordHash: await services.passwords.hash(prompted.password), passwordChangedAt: services.now() }
}

/** What is written of a new account. */
export function creation(account: User, groups: readonly string[]): NewUser {
  const { id, uuid, username, name, email, isActive, type, path, attributes, passwordHash } = account
  return { id, uuid, username, name, email, isActive, type, path, attributes, passwordHash, groups }
}

/** What is written of an account that exists: what is new about it. */
export function change(before: User, after: User, groups: readonly string[], endOtherSessions: boolean): UserChange {
  const { username, name, email, attributes, passwordHash } = after
  return {
    id: after.id,
    ...(username !== before.username && { username }),
    ...(name !== before.name && { name }),
    ...(email !== before.email && { email }),
    ...(attributes !== before.attributes && { attributes }),
    ...(passwordHash !== undefined && passwordHash !== before.passwordHash && { passwordHash, endOtherSessions }),
    ...(groups.length > 0 && { groups }),
  }
}

async function newAccount({ config, plan, services }: Context): Promise<User> {
  const { user_type: type, user_path: path } = plan.context
  const wanted = userTypes.find((known) => known === type) ?? config.userType
  return {
    id: await services.users.newId(),
    uuid: randomUUID(),
    ...nobody,
    isActive: !config.createUsersAsInactive,
    // What is the server's own is made by the server alone.
    type: wanted === 'internal_service_account' ? 'service_account' : wanted,
    path: (typeof path === 'string' && path) || config.userPathTemplate || 'users',
    passwordHash: undefined,
    passwordChangedAt: services.now(),
    lastLoginAt: undefined,
    createdAt: services.now(),
  }
}
