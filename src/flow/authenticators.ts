import type { JsonObject } from './json.ts'

/** What a person proves who they are with, beside the password. */
export interface Authenticator {
  readonly id: string
  readonly userId: number
  /** `totp`, `static` ...: what reads its data. */
  readonly kind: string
  /** The stage that set it up. */
  readonly stageId: string | undefined
  readonly name: string
  /** What it is found by, where its kind has something that no other one of the kind may have: a credential's id. */
  readonly lookup: string | undefined
  readonly confirmed: boolean
  /** The kind's own: seeds, keys, hashes of codes. Sealed at rest. */
  readonly data: JsonObject
  /** Grows with every change. */
  readonly version: number
  /** Refused codes since the last accepted one. */
  readonly failures: number
  readonly lastFailedAt: Date | undefined
  readonly createdAt: Date
  readonly lastUsedAt: Date | undefined
}

/** One that is set up. */
export interface NewAuthenticator extends Pick<Authenticator, 'userId' | 'kind' | 'stageId' | 'name' | 'data'> {
  /** Two of one kind never share it: the second one is refused, with all that is written with it. */
  readonly lookup?: string
  /** Begun elsewhere, and of no use yet. It lasts until the same person adds another one with the same stage. */
  readonly confirmed?: false
}

/** Reads what people have set up. Changes go through effects. */
export interface AuthenticatorDirectory {
  /** The confirmed ones, the oldest first. One query. */
  of(userId: number): Promise<readonly Authenticator[]>
  /** Whoever's it is. Confirmed ones alone. */
  find(kind: string, lookup: string): Promise<Authenticator | undefined>
  /** What somebody has begun to set up with a stage, and not finished. */
  begun(userId: number, kind: string, stageId: string): Promise<Authenticator | undefined>
}

/** Seconds after its last refused code in which an authenticator takes none: 1, 2, 4 ... up to an hour (reference: stages 6.3). */
export function throttledFor(
  { failures, lastFailedAt }: Pick<Authenticator, 'failures' | 'lastFailedAt'>,
  factor: number,
  now: Date,
): number {
  if (failures === 0 || !lastFailedAt || factor === 0) return 0
  const delay = Math.min(factor * 2 ** (failures - 1), 3600)
  return Math.max(0, delay - (now.getTime() - lastFailedAt.getTime()) / 1000)
}
