import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { largestMessage, mostOperationsPerSocket, mostSocketsPerAddress } from '../../src/graphql/socket.ts'
import { Browser, respond } from '../support/browser.ts'
import { seedFlow } from '../support/seed.ts'
import { type StepStream, socketClient, watch } from '../support/streams.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const listed = 'https://app.example.org'

let app: TestApp
let address: string

beforeAll(async () => {
  app = await startTestApp({ env: { CORS_ORIGINS: listed, TRUSTED_PROXIES: '127.0.0.1' } })
  address = `${app.url.replace('http', 'ws')}/graphql`
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
    const socket = await opened(address)

    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: watch } }))

    expect(await closeCode(socket)).toBe(4401)
  })

  it('is not another protocol', async () => {
    await expect(opened(address, {}, 'graphql-ws')).rejects.toThrow('Server sent no subprotocol')
  })
})

describe('the origin of a socket', () => {
  it.each([
    ['of a stranger', 'https://evil.example.com'],
    ['of a stranger that looks like ours', `${listed}.evil.example.com`],
    ['that is hidden', 'null'],
  ])('%s is refused', async (_, origin) => {
    expect(await refusal(address, { origin })).toBe(403)
  })

  it('of a listed page, of the server itself, and of a program is fine', async () => {
    for (const headers of [{ origin: listed }, { origin: app.url }, {}]) {
      const socket = await opened(address, headers)
      expect(socket.protocol).toBe('graphql-transport-ws')
      socket.close()
    }
  })

  it('does not matter where no sockets are', async () => {
    expect(await refusal(address.replace('/graphql', '/api/v3'), {})).toBe(404)
  })
})

describe('the limits of sockets', () => {
  it('close one whose message is too large, without a word on the console', async () => {
    const console = vi.spyOn(globalThis.console, 'error')
    const socket = await opened(address)

    socket.send(JSON.stringify({ type: 'ping', payload: { text: 'x'.repeat(largestMessage) } }))

    expect(await closeCode(socket)).toBe(1009)
    expect(console).not.toHaveBeenCalled()
    console.mockRestore()
  })

  it('refuse one operation more than allowed, and let the others go on', async () => {
    const browser = new Browser(app.url)
    const started = await browser.start('tour')
    const client = await socketClient(browser)
    const listen = () => client.iterate({ query: watch, variables: { id: started.id } }) as unknown as StepStream
    const streams = Array.from({ length: mostOperationsPerSocket }, listen)
    await Promise.all(streams.map((stream) => stream.next()))

    await expect(listen().next()).rejects.toMatchObject([{ extensions: { code: 'TOO_MANY_OPERATIONS' } }])

    const following = streams.map((stream) => stream.next())
    const next = await browser.answer(started, { dummy: {} })
    for (const { value } of await Promise.all(following)) expect(value.data.flowExecution).toEqual(next)
    await client.dispose()
  })

  it('count by address: one too many is refused until another has left', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': address })
    const held = await Promise.all(Array.from({ length: mostSocketsPerAddress }, () => opened(address, from('203.0.113.7'))))

    expect(await refusal(address, from('203.0.113.7'))).toBe(429)
    const neighbour = await opened(address, from('203.0.113.8'))
    const [first, ...others] = held
    first?.close()
    if (first) await closeCode(first)
    await vi.waitFor(async () => others.push(await opened(address, from('203.0.113.7'))), { timeout: 10_000 })

    for (const socket of [neighbour, ...others]) socket.close()
  })
})

it('tells every client that the server goes away', async () => {
  const own = await startTestApp()
  const socket = await opened(`${own.url.replace('http', 'ws')}/graphql`)

  const [code] = await Promise.all([closeCode(socket), own.app.close()])

  expect(code).toBe(1001)
  await own.close()
})

async function opened(url: string, headers: Record<string, string> = {}, protocol = 'graphql-transport-ws'): Promise<WebSocket> {
  const socket = new WebSocket(url, protocol, { headers })
  await once(socket, 'open')
  return socket
}

/** The status that an upgrade is refused with. */
async function refusal(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const socket = new WebSocket(url, 'graphql-transport-ws', { headers })
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  response.destroy()
  return response.statusCode
}

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number]
  return code
}

function aliases(count: number): string {
  return Array.from({ length: count }, (_, index) => `a${index}: id`).join(' ')
}
