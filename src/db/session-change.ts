import { randomUUID } from 'node:crypto'
import { randomToken, sha256Hex } from '../credentials/random.ts'
import type { SecretBox } from '../credentials/secret-box.ts'
import type { SignIn } from '../flow/effects.ts'
import { type IssuedHandle, markedHandle, type Session, type Visitor } from '../flow/session.ts'
import { type Statement, writeDate, writeFlag } from './sql.ts'

/** How long sessions live (seconds). */
export interface SessionLifetimes {
  /** Without a request; a session with a duration of its own has no such end. */
  readonly idle: number
  readonly absolute: number
}

/** For how long the handle from before a rotation may ask for a lost reply again (milliseconds). */
export const rotationGrace = 60_000

/** What a session becomes: anonymous, or somebody's. */
interface NextSession {
  readonly signIn: SignIn | undefined
  readonly handle: string
  readonly nonce: string | undefined
}

/** The handle that follows another one: only who has both the old handle and the server's key can tell it. */
export function handleAfter(handle: string, nonce: string, signedIn: boolean, box: SecretBox): string {
  return markedHandle(box.mac('session handle', `${nonce} ${handle}`), signedIn)
}

/** A new session, or one with a new owner: the statement that writes it, and the handle for its client. */
export class SessionChange {
  private readonly box: SecretBox
  private readonly lifetimes: SessionLifetimes

  constructor(box: SecretBox, lifetimes: SessionLifetimes) {
    this.box = box
    this.lifetimes = lifetimes
  }

  create(visitor: Visitor, signIn: SignIn | undefined, now: Date): { id: string; issued: IssuedHandle; statement: Statement } {
    const id = randomUUID()
    const handle = markedHandle(randomToken(), signIn !== undefined)
    const names = ['id', 'createdAt', ...mutable]
    const text = `INSERT INTO "Session" (${names.map((name) => `"${name}"`).join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`
    const values = [id, writeDate(now), ...this.valuesOf({ signIn, handle, nonce: undefined }, visitor, undefined, now)]
    return { id, issued: issue(handle, signIn), statement: { text, values } }
  }

  rotate(
    session: Session,
    visitor: Visitor,
    signIn: SignIn | undefined,
    now: Date,
  ): { issued: IssuedHandle; statement: Statement } {
    const nonce = randomToken(16)
    const old = visitor.session.type === 'handle' ? visitor.session.handle : undefined
    const handle =
      old === undefined
        ? markedHandle(randomToken(), signIn !== undefined)
        : handleAfter(old, nonce, signIn !== undefined, this.box)
    const values = this.valuesOf({ signIn, handle, nonce }, visitor, old, now)
    return { issued: issue(handle, signIn), statement: { text: update, values: [session.id, ...values] } }
  }

  private valuesOf({ signIn, handle, nonce }: NextSession, visitor: Visitor, old: string | undefined, now: Date) {
    const expiresAt = new Date(now.getTime() + (signIn?.duration ?? this.lifetimes.absolute) * 1000)
    return [
      sha256Hex(handle),
      old === undefined ? null : sha256Hex(old),
      nonce ?? null,
      nonce === undefined ? null : writeDate(now),
      signIn?.userId ?? null,
      writeDate(now),
      signIn?.duration === undefined ? this.lifetimes.idle : null,
      writeDate(expiresAt),
      writeFlag(signIn?.duration !== undefined),
      visitor.clientIp,
      visitor.userAgent,
      signIn?.authMethod ?? null,
      signIn?.networkBinding ?? 'no_binding',
      signIn?.geoipBinding ?? 'no_binding',
    ]
  }
}

/** In the order of `valuesOf`. */
const mutable = [
  'handleHash',
  'previousHandleHash',
  'rotationNonce',
  'rotatedAt',
  'userId',
  'lastSeenAt',
  'idleSeconds',
  'expiresAt',
  'persistent',
  'clientIp',
  'userAgent',
  'authMethod',
  'networkBinding',
  'geoipBinding',
] as const

const update = `UPDATE "Session" SET ${mutable.map((name, index) => `"${name}" = $${index + 2}`).join(', ')} WHERE "id" = $1 AND /* if guarded */ 1=1`

function issue(handle: string, signIn: SignIn | undefined): IssuedHandle {
  return { handle, maxAge: signIn?.duration }
}
