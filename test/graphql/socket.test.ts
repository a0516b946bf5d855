import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser, respond } from '../support/browser.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { seedFlow } from '../support/seed.ts'
import { socketClient, watch } from '../support/streams.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const listed = 'https://app.example.org'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp({ env: { CORS_ORIGINS: listed } })
  await seedFlow(app.database, { slug: 'tour', stages: [{ kind: 'dummy' }, { kind: 'dummy' }] })
})

afterAll(() => app.close())

describe('what a socket carries', () => {
  it.each([
    ['a query', 'query A { viewer { user { id } } }', undefined],
    ['a mutation', 'mutation A { startFlow(input: { slug: "tour" }) { __typename } }', undefined],
    ['the query of several operations', `${watch} query A { viewer { user { id } } }`, 'A'],
  ])('is not %s', async (_, query, operationName) => {
    const client = await socketClient(new Browser(app.url))

    const refused = client.iterate({ query, ...(operationName && { operationName }) }).next()

    await expect(refused).rejects.toMatchObject([{ extensions: { code: 'SUBSCRIPTIONS_ONLY' } }])
  })

  it('is not an answer to a challenge', async () => {
    const browser = new Browser(app.url)
    const { id, stepToken, sequence } = await browser.start('tour')
    const client = await socketClient(browser)
    const input = { executionId: id, stepToken, response: { dummy: {} } }

    await client
      .iterate({ query: respond, variables: { input } })
      .next()
      .catch(() => undefined)

    const standing = await browser.graphql('query ($id: ID!) { flowExecution(id: $id) { sequence } }', { id })
    expect(standing).toEqual({ data: { flowExecution: { sequence } } })
  })

  it.each([
    ['what does not parse', 'subscription {', /Syntax Error/],
    ['what the schema does not know', 'subscription { weather }', /Cannot query field/],
    ['more than the limits allow', `subscription { flowExecution(id: "1") { ${aliases(31)} } }`, /Aliases limit/],
    ['an operation that is not there', 'fragment F on Query { viewer { user { id } } }', /subscriptions/],
  ])('is not %s', async (_, query, message) => {
    const client = await socketClient(new Browser(app.url))

    await expect(client.iterate({ query }).next()).rejects.toMatchObject([{ message: expect.stringMatching(message) }])
  })

  it('needs the protocol to be begun first', async () => {
    const socket = await RawSocket.open(app.url)

    socket.send({ type: 'subscribe', id: '1', payload: { query: watch } })

    expect(await socket.closed).toBe(4401)
  })

  it('is not another protocol', async () => {
    await expect(RawSocket.open(app.url, { protocol: 'graphql-ws' })).rejects.toThrow('Server sent no subprotocol')
  })
})

describe('the origin of a socket', () => {
  it.each([
    ['of a stranger', 'https://evil.example.com'],
    ['of a stranger that looks like ours', `${listed}.evil.example.com`],
    ['that is hidden', 'null'],
  ])('%s is refused', async (_, origin) => {
    await expect(RawSocket.open(app.url, { headers: { origin } })).rejects.toMatchObject({ status: 403 })
  })

  it('of a listed page, of the server itself, and of a program is fine', async () => {
    for (const headers of [{ origin: listed }, { origin: app.url }, {}]) {
      const raw = await RawSocket.open(app.url, { headers: headers as Record<string, string> })
      expect(raw.socket.protocol).toBe('graphql-transport-ws')
      await raw.close()
    }
  })

  it('does not matter where no sockets are', async () => {
    await expect(RawSocket.open(`${app.url}/api/v3`)).rejects.toMatchObject({ status: 404 })
  })
})

it('tells every client that the server goes away', async () => {
  const own = await startTestApp()
  const socket = await RawSocket.open(own.url)

  const [code] = await Promise.all([socket.closed, own.app.close()])

  expect(code).toBe(1001)
  await own.close()
})

function aliases(count: number): string {
  return Array.from({ length: count }, (_, index) => `a${index}: id`).join(' ')
}
