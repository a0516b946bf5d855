import type { NewAuthenticator } from './authenticators.ts'
import type { JsonObject } from './json.ts'

/** One entry of the audit trail. Never holds a secret, nor what an unknown person typed. */
export interface AuditEvent {
  /** As authentik names them: `login`, `login_failed`, `logout`, `flow_execution`, `system_exception` ... */
  readonly action: string
  readonly userId?: number
  readonly username?: string
  readonly context?: JsonObject
}

/** The pending user becomes the session's user; the session gets a new handle. */
export interface SignIn {
  readonly type: 'sign_in'
  readonly userId: number
  readonly username: string
  /** Seconds until the session ends; undefined: it ends with the browser, or when it stood idle for too long. */
  readonly duration: number | undefined
  readonly terminateOtherSessions: boolean
  readonly authMethod: string | undefined
  readonly networkBinding: string
  readonly geoipBinding: string
}

/**
 * What a stage wants done once its verdict stands. Effects are written in the transaction that saves the execution, so
 * that of two racing answers only the one that is saved has any.
 */
export type Effect =
  | SignIn
  /** The session loses its user, its other executions and its handle. */
  | { readonly type: 'sign_out' }
  /** The stored hash moves to current parameters, unless the password was changed meanwhile. */
  | { readonly type: 'upgrade_password_hash'; readonly userId: number; readonly from: string; readonly to: string }
  | { readonly type: 'add_authenticator'; readonly authenticator: NewAuthenticator }
  /** A proof was accepted. Refused, with all that is written with it, if the authenticator was changed meanwhile. */
  | { readonly type: 'use_authenticator'; readonly id: string; readonly version: number; readonly data: JsonObject }
  /** A proof was refused: the next one has to wait. */
  | { readonly type: 'fail_authenticator'; readonly id: string }
  | { readonly type: 'audit'; readonly event: AuditEvent }
