import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assetUrl } from '../../src/web/asset-files.ts'
import { seedFlow } from '../support/seed.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const metricsToken = 'a-token-for-the-metrics'
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

let app: TestApp

beforeAll(async () => {
  app = await startTestApp({ env: { METRICS_TOKEN: metricsToken } })
  await seedFlow(app.database, { slug: 'greeting', stages: [{ kind: 'dummy' }] })
})

afterAll(() => app.close())

const addresses = [
  '/',
  '/nowhere',
  '/graphql?query={__typename}',
  '/api/v3/flows/executor/greeting/',
  '/api/v3/flows/executor/none/',
  '/api/v3/core/users/me/',
  '/if/flow/greeting/',
  '/if/flow/none/',
  assetUrl('pages.css'),
  '/healthz',
]

const get = (address: string, headers: Record<string, string> = {}) => fetch(app.url + address, { headers, redirect: 'manual' })

describe.each(addresses)('an answer at %s', (address) => {
  it('tells browsers to be careful', async () => {
    const { headers } = await get(address)

    const policy = headers.get('content-security-policy')
    expect(policy).toMatch(/default-src '(?:self|none)'/)
    expect(policy).toMatch(/frame-ancestors 'self'/)
    expect(policy).toMatch(/base-uri 'none'/)
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      vary: expect.stringContaining('Origin'),
    })
    expect(headers.get('x-powered-by')).toBeNull()
    expect(headers.get('server')).toBeNull()
  })

  it('is kept by nobody, unless it is a file', async () => {
    const { headers } = await get(address)

    expect(headers.get('cache-control')).toBe(address.startsWith('/static/') ? 'public, max-age=31536000, immutable' : 'no-store')
  })

  it('names its request', async () => {
    expect((await get(address)).headers.get('x-request-id')).toMatch(uuid)
    expect((await get(address, { 'x-request-id': 'edge-01.A_b' })).headers.get('x-request-id')).toBe('edge-01.A_b')
  })
})

describe("a request id of the caller's", () => {
  it.each(['', 'two words', 'x'.repeat(65), 'a;b', 'a"b', 'é', '{{7*7}}'])('is replaced when it is %j', async (given) => {
    expect((await get('/healthz', { 'x-request-id': given })).headers.get('x-request-id')).toMatch(uuid)
  })

  it('is written into the event that the request causes', async () => {
    await get('/api/v3/flows/executor/none/', { 'x-request-id': 'nothing-happens' })
    await fetch(`${app.url}/api/v3/flows/executor/greeting/`, { method: 'POST', headers: { 'x-request-id': 'it-was-me' } })

    const events = await app.database.prisma.event.findMany()
    expect(events).toMatchObject([{ action: 'flow_execution', requestId: 'it-was-me' }])
  })
})

describe('an address without a page', () => {
  it('is JSON for programs and a page for people', async () => {
    const program = await get('/nowhere')
    const person = await get('/nowhere', { accept: 'text/html,*/*;q=0.8' })

    expect([program.status, person.status]).toEqual([404, 404])
    expect(await program.json()).toEqual({ detail: 'Not found.', code: 'not_found' })
    expect(await person.text()).toMatch(/<h1>404<\/h1>/)
  })

  it('is not read back into the page', async () => {
    const response = await get('/<script>alert(1)</script>', { accept: 'text/html' })

    expect(await response.text()).not.toContain('alert')
  })
})

describe('a request that is none', () => {
  it('with headers beyond all bounds is refused', async () => {
    expect(await statusOf({ 'x-padding': 'x'.repeat(20_000) })).toBe(431)
  })

  it('that is answered leaves the connection to the next one', async () => {
    expect(await statusOf({})).toBe(200)
  })

  function statusOf(headers: Record<string, string>): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const outgoing = request(`${app.url}/healthz`, { headers }, (incoming) => {
        incoming.resume()
        resolve(incoming.statusCode)
      })
      outgoing.on('error', reject).end()
    })
  }
})

describe('the metrics', () => {
  it('are for who has the token', async () => {
    const response = await get('/metrics', { authorization: `Bearer ${metricsToken}` })

    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await response.text()).toMatch(
      /stagedoor_http_request_duration_seconds_count\{face="rest",method="GET",status="404"\} \d+/,
    )
  })

  it.each(['', 'Bearer wrong', `Basic ${metricsToken}`])('and not for %j', async (authorization) => {
    expect((await get('/metrics', { authorization })).status).toBe(401)
  })

  it('are nowhere when there is no token', async () => {
    const other = await startTestApp()

    expect((await fetch(`${other.url}/metrics`)).status).toBe(404)
    await other.close()
  })
})
