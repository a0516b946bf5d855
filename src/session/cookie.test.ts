import { parseSetCookie } from 'cookie'
import { sealData } from 'iron-session'
import { describe, expect, it } from 'vitest'
import { Clock } from '../../test/support/clock.ts'
import { randomToken } from '../credentials/random.ts'
import { createSecretBox } from '../credentials/secret-box.ts'
import { SessionCookies } from './cookie.ts'

const keyA = 'the key that was used first of them all'
const keyB = 'the key that was used after that for now'
const keyC = 'the key that is the newest of all of them'
const handle = `u${randomToken()}`

function cookiesWith(secretKeys: readonly string[], name = 'authentik_session'): SessionCookies {
  const clock = new Clock()
  return new SessionCookies({ name, secretKeys, box: createSecretBox(secretKeys), ttl: 3600, now: () => clock.now() })
}

/** What a browser sends back: all that was issued. */
async function issued(cookies: SessionCookies, which = handle): Promise<string> {
  const headers = await cookies.issue({ handle: which, maxAge: undefined }, false)
  return headers.map((header) => header.split(';')[0]).join('; ')
}

describe('the session cookie', () => {
  it('carries the handle, for this server and nobody else', async () => {
    const header = await issued(cookiesWith([keyA]))

    expect(await cookiesWith([keyA]).read(header)).toBe(handle)
    expect(header).not.toContain(handle)
  })

  it('is sent to this server only, out of reach of scripts, until the browser closes', async () => {
    const [session, csrf] = (await cookiesWith([keyA]).issue({ handle, maxAge: undefined }, true)).map((header) =>
      parseSetCookie(header),
    )

    expect(session).toEqual({
      name: 'authentik_session',
      value: expect.any(String),
      path: '/',
      sameSite: 'lax',
      secure: true,
      httpOnly: true,
    })
    expect(csrf).toEqual({ name: 'authentik_csrf', value: expect.any(String), path: '/', sameSite: 'lax', secure: true })
  })

  it('lasts as long as the session says', async () => {
    const headers = await cookiesWith([keyA]).issue({ handle, maxAge: 5400 }, false)

    expect(headers.map((header) => parseSetCookie(header))).toMatchObject([{ maxAge: 5400 }, { maxAge: 5400 }])
    expect(headers.join()).not.toContain('Secure')
  })

  it('is small, and never the same twice', async () => {
    const [one, other] = await Promise.all([cookiesWith([keyA]), cookiesWith([keyA])].map((cookies) => issued(cookies)))

    expect(one).not.toBe(other)
    expect(Buffer.byteLength(one ?? '')).toBeLessThan(1000)
  })

  it('has the name that the operator chose', async () => {
    const header = await issued(cookiesWith([keyA], '__Host-door'))

    expect(header).toMatch(/^__Host-door=/)
    expect(await cookiesWith([keyA], '__Host-door').read(header)).toBe(handle)
    expect(await cookiesWith([keyA]).read(header)).toBeUndefined()
  })

  it('is found among others', async () => {
    const header = `theme=dark; ${await issued(cookiesWith([keyA]))}; lang=en`

    expect(await cookiesWith([keyA]).read(header)).toBe(handle)
  })

  it('may be read again and again', async () => {
    const cookies = cookiesWith([keyA])
    const header = await issued(cookiesWith([keyA]))

    expect([await cookies.read(header), await cookies.read(header)]).toEqual([handle, handle])
  })
})

describe('a cookie that is not ours', () => {
  it.each([
    undefined,
    '',
    'theme=dark',
    'authentik_session=',
    'authentik_session=nonsense',
    'authentik_session=Fe26.2*1*a*b*c**d*e~2',
  ])('opens nothing: %j', async (header) => {
    expect(await cookiesWith([keyA]).read(header)).toBeUndefined()
  })

  it('opens nothing where any character of it was changed', async () => {
    const value = (await issued(cookiesWith([keyA]))).split(';')[0]?.slice('authentik_session='.length) ?? ''
    const sealed = value.split('~')[0] ?? ''
    const cookies = cookiesWith([keyA])
    const places = Array.from({ length: sealed.length }, (_, place) => place).filter((place) => place % 7 === 0)
    for (const place of places) {
      const other = sealed[place] === 'x' ? 'y' : 'x'
      expect(
        await cookies.read(`authentik_session=${sealed.slice(0, place)}${other}${sealed.slice(place + 1)}~2`),
      ).toBeUndefined()
    }
  })

  it.each([{}, { handle: 7 }, { handle: 'short' }, { handle: `${'a'.repeat(30)}; x` }, { handle: 'a'.repeat(101) }, ['handle']])(
    'opens nothing though our key sealed it: %j',
    async (content) => {
      const sealed = await sealData(content, { password: keyA, ttl: 0 })

      expect(await cookiesWith([keyA]).read(`authentik_session=${sealed}`)).toBeUndefined()
    },
  )

  it('was sealed with a key that this server never had', async () => {
    expect(await cookiesWith([keyB]).read(await issued(cookiesWith([keyA])))).toBeUndefined()
  })
})

describe('changing the key', () => {
  it.each([
    ['still opens what the key before sealed', [keyA], [keyB, keyA], true],
    ['goes on opening what the new key sealed, once the one before is gone', [keyB, keyA], [keyB], true],
    ['may be done again', [keyB, keyA], [keyC, keyB], true],
    ['ends what the key before sealed, once that is gone', [keyA], [keyB], false],
    ['ends what an older key sealed', [keyA], [keyC, keyB], false],
  ])('%s', async (_, before, after, opens) => {
    const header = await issued(cookiesWith(before))

    expect(await cookiesWith(after).read(header)).toBe(opens ? handle : undefined)
  })

  it('seals with the new key', async () => {
    const header = await issued(cookiesWith([keyB, keyA]))

    expect(await cookiesWith([keyA]).read(header)).toBeUndefined()
  })

  it('lets a page go on that holds the token of the key before', async () => {
    const before = cookiesWith([keyA])
    const header = await issued(before)
    const token = before.csrfToken(handle)

    expect(cookiesWith([keyB, keyA]).csrfMatches(handle, token, header)).toBe(true)
    expect(cookiesWith([keyB]).csrfMatches(handle, token, header)).toBe(false)
  })
})

describe('the token that proves whose page it is', () => {
  const cookies = cookiesWith([keyA])

  it('is the one that was issued with the session', async () => {
    expect(cookies.csrfMatches(handle, cookies.csrfToken(handle), await issued(cookies))).toBe(true)
  })

  it('belongs to its session', async () => {
    const other = `u${randomToken()}`

    expect(cookies.csrfToken(other)).not.toBe(cookies.csrfToken(handle))
    expect(cookies.csrfMatches(handle, cookies.csrfToken(other), await issued(cookies, other))).toBe(false)
  })

  it.each([
    ['a header without the cookie', cookies.csrfToken(handle), undefined],
    ['a header beside other cookies', cookies.csrfToken(handle), 'theme=dark'],
    ['a cookie that a neighbouring host planted', 'planted', 'authentik_csrf=planted'],
    ['an empty token', '', 'authentik_csrf='],
    ['a header that differs from the cookie', 'guess', `authentik_csrf=${cookies.csrfToken(handle)}`],
    ['a cookie that differs from the header', cookies.csrfToken(handle), 'authentik_csrf=planted'],
  ])('is not %s', (_, header, sent) => {
    expect(cookies.csrfMatches(handle, header, sent)).toBe(false)
  })
})
