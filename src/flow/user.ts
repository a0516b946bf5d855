import type { JsonObject } from './json.ts'

/** The kinds of account (reference: flow-core 1.6). */
export const userTypes = ['internal', 'external', 'service_account', 'internal_service_account'] as const

/** A person or service account, as the engine and the stages see one. */
export interface User {
  /** The integer that authentik's wire calls `pk`. */
  readonly id: number
  readonly uuid: string
  readonly username: string
  readonly name: string
  readonly email: string
  readonly isActive: boolean
  readonly type: (typeof userTypes)[number]
  readonly path: string
  readonly attributes: JsonObject
  /** As stored; undefined when no password can be used. */
  readonly passwordHash: string | undefined
  readonly passwordChangedAt: Date
  readonly lastLoginAt: Date | undefined
  readonly createdAt: Date
}

/** What user-facing challenges show when a person has no picture. */
export const defaultAvatar = '/static/dist/assets/images/user_default.png'

/** The form of a user name or address that case-insensitive look-ups compare: NFKC, lower case. */
export function normalizeIdentifier(identifier: string): string {
  return identifier.normalize('NFKC').toLowerCase()
}
