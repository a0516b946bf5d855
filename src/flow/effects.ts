import type { Consent, NewUser, OutgoingMail, OutgoingSms, SourceConnection, UserChange } from './accounts.ts'
import type { NewAuthenticator } from './authenticators.ts'
import type { JsonObject } from './json.ts'
import type { DeviceCookie } from './services.ts'

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
  /** Somebody proved something: from here on only who did so has the session's handle. Nothing for a session that is somebody's. */
  | { readonly type: 'renew_session' }
  /** The session loses its user, its other executions and its handle. */
  | { readonly type: 'sign_out' }
  /** The stored hash moves to current parameters, unless the password was changed meanwhile. */
  | { readonly type: 'upgrade_password_hash'; readonly userId: number; readonly from: string; readonly to: string }
  | { readonly type: 'add_authenticator'; readonly authenticator: NewAuthenticator }
  /** A proof was accepted. Refused, with all that is written with it, if the authenticator was changed meanwhile. */
  | { readonly type: 'use_authenticator'; readonly id: string; readonly version: number; readonly data: JsonObject }
  /** A proof was refused: the next one has to wait. */
  | { readonly type: 'fail_authenticator'; readonly id: string }
  | { readonly type: 'create_user'; readonly user: NewUser }
  | { readonly type: 'update_user'; readonly change: UserChange }
  /** The account, and all that hangs on it. */
  | { readonly type: 'delete_user'; readonly userId: number }
  | { readonly type: 'grant_consent'; readonly consent: Consent }
  /** A single-use invitation is gone. Refused, with all that is written with it, if it was gone before. */
  | { readonly type: 'use_invitation'; readonly id: string }
  | { readonly type: 'connect_source'; readonly connection: SourceConnection }
  /** Goes out once the step is saved, at least once. `messageId` (unguessable): what `deliveryOf` tells of it later. */
  | { readonly type: 'send_mail'; readonly mail: OutgoingMail; readonly messageId?: string }
  /** The same for a text message. */
  | (Omit<OutgoingSms, 'channel'> & { readonly type: 'send_sms'; readonly messageId?: string })
  /** Whoever brings this token goes on where this execution stands now, in a browser of their own (reference: flow-core 3.6). */
  | { readonly type: 'issue_flow_token'; readonly token: string; readonly seconds: number; readonly header: string }
  /** Refused, with all that is written with it, if it was used before. */
  | { readonly type: 'use_flow_token'; readonly hash: string }
  /** The browser keeps this for its next sign-in. */
  | { readonly type: 'remember_device'; readonly cookie: DeviceCookie; readonly value: string; readonly seconds: number }
  | { readonly type: 'audit'; readonly event: AuditEvent }
