import { unsealData } from 'iron-session'
import { afterEach, describe, expect, it } from 'vitest'
import { Browser } from '../support/browser.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

const secretKey = 'a key that tests seal their cookies with'
const handle = expect.stringMatching(/^[au][\w-]{43}$/)

let app: TestApp
let ada: Account

afterEach(() => app.close())

async function start(env: Record<string, string> = {}, userLogin: object = {}): Promise<Browser> {
  app = await startTestApp({ env: { SECRET_KEY: secretKey, ...env } })
  ada = await createAccount(app.database, 'ada')
  const [identification, password] = signInStages
  const stages = [identification, password, { kind: 'user_login', config: userLogin }].filter((stage) => stage !== undefined)
  await seedFlow(app.database, { slug: 'sign-in', stages })
  return new Browser(app.url)
}

/** The cookies that a first request brings, by name, each with its attributes. */
async function firstCookies(headers: Record<string, string> = {}) {
  const response = await fetch(`${app.url}/api/v3/flows/executor/sign-in/`, { headers })
  return Object.fromEntries(response.headers.getSetCookie().map(readCookie))
}

function readCookie(line: string): [name: string, cookie: { value: string; attributes: readonly string[] }] {
  const [pair = '', ...attributes] = line.split('; ')
  const [name = '', value = ''] = pair.split('=')
  return [name, { value: decodeURIComponent(value), attributes: attributes.sort() }]
}

describe('the session cookie', () => {
  it('is for this host, for all of it, and hidden from scripts', async () => {
    await start()
    const cookies = await firstCookies()

    expect(cookies).toEqual({
      authentik_session: { value: expect.any(String), attributes: ['HttpOnly', 'Path=/', 'SameSite=Lax'] },
      authentik_csrf: { value: expect.any(String), attributes: ['Path=/', 'SameSite=Lax'] },
    })
  })

  it('holds a random handle and nothing else', async () => {
    const browser = await start()
    const anonymous = (await firstCookies()).authentik_session?.value ?? ''
    await browser.signIn('sign-in', ada)
    const signedIn = await cookieOf(browser)

    for (const value of [anonymous, signedIn]) {
      expect(value).toMatch(/^Fe26\.2\*/)
      expect(await unsealData(value, { password: secretKey })).toEqual({ handle })
    }
    const stored = await app.database.prisma.session.findMany()
    const { handle: own } = await unsealData<{ handle: string }>(signedIn, { password: secretKey })
    expect(JSON.stringify(stored)).not.toContain(own)
  })

  it.each([
    ['where the public address is https', { PUBLIC_URL: 'https://login.example.org' }, {}],
    ['where a trusted proxy says https', { TRUSTED_PROXIES: '127.0.0.1/32' }, { 'x-forwarded-proto': 'https' }],
  ])('is sent over TLS only, %s', async (_, env, headers) => {
    await start(env)

    for (const { attributes } of Object.values(await firstCookies(headers))) expect(attributes).toContain('Secure')
  })

  it.each([
    ['nobody trusts says https', { TRUSTED_PROXIES: '10.0.0.0/8' }, { 'x-forwarded-proto': 'https' }],
    ['is trusted says http', { TRUSTED_PROXIES: '127.0.0.1' }, { 'x-forwarded-proto': 'http' }],
    ['is trusted says https in a header that is not read', { TRUSTED_PROXIES: '127.0.0.1' }, { forwarded: 'proto=https' }],
  ])('may be sent without TLS where a peer that %s', async (_, env, headers) => {
    await start(env)

    for (const { attributes } of Object.values(await firstCookies(headers))) expect(attributes).not.toContain('Secure')
  })

  it('may have another name, also one that browsers tie to the host', async () => {
    await start({ SESSION_COOKIE_NAME: '__Host-door', PUBLIC_URL: 'https://login.example.org' })
    const cookies = await firstCookies()

    expect(Object.keys(cookies)).toEqual(['__Host-door', 'authentik_csrf'])
    expect(cookies['__Host-door']?.attributes).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure'])
  })

  it('lasts as long as the sign-in says, and else as long as the browser', async () => {
    const browser = await start({}, { sessionDuration: 'hours=2' })
    await browser.signIn('sign-in', ada)

    const [cookie] = (await browser.jar.getCookies(app.url)).filter(({ key }) => key === 'authentik_session')
    expect(cookie?.maxAge).toBe(7200)
    expect((await firstCookies()).authentik_session?.attributes.join()).not.toMatch(/max-age|expires/i)
  })

  it('is set when something begins, and by no other request', async () => {
    await start()
    const paths = ['/', '/healthz', '/graphql?query={viewer{user{id}}}', '/api/v3/core/users/me/', '/api/v3/core/brands/current/']

    for (const path of [...paths, '/if/flow/sign-in/', '/api/v3/flows/executor/none/']) {
      const response = await fetch(app.url + path, { redirect: 'manual' })
      expect(response.headers.getSetCookie(), path).toEqual([])
    }
  })
})

describe('a session cookie that is not ours', () => {
  it.each([
    ['blank', () => ''],
    ['a word', () => 'x'],
    ['a handle that is not sealed', () => `u${'A'.repeat(43)}`],
    ['broken by a character', (own: string) => flipped(own, 40)],
    ['broken at its end', (own: string) => own.slice(0, -3)],
    ['only the beginning of a seal', () => 'Fe26.2**'],
    ['a seal of parts that are none', () => 'Fe26.2*1*a*b*c**d*e~2'],
    ['of another scheme', () => 'eyJhbGciOiJub25lIn0.eyJzaWQiOiJ4In0.'],
    ['escaped badly', () => '%E0%A4%A'],
    ['long', () => 'x'.repeat(8000)],
  ])('is nobody: %s', async (_, spoil) => {
    const browser = await start()
    await browser.signIn('sign-in', ada)
    const cookie = `authentik_session=${spoil(await cookieOf(browser))}`

    const viewer = await fetch(`${app.url}/graphql?query={viewer{user{id}}}`, { headers: { cookie } })
    const shown = await fetch(`${app.url}/api/v3/flows/executor/sign-in/`, { headers: { cookie } })

    expect(await viewer.json()).toEqual({ data: { viewer: null } })
    expect(await shown.json()).toMatchObject({ component: 'ak-stage-identification' })
    expect(shown.headers.getSetCookie()).toHaveLength(2)
  })

  it('is nobody when another server has sealed it', async () => {
    const browser = await start({ SECRET_KEY: 'the key of a server that is not this one' })
    await browser.signIn('sign-in', ada)
    const cookie = await browser.cookieHeader()
    await app.close()
    await start()

    const viewer = await fetch(`${app.url}/graphql?query={viewer{user{id}}}`, { headers: { cookie } })

    expect(await viewer.json()).toEqual({ data: { viewer: null } })
  })
})

describe('the handle', () => {
  it('changes at sign-in: who knew the one before is not signed in', async () => {
    const browser = await start()
    const step = await browser.start('sign-in')
    const before = await browser.cookieHeader()
    const asked = await browser.answer(step, { identification: { uidField: ada.username } })
    await browser.answer(asked, { password: { password: ada.password } })

    expect(await browser.cookieHeader()).not.toBe(before)
    expect(await viewerWith(before)).toBeNull()
    expect(await viewerWith(await browser.cookieHeader())).toEqual({ user: { username: 'ada' } })
  })

  it('changes at sign-out: the one before signs nobody in', async () => {
    const browser = await start()
    await seedFlow(app.database, { slug: 'sign-out', stages: [{ kind: 'user_logout' }], flow: { designation: 'invalidation' } })
    await browser.signIn('sign-in', ada)
    const before = await browser.cookieHeader()
    await browser.start('sign-out')

    expect(await browser.cookieHeader()).not.toBe(before)
    expect(await viewerWith(before)).toBeNull()
    expect(await viewerWith(await browser.cookieHeader())).toBeNull()
  })
})

async function viewerWith(cookie: string): Promise<unknown> {
  const response = await fetch(`${app.url}/graphql?query={viewer{user{username}}}`, { headers: { cookie } })
  return ((await response.json()) as { data: { viewer: unknown } }).data.viewer
}

async function cookieOf(browser: Browser): Promise<string> {
  const cookies = await browser.jar.getCookies(app.url)
  return decodeURIComponent(cookies.find(({ key }) => key === 'authentik_session')?.value ?? '')
}

function flipped(text: string, at: number): string {
  return `${text.slice(0, at)}${text[at] === 'a' ? 'b' : 'a'}${text.slice(at + 1)}`
}
