import type { DeviceCookie, StageVisitor } from './services.ts'

/** A browser's session as the engine sees it. */
export interface Session {
  readonly id: string
  /** Of the handle that its client has now. */
  readonly handleHash: string
  readonly userId: number | undefined
  readonly authMethod: string | undefined
  readonly createdAt: Date
  readonly lastSeenAt: Date
  readonly expiresAt: Date
}

/** What a request proves about its session. */
export type SessionKey =
  | { readonly type: 'none' }
  /** The random handle that a cookie or an Authorization header carries. */
  | { readonly type: 'handle'; readonly handle: string }
  /** A session that this server has authenticated before, such as a subscriber's. */
  | { readonly type: 'id'; readonly id: string }

/** Who asks, and from where. Made by a transport for every request. The host chooses the brand. */
export interface Visitor extends StageVisitor {
  readonly session: SessionKey
  readonly requestId: string
}

/** What the reply must leave in the browser beside the session: it outlives it. */
export interface RememberedDevice {
  readonly cookie: DeviceCookie
  readonly value: string
  readonly seconds: number
}

/** The session handle that the reply must hand to the client. */
export interface IssuedHandle {
  readonly handle: string
  /** Seconds that the client may keep it; undefined: until the browser closes. */
  readonly maxAge: number | undefined
}

/** A handle says by its first letter whether its session is somebody's, so that this is known before it is looked up. */
export function markedHandle(random: string, signedIn: boolean): string {
  return `${signedIn ? 'u' : 'a'}${random}`
}

/** Whether a handle was issued to a session that is somebody's. */
export function isOfSomebody(handle: string): boolean {
  return handle.startsWith('u')
}
