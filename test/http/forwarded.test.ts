import { afterEach, describe, expect, it } from 'vitest'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let ada: Account

afterEach(() => app.close())

async function start(env: Record<string, string>): Promise<void> {
  app = await startTestApp({ env })
  ada = await createAccount(app.database, 'ada')
  await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
}

/** Signs in over REST with one wrong password, every request with these headers. */
async function signInWith(headers: Record<string, string>): Promise<void> {
  let cookie = ''
  for (const answer of [{ uid_field: ada.username }, { password: 'wrong' }, { password: ada.password }]) {
    const response = await fetch(`${app.url}/api/v3/flows/executor/sign-in/`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', cookie, ...headers },
      body: JSON.stringify(answer),
    })
    const set = response.headers.getSetCookie().map((line) => line.split(';')[0])
    if (set.length > 0) cookie = set.join('; ')
  }
}

describe('where a request comes from', () => {
  it.each([
    ['itself, when nobody is trusted', {}, '203.0.113.7', '127.0.0.1'],
    ['itself, when somebody else is trusted', { TRUSTED_PROXIES: '10.0.0.0/8' }, '203.0.113.7', '127.0.0.1'],
    ['what a trusted proxy says', { TRUSTED_PROXIES: '127.0.0.0/8' }, '203.0.113.7', '203.0.113.7'],
    [
      'the last address that is not trusted',
      { TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8' },
      '6.6.6.6, 203.0.113.7, 10.1.2.3',
      '203.0.113.7',
    ],
    ['an address of the newer sort', { TRUSTED_PROXIES: '127.0.0.1' }, '2001:db8::7', '2001:db8::7'],
    ['the proxy, when it says nothing that is an address', { TRUSTED_PROXIES: '127.0.0.1' }, 'unknown, <script>', '127.0.0.1'],
  ])('is %s: the session and the events bear it', async (_, env, forwarded, clientIp) => {
    await start(env)

    await signInWith({ 'x-forwarded-for': forwarded })

    const [session] = await app.database.prisma.session.findMany()
    const events = await app.database.prisma.event.findMany({ orderBy: { action: 'asc' } })
    expect(session).toMatchObject({ userId: ada.id, clientIp })
    expect(events.map((event) => event.action)).toEqual(expect.arrayContaining(['login', 'login_failed', 'flow_execution']))
    expect(new Set(events.map((event) => event.clientIp))).toEqual(new Set([clientIp]))
  })
})

describe('the address of this server', () => {
  const proxied = { 'x-forwarded-host': 'login.example.org', 'x-forwarded-proto': 'https' }
  const origin = 'https://login.example.org'

  it('is what a trusted proxy was asked for: its own pages may talk to it', async () => {
    await start({ TRUSTED_PROXIES: '127.0.0.1' })

    expect(await statusOf({ ...proxied, origin })).toBe(200)
    expect(await statusOf({ origin })).toBe(403)
  })

  it('is not what anybody else says', async () => {
    await start({})

    expect(await statusOf({ ...proxied, origin })).toBe(403)
  })

  it('chooses the brand', async () => {
    await start({ TRUSTED_PROXIES: '127.0.0.1' })
    for (const [domain, brandingTitle] of Object.entries({ 'example.org': 'Example', 'example.com': 'Another' })) {
      await app.database.prisma.brand.create({ data: { domain, brandingTitle, attributes: {} } })
    }

    const response = await fetch(`${app.url}/api/v3/core/brands/current/`, { headers: proxied })

    expect(await response.json()).toMatchObject({ branding_title: 'Example', matched_domain: 'example.org' })
  })

  async function statusOf(headers: Record<string, string>): Promise<number> {
    return (await fetch(`${app.url}/graphql?query={__typename}`, { headers })).status
  }
})
