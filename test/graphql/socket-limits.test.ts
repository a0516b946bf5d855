import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { ask, defineStage, invalid } from '../../src/flow/stage.ts'
import { largestMessage, mostOperationsPerSocket } from '../../src/graphql/socket.ts'
import {
  longestIdle,
  longestSilence,
  longestUntilPong,
  mostMessagesPerMinute,
  mostUnread,
  quietBeforePing,
} from '../../src/graphql/socket-client.ts'
import { mostConnectionsPerAddress, mostConnectionsPerSession } from '../../src/graphql/subscription-limits.ts'
import { Browser, type Step } from '../support/browser.ts'
import { RawSocket, type SocketOpening } from '../support/raw-socket.ts'
import { seedFlow } from '../support/seed.ts'
import { overSse, type StepStream, socketClient, watch } from '../support/streams.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const much = 'x'.repeat(12 * mostUnread)

const watchMuch = 'subscription ($id: ID!) { flowExecution(id: $id) { challenge { ... on MuchChallenge { text } } } }'

/** A stage that shows a lot. */
const muchStage = defineStage({
  kind: 'much',
  component: 'test-stage-much',
  model: 'test.muchstage',
  description: 'Shows a lot.',
  config: z.object({}),
  challenge: z.object({ text: z.string().describe('A lot.') }),
  response: z.object({}),
  present: () => ask({ text: much }),
  answer: () => invalid('nonFieldErrors', 'It is never enough.'),
})

let app: TestApp
let browser: Browser
let step: Step
const opened: RawSocket[] = []

beforeAll(async () => {
  app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1' }, kinds: [muchStage] })
  await seedFlow(app.database, { slug: 'tour', stages: [{ kind: 'dummy' }, { kind: 'dummy' }] })
  await seedFlow(app.database, { slug: 'much', stages: [{ kind: 'much' }] })
})

afterAll(() => app.close())

afterEach(async () => {
  for (const { socket } of opened) socket.terminate()
  await Promise.all(opened.splice(0).map(({ closed }) => closed))
  await vi.waitFor(async () => expect(await streams()).toBe(0))
})

/** How many subscriptions the server runs. */
async function streams(): Promise<number | undefined> {
  const metric = await app.app.metrics.registry.getSingleMetric('stagedoor_subscriptions')?.get()
  return metric?.values[0]?.value
}

/** A socket of somebody who is in the middle of something. */
async function open(opening: SocketOpening = {}, slug = 'tour'): Promise<RawSocket> {
  browser = new Browser(app.url)
  step = await browser.start(slug)
  return openOf(browser, opening)
}

async function openOf(whose: Browser, opening?: SocketOpening): Promise<RawSocket> {
  const socket = await RawSocket.of(whose, opening)
  opened.push(socket)
  return socket
}

const acknowledged = { type: 'connection_ack' }
const subscribe = (id: string) => ({ type: 'subscribe', id, payload: { query: watch, variables: { id: step.id } } })
const subscribeToMuch = (id: string) => ({ type: 'subscribe', id, payload: { query: watchMuch, variables: { id: step.id } } })
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })

/** Time passes, and the server looks after its sockets. */
async function pass(seconds: number): Promise<void> {
  app.clock.advance(seconds)
  app.app.tend()
  // What the server and the client have to say to each other by now has been said.
  const other = await RawSocket.open(app.url)
  await other.begin()
  await other.close()
}

describe('a message', () => {
  it.each([
    ['too large', largestMessage],
    ['of a megabyte', 2 ** 20],
  ])('that is %s closes the socket, without a word on the console', async (_, size) => {
    const console = vi.spyOn(globalThis.console, 'error')
    const socket = await open()

    socket.send({ type: 'ping', payload: { text: 'x'.repeat(size) } })

    expect(await socket.closed).toBe(1009)
    expect(console).not.toHaveBeenCalled()
    console.mockRestore()
  })

  it('is not sent back, however large it was', async () => {
    const socket = await open()
    await socket.begin()
    socket.send({ type: 'ping', payload: { text: 'x'.repeat(largestMessage / 2) } })

    expect(await socket.heard()).toEqual({ type: 'pong' })
  })

  it('that is one too many in a minute closes the socket, whatever it says', async () => {
    const socket = await open()
    await socket.begin()
    for (let sent = 1; sent < mostMessagesPerMinute; sent += 1) socket.send({ type: 'pong' })
    socket.send({ type: 'ping' })

    expect(await socket.closed).toBe(4429)
  })

  it('is one of so many in each minute', async () => {
    const socket = await open()
    await socket.begin()
    for (let sent = 2; sent < mostMessagesPerMinute; sent += 1) socket.send({ type: 'pong' })
    socket.send({ type: 'ping' })
    expect(await socket.heard()).toEqual({ type: 'pong' })

    app.clock.advance(60)
    for (let sent = 1; sent < mostMessagesPerMinute; sent += 1) socket.send({ type: 'pong' })
    socket.send({ type: 'ping' })
    expect(await socket.heard()).toEqual({ type: 'pong' })
  })

  it.each([
    ['no JSON', 'nonsense'],
    ['of no known type', '{"type":"hello"}'],
    ['a subscription without an operation', '{"type":"subscribe","id":"1"}'],
  ])('that is %s closes the socket', async (_, text) => {
    const socket = await open()
    await socket.begin()
    socket.socket.send(text)

    expect(await socket.closed).toBe(4400)
  })

  it.each([
    ['that runs', true],
    ['that begins', false],
  ])('that subscribes under the id of an operation %s closes the socket, however long that is', async (_, runs) => {
    const socket = await open()
    await socket.begin()
    const id = '\u{10348}'.repeat(1000)
    socket.send(subscribe(id))
    if (runs) await socket.heard()
    else socket.send({ type: 'complete', id })
    socket.send(subscribe(id))

    expect(await socket.closed).toBe(4409)
    expect(app.logged.join()).not.toContain('RangeError')
  })

  it('that begins the protocol once more closes the socket', async () => {
    const socket = await open()
    await socket.begin()

    expect(await socket.begin()).toBe(4429)
  })
})

describe('the operations of a socket', () => {
  it('are so many, and one more is refused while the others go on', async () => {
    await open()
    const client = await socketClient(browser)
    const listen = () => client.iterate({ query: watch, variables: { id: step.id } }) as unknown as StepStream
    const running = Array.from({ length: mostOperationsPerSocket }, listen)
    await Promise.all(running.map((stream) => stream.next()))

    await expect(listen().next()).rejects.toMatchObject([{ extensions: { code: 'TOO_MANY_OPERATIONS' } }])

    const following = running.map((stream) => stream.next())
    const next = await browser.answer(step, { dummy: {} })
    for (const { value } of await Promise.all(following)) expect(value.data.flowExecution).toEqual(next)
    await client.dispose()
  })
})

describe('sockets', () => {
  it('are so many from one address, until one of them has left', async () => {
    const held = await Promise.all(Array.from({ length: mostConnectionsPerAddress }, () => open(from('203.0.113.7'))))

    await expect(open(from('203.0.113.7'))).rejects.toMatchObject({ status: 429 })
    await open(from('203.0.113.8'))
    await held[0]?.close()
    await vi.waitFor(() => open(from('203.0.113.7')))
  })

  it('are so many in one session, whatever the address, until one of them has left', async () => {
    const first = await open()
    const others = Array.from({ length: mostConnectionsPerSession - 1 }, (_, index) =>
      openOf(browser, from(`198.51.100.${index}`)),
    )
    const held = [first, ...(await Promise.all(others))]
    expect(await Promise.all(held.map((socket) => socket.begin()))).toEqual(held.map(() => acknowledged))

    expect(await (await openOf(browser)).begin()).toBe(4429)
    await first.close()
    await vi.waitFor(async () => expect(await (await openOf(browser)).begin()).toEqual(acknowledged))
    expect(await (await open()).begin()).toEqual(acknowledged)
  })

  it('share their session with event streams', async () => {
    const first = await open()
    const others = Array.from({ length: mostConnectionsPerSession - 1 }, () => openOf(browser))
    for (const socket of [first, ...(await Promise.all(others))]) await socket.begin()

    await expect((await overSse.listen(browser, step.id)).next()).rejects.toThrow('429')
  })

  it('that were not wanted leave their place to others', async () => {
    for (let index = 0; index < mostConnectionsPerAddress + 1; index += 1) {
      const headers = { ...from('203.0.113.9').headers, connection: 'upgrade', upgrade: 'websocket' }
      const [response] = (await once(request(`${app.url}/graphql`, { headers }).end(), 'response')) as [IncomingMessage]
      response.destroy()
      expect(response.statusCode).toBe(400)
    }

    await open(from('203.0.113.9'))
  })
})

describe('a client', () => {
  it('that does not say who it is has its socket closed after a while', async () => {
    const socket = await open()
    await pass(longestSilence - 1)
    expect(socket.socket.readyState).toBe(socket.socket.OPEN)

    await pass(1)
    expect(await socket.closed).toBe(4408)
  })

  it('that does nothing has its socket closed after a while', async () => {
    const socket = await open()
    await socket.begin()
    await pass(longestIdle - 1)
    expect(socket.socket.readyState).toBe(socket.socket.OPEN)

    await pass(1)
    expect(await socket.closed).toBe(4410)
  })

  it('that listens may do so for as long as it wants, and a while longer', async () => {
    const socket = await open()
    await socket.begin()
    socket.send(subscribe('1'))
    await socket.heard()
    for (let passed = 0; passed < 3 * longestIdle; passed += quietBeforePing) await pass(quietBeforePing)
    socket.send({ type: 'complete', id: '1' })
    await vi.waitFor(async () => expect(await streams()).toBe(0))
    await pass(longestIdle - 1)
    expect(socket.socket.readyState).toBe(socket.socket.OPEN)

    await pass(1)
    expect(await socket.closed).toBe(4410)
  })

  it('that does not say that it is there is taken for gone, and what it listened to with it', async () => {
    const socket = await open({ autoPong: false })
    await socket.begin()
    socket.send(subscribe('1'))
    await socket.heard()
    await pass(quietBeforePing)
    await pass(longestUntilPong - 1)
    expect(await streams()).toBe(1)

    await pass(1)
    expect(await socket.closed).toBe(1006)
    await vi.waitFor(async () => expect(await streams()).toBe(0))
  })

  it('that says something is not asked whether it is there', async () => {
    const socket = await open({ autoPong: false })
    const asked = vi.fn()
    socket.socket.on('ping', asked)
    await socket.begin()
    await pass(quietBeforePing - 1)
    socket.send({ type: 'ping' })
    await socket.heard()
    await pass(quietBeforePing - 1)
    expect(asked).not.toHaveBeenCalled()

    await pass(1)
    await vi.waitFor(() => expect(asked).toHaveBeenCalledOnce())
  })

  it('that does not read is cut off when the server looks after it', async () => {
    const socket = await open({}, 'much')
    await socket.begin()
    socket.socket.pause()
    socket.send(subscribeToMuch('1'))
    await vi.waitFor(async () => expect(await streams()).toBe(1))

    await vi.waitFor(
      async () => {
        app.app.tend()
        expect(await streams()).toBe(0)
      },
      { timeout: 10_000 },
    )
    socket.socket.resume()
    expect(await socket.closed).toBe(1006)
  })

  it('that does not read is cut off as soon as there is more to say', async () => {
    const socket = await open({}, 'much')
    await socket.begin()
    socket.socket.pause()
    socket.send(subscribeToMuch('1'))
    await vi.waitFor(async () => expect(await streams()).toBe(1))
    socket.send(subscribeToMuch('2'))

    await vi.waitFor(async () => expect(await streams()).toBe(0), { timeout: 10_000 })
    socket.socket.resume()
    expect(await socket.closed).toBe(1006)
  })
})
