import { parseCookie, stringifySetCookie } from 'cookie'
import { sealData, unsealData } from 'iron-session'
import { equalsInConstantTime } from '../credentials/random.ts'
import type { SecretBox } from '../credentials/secret-box.ts'
import type { DeviceCookie } from '../flow/services.ts'
import type { IssuedHandle, RememberedDevice } from '../flow/session.ts'
import { RememberedHandles } from './remembered-handles.ts'

/** authentik's clients read this cookie and send it back in a header. */
const csrfCookie = 'authentik_csrf'

/** As authentik calls them. */
const deviceCookieNames: Readonly<Record<DeviceCookie, string>> = { mfa: 'authentik_mfa', device: 'authentik_device' }

/** How many cookies' handles are kept in memory. */
const mostRemembered = 10_000
/** A session handle is 43 characters of base64url; what else a cookie may hold is none. */
const handleForm = /^[\w-]{22,100}$/

/** What cookies are made from. */
export interface SessionCookieOptions {
  readonly name: string
  /** The first one seals; all of them open. */
  readonly secretKeys: readonly string[]
  readonly box: SecretBox
  /** Seconds that a seal holds when the session says nothing else. */
  readonly ttl: number
  readonly now: () => Date
}

/** The session cookie: a sealed random handle and nothing else. The session's row stays the authority. */
export class SessionCookies {
  private readonly options: SessionCookieOptions
  private readonly remembered: RememberedHandles

  constructor(options: SessionCookieOptions) {
    this.options = options
    this.remembered = new RememberedHandles(mostRemembered, options.now)
  }

  /** The handle in a Cookie header; undefined when there is none, or it is not one of ours. */
  async read(header: string | undefined): Promise<string | undefined> {
    const sealed = header === undefined ? undefined : parseCookie(header)[this.options.name]
    if (!sealed) return undefined
    const known = this.remembered.get(sealed)
    if (known !== undefined) return known

    const handle = await this.unseal(sealed)
    if (handle !== undefined) this.remembered.set(sealed, handle, this.options.ttl)
    return handle
  }

  /** The Set-Cookie headers that hand a handle out: the session's, and the token that must come back with what it changes. */
  async issue({ handle, maxAge }: IssuedHandle, secure: boolean): Promise<readonly string[]> {
    const [password = ''] = this.options.secretKeys
    const value = await sealData({ handle }, { password, ttl: 0 })
    this.remembered.set(value, handle, maxAge ?? this.options.ttl)
    const shared = { path: '/', sameSite: 'lax', secure, ...(maxAge !== undefined && { maxAge }) } as const
    return [
      stringifySetCookie({ ...shared, name: this.options.name, value, httpOnly: true }),
      stringifySetCookie({ ...shared, name: csrfCookie, value: this.csrfToken(handle), httpOnly: false }),
    ]
  }

  /** What an earlier sign-in left in this browser; stages judge whether it says anything. */
  device(name: DeviceCookie, header: string | undefined): string | undefined {
    return header === undefined ? undefined : parseCookie(header)[deviceCookieNames[name]]
  }

  /** The Set-Cookie header that leaves something for the next sign-in. */
  remember({ cookie, value, seconds }: RememberedDevice, secure: boolean): string {
    const name = deviceCookieNames[cookie]
    return stringifySetCookie({ name, value, path: '/', sameSite: 'lax', secure, httpOnly: true, maxAge: seconds })
  }

  /** The token that belongs to a handle: a cookie planted by a neighbouring host does not. */
  csrfToken(handle: string): string {
    return this.options.box.mac('csrf', handle)
  }

  /** Whether a header repeats the token that the cookie carries and the handle belongs to. */
  csrfMatches(handle: string, header: string, cookies: string | undefined): boolean {
    const carried = cookies === undefined ? undefined : parseCookie(cookies)[csrfCookie]
    return carried !== undefined && equalsInConstantTime(carried, header) && this.options.box.verifies(header, 'csrf', handle)
  }

  /** Tries key by key: iron-session knows keys by numbers, and a key's place in the list changes when keys are rotated. */
  private async unseal(sealed: string): Promise<string | undefined> {
    for (const password of this.options.secretKeys) {
      const { handle } = await unsealData<{ handle?: unknown }>(sealed, { password, ttl: 0 })
      if (typeof handle === 'string' && handleForm.test(handle)) return handle
    }
    return undefined
  }
}
