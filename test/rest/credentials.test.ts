import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/credentials/random.ts'
import { Browser } from '../support/browser.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

const listed = 'https://app.example.org'
const greeting = '/api/v3/flows/executor/greeting/'
const me = '/api/v3/core/users/me/'

let app: TestApp
let ada: Account
let admin: Account
let browser: Browser

beforeAll(async () => {
  app = await startTestApp({ env: { CORS_ORIGINS: listed } })
  ada = await createAccount(app.database, 'ada')
  admin = await createAccount(app.database, 'root', { superuser: true })
  await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
  await seedFlow(app.database, { slug: 'greeting', stages: [{ kind: 'dummy' }] })
})

beforeEach(() => {
  browser = new Browser(app.url)
})

afterAll(() => app.close())

describe('an unsafe request of a signed-in browser', () => {
  beforeEach(() => browser.signIn('sign-in', ada))

  it.each([
    ['no token', async () => ({})],
    ['a blank token', async () => ({ 'x-authentik-csrf': '' })],
    ['a wrong token', async () => ({ 'x-authentik-csrf': 'x'.repeat(43) })],
    ['the token of another session', async () => ({ 'x-authentik-csrf': await tokenOfSomebodyElse() })],
  ])('is refused with %s, and changes nothing', async (_, headers) => {
    await browser.fetch(greeting)
    const refused = await browser.post(greeting, {}, await headers())

    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({ detail: expect.stringMatching(/^CSRF Failed/), code: 'permission_denied' })
    expect(await (await browser.fetch(greeting)).json()).toMatchObject({ component: 'ak-stage-dummy' })
  })

  it('is refused with a token that a neighbouring host has planted in both places', async () => {
    const planted = await tokenOfSomebodyElse()
    await browser.jar.setCookie(`authentik_csrf=${planted}; Path=/`, app.url)

    expect((await browser.post(greeting, {}, { 'x-authentik-csrf': planted })).status).toBe(403)
  })

  it('passes with the token of its cookie', async () => {
    const response = await browser.post(greeting, {}, { 'x-authentik-csrf': await tokenOf(browser) })

    expect(await response.json()).toMatchObject({ component: 'xak-flow-redirect', to: '/' })
  })

  it('needs another token after the next sign-in', async () => {
    const old = await tokenOf(browser)
    await browser.signIn('sign-in', admin)

    expect(await tokenOf(browser)).not.toBe(old)
    expect((await browser.post(greeting, {}, { 'x-authentik-csrf': old })).status).toBe(403)
  })
})

describe('an unsafe request of somebody who is not signed in', () => {
  it('needs no token, neither the first nor any other', async () => {
    const identified = await browser.post('/api/v3/flows/executor/sign-in/', { uid_field: 'ada' })
    const signedIn = await browser.post('/api/v3/flows/executor/sign-in/', { password: ada.password })

    expect([identified.status, signedIn.status]).toEqual([302, 302])
    expect(await (await browser.fetch(me)).json()).toMatchObject({ user: { username: 'ada' } })
  })
})

describe('a page of another origin', () => {
  it('is refused, whatever it sends', async () => {
    for (const origin of ['https://evil.example.com', 'null']) {
      const refused = await browser.post(greeting, {}, { origin })
      expect(refused.status).toBe(403)
      expect(refused.headers.get('access-control-allow-origin')).toBeNull()
      expect(await refused.json()).toMatchObject({ code: 'origin_not_allowed' })
    }
    expect(await browser.cookieHeader()).toBe('')
  })

  it('may be listed', async () => {
    const response = await browser.fetch(greeting, { headers: { origin: listed } })
    const preflight = await browser.fetch(greeting, {
      method: 'OPTIONS',
      headers: { origin: listed, 'access-control-request-method': 'POST' },
    })

    expect(response.headers.get('access-control-allow-origin')).toBe(listed)
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('x-authentik-csrf')
  })
})

describe('an API token', () => {
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

  it('stands for its owner, without a cookie', async () => {
    const key = await createToken(admin.id)
    const response = await browser.fetch(me, { headers: bearer(key) })

    expect(await response.json()).toMatchObject({ user: { username: 'root', is_superuser: true } })
    expect(response.headers.get('set-cookie')).toBeNull()
  })

  it('is not asked for a CSRF token', async () => {
    const key = await createToken(ada.id)
    const response = await browser.post(greeting, {}, bearer(key))

    expect(response.status).toBe(200)
  })

  it('lets administrators execute a flow, and nobody else', async () => {
    const execute = '/api/v3/flows/instances/greeting/execute/'

    expect((await browser.fetch(execute, { headers: bearer(await createToken(admin.id)) })).status).toBe(200)
    expect((await browser.fetch(execute, { headers: bearer(await createToken(ada.id)) })).status).toBe(403)
  })

  it.each([
    ['unknown', async () => 'no-such-key'],
    ['blank', async () => ''],
    ['expired', () => createToken(ada.id, { expiring: true, expiresAt: new Date(app.clock.now().getTime() - 1) })],
    ['for something else', () => createToken(ada.id, { intent: 'app_password' as const })],
    ['that of a disabled account', async () => createToken((await disabledAccount()).id)],
  ])('that is %s stands for nobody', async (_, key) => {
    const response = await browser.fetch(me, { headers: bearer(await key()) })

    expect(response.status).toBe(403)
    expect(await response.json()).toEqual({
      detail: 'Authentication credentials were not provided.',
      code: 'not_authenticated',
    })
  })

  it.each(['Basic cm9vdDpyb290', 'Bearer', 'Token abc', 'Bearer a b'])('is not %s', async (authorization) => {
    expect((await browser.fetch(me, { headers: { authorization } })).status).toBe(403)
  })
})

async function tokenOf(of: Browser): Promise<string> {
  const cookies = await of.jar.getCookies(app.url)
  return cookies.find(({ key }) => key === 'authentik_csrf')?.value ?? ''
}

async function tokenOfSomebodyElse(): Promise<string> {
  const other = new Browser(app.url)
  await other.signIn('sign-in', admin)
  return tokenOf(other)
}

async function createToken(userId: number, more: object = {}): Promise<string> {
  const key = `key ${crypto.randomUUID()}`.replaceAll(' ', '-')
  const data = { identifier: key, keyHash: sha256Hex(key), intent: 'api', userId, expiring: false, ...more } as const
  await app.database.prisma.token.create({ data })
  return key
}

function disabledAccount(): Promise<Account> {
  return createAccount(app.database, `gone-${crypto.randomUUID()}`, { isActive: false })
}
