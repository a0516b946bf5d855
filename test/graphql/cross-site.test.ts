import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Browser, startFlow } from '../support/browser.ts'
import { seedFlow } from '../support/seed.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const listed = 'https://app.example.org'
const mutation = { query: startFlow, variables: { input: { slug: 'tour' } } }

let app: TestApp
let browser: Browser

beforeAll(async () => {
  app = await startTestApp({ env: { CORS_ORIGINS: `${listed}, https://other.example.org` } })
  await seedFlow(app.database, { slug: 'tour', stages: [{ kind: 'dummy' }] })
})

beforeEach(() => {
  browser = new Browser(app.url)
})

afterAll(() => app.close())

describe('what a form of a foreign page could send', () => {
  const urlEncoded = new URLSearchParams({ query: mutation.query, variables: JSON.stringify(mutation.variables) })
  const multipart = new FormData()
  multipart.set('operations', JSON.stringify(mutation))
  multipart.set('map', '{}')

  it.each([
    ['plain text', { body: JSON.stringify(mutation), headers: { 'content-type': 'text/plain' } }],
    [
      'JSON that calls itself text',
      { body: JSON.stringify(mutation), headers: { 'content-type': 'text/plain; application/json' } },
    ],
    ['a form', { body: urlEncoded }],
    ['a form with files', { body: multipart }],
    ['an operation as it stands', { body: mutation.query, headers: { 'content-type': 'application/graphql' } }],
    ['something without a type', { body: new Blob([JSON.stringify(mutation)]) }],
    ['nothing at all', {}],
  ])('is not taken: %s', async (_, init) => {
    const sessions = await app.database.prisma.session.count()
    const response = await browser.fetch('/graphql', { method: 'POST', ...init })

    expect(response.status).toBe(415)
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }] })
    expect(await app.database.prisma.session.count()).toBe(sessions)
  })

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset=UTF-8'])(
    'JSON is, spelt as %s',
    async (type) => {
      const response = await browser.post('/graphql', mutation, { 'content-type': type })

      expect(await response.json()).toMatchObject({ data: { startFlow: { __typename: 'FlowExecution' } } })
    },
  )
})

describe('an operation in an address', () => {
  const get = (query: string, headers: Record<string, string> = {}) =>
    browser.fetch(`/graphql?${new URLSearchParams({ query })}`, { headers: { accept: 'application/json', ...headers } })

  it('may be a query', async () => {
    expect(await (await get('{ viewer { user { id } } }')).json()).toEqual({ data: { viewer: null } })
  })

  it.each([
    ['plainly', 'mutation { startFlow(input: { slug: "tour" }) { __typename } }', {}],
    ['beside a query', 'query A { __typename } mutation B { startFlow(input: { slug: "tour" }) { __typename } }', {}],
    ['as a stream', 'mutation { startFlow(input: { slug: "tour" }) { __typename } }', { accept: 'text/event-stream' }],
  ])('is never a mutation: %s', async (_, query, headers) => {
    const sessions = await app.database.prisma.session.count()
    const search = new URLSearchParams({ query, ...(query.includes('query A') && { operationName: 'B' }) })

    const response = await browser.fetch(`/graphql?${search}`, { headers: { accept: 'application/json', ...headers } })

    expect(response.status).toBe(405)
    expect(await app.database.prisma.session.count()).toBe(sessions)
  })
})

describe('a page of another origin', () => {
  it.each([
    ['a stranger', 'https://evil.example.com'],
    ['one that begins like a listed one', `${listed}.evil.example.com`],
    ['one with another port', `${listed}:8443`],
    ['one with another scheme', 'http://app.example.org'],
    ['one that hides its name', 'null'],
    ['something that is none', 'nonsense'],
  ])('is refused and told nothing: %s', async (_, origin) => {
    const posted = await browser.post('/graphql', mutation, { origin })
    const read = await browser.fetch('/graphql?query={__typename}', { headers: { origin } })
    const asked = await preflight(origin)

    for (const response of [posted, read, asked]) {
      expect(response.status).toBe(403)
      expect(corsHeadersOf(response)).toEqual({})
    }
    expect(await posted.json()).toMatchObject({ errors: [{ extensions: { code: 'ORIGIN_NOT_ALLOWED' } }] })
    expect(await browser.cookieHeader()).toBe('')
  })

  it('that is listed may send and read with cookies', async () => {
    const response = await browser.post('/graphql', mutation, { origin: listed })

    expect(await response.json()).toMatchObject({ data: { startFlow: { __typename: 'FlowExecution' } } })
    expect(corsHeadersOf(response)).toEqual({
      'access-control-allow-origin': listed,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-request-id, stagedoor-session, retry-after',
    })
    expect(response.headers.get('vary')).toMatch(/\bOrigin\b/)
  })

  it('that is listed may ask first', async () => {
    const response = await preflight(listed)

    expect(response.status).toBe(204)
    expect(corsHeadersOf(response)).toMatchObject({
      'access-control-allow-origin': listed,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      'access-control-allow-headers': expect.stringContaining('content-type'),
    })
  })

  it('is the server itself by any of its names', async () => {
    for (const origin of [app.url, new URL(app.config.publicUrl).origin]) {
      const response = await browser.post('/graphql', mutation, { origin })

      expect(response.status).toBe(200)
      expect(corsHeadersOf(response)).toEqual({})
    }
  })

  it('is read by the shared cache of nobody else', async () => {
    for (const headers of [{}, { origin: listed }] as Record<string, string>[]) {
      const response = await browser.fetch('/graphql?query={__typename}', { headers })

      expect(response.headers.get('vary')).toMatch(/\bOrigin\b/)
      expect(response.headers.get('cache-control')).toBe('no-store')
    }
  })
})

it.each(['PUT', 'DELETE', 'PATCH'])('%s is no way to ask', async (method) => {
  const response = await browser.fetch('/graphql', { method })

  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe('GET, POST')
})

function preflight(origin: string): Promise<Response> {
  const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' }
  return browser.fetch('/graphql', { method: 'OPTIONS', headers })
}

function corsHeadersOf(response: Response): Record<string, string> {
  return Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('access-control-')))
}
