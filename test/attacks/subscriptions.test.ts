import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { longestSilence, longestUntilPong, mostMessagesPerMinute, quietBeforePing } from '../../src/graphql/socket-client.ts'
import { Browser, type Reply, type Step } from '../support/browser.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { streamWays, watch } from '../support/streams.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let ada: Account
/** Somebody who is signed in, and in the middle of something. */
let victim: Browser
let step: Step

beforeAll(async () => {
  app = await startTestApp()
  ada = await createAccount(app.database, 'ada')
  await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
  await seedFlow(app.database, { slug: 'tour', stages: [{ kind: 'dummy' }] })
})

beforeEach(async () => {
  victim = new Browser(app.url)
  await victim.signIn('sign-in', ada)
  step = await victim.start('tour')
})

afterAll(() => app.close())

const acknowledged = { type: 'connection_ack' }
const subscribe = (id: string, execution = step.id) => ({
  type: 'subscribe',
  id,
  payload: { query: watch, variables: { id: execution } },
})

async function streams(): Promise<number | undefined> {
  const metric = await app.app.metrics.registry.getSingleMetric('stagedoor_subscriptions')?.get()
  return metric?.values[0]?.value
}

async function ticketOf(browser: Browser): Promise<string> {
  const { data } = await browser.graphql<{ createSubscriptionTicket: { ticket: string } }>(
    'mutation { createSubscriptionTicket { ticket } }',
  )
  return data?.createSubscriptionTicket.ticket ?? ''
}

/** All that a stream says, to its end. */
async function wordsOf(stream: AsyncIterator<Reply>): Promise<Reply[]> {
  const words: Reply[] = []
  for (;;) {
    const { value, done } = await stream.next()
    if (done) return words
    words.push(value)
  }
}

describe('a foreign execution', () => {
  it.each(streamWays)('looks like one that never was, over $name', async ({ listen }) => {
    const nobody = new Browser(app.url)
    const stranger = new Browser(app.url)
    await stranger.start('tour')
    const sameOwner = new Browser(app.url)
    await sameOwner.signIn('sign-in', ada)

    for (const browser of [nobody, stranger, sameOwner]) {
      const [foreign, missing] = await Promise.all(
        [step.id, 'x'.repeat(step.id.length)].map(async (id) => wordsOf(await listen(browser, id, 0))),
      )
      expect(foreign).toEqual(missing)
      expect(foreign).toMatchObject([{ errors: [{ extensions: { code: 'EXECUTION_NOT_FOUND' } }] }])
    }
    expect(await streams()).toBe(0)
  })

  it('is not shown by a ticket of somebody else', async () => {
    const stranger = new Browser(app.url)
    await stranger.start('tour')
    const socket = await RawSocket.of(victim)
    await socket.begin({ ticket: await ticketOf(stranger) })

    socket.send(subscribe('1'))

    expect(await socket.heard()).toMatchObject({ payload: { errors: [{ extensions: { code: 'EXECUTION_NOT_FOUND' } }] } })
    await socket.close()
  })
})

describe('a ticket that somebody has overheard', () => {
  it('lets in one socket, the first', async () => {
    const ticket = await ticketOf(victim)
    const mine = await RawSocket.open(app.url)
    expect(await mine.begin({ ticket })).toEqual(acknowledged)

    const thieves = await Promise.all(Array.from({ length: 10 }, () => RawSocket.open(app.url)))
    const ends = await Promise.all(thieves.map((socket) => socket.begin({ ticket })))

    expect(ends).toEqual(thieves.map(() => 4403))
    expect(thieves.map(({ waiting }) => waiting)).toEqual(thieves.map(() => 0))
    mine.send(subscribe('1'))
    expect(await mine.heard()).toMatchObject({ payload: { data: { flowExecution: step } } })
    await mine.close()
  })

  it('shows what there is, and does nothing', async () => {
    const socket = await RawSocket.open(app.url)
    await socket.begin({ ticket: await ticketOf(victim) })
    const query = 'mutation ($input: RespondInput!) { respond(input: $input) { __typename } }'
    const input = { executionId: step.id, stepToken: step.stepToken, response: { dummy: {} } }

    socket.send({ type: 'subscribe', id: '1', payload: { query, variables: { input } } })

    expect(await socket.heard()).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'SUBSCRIPTIONS_ONLY' } }] })
    await socket.close()
  })
})

describe('a page of a stranger', () => {
  it.each(['https://evil.example.com', 'null', 'http://localhost.evil.example.com'])(
    'at %s opens no socket with the cookies of who visits it',
    async (origin) => {
      await expect(RawSocket.of(victim, { headers: { origin } })).rejects.toMatchObject({ status: 403 })
      const headers = { accept: 'text/event-stream', origin }
      const search = new URLSearchParams({ query: watch, variables: JSON.stringify({ id: step.id }) })
      expect((await victim.fetch(`/graphql?${search}`, { headers })).status).toBe(403)
    },
  )
})

describe('a socket', () => {
  it('that says nothing is closed', async () => {
    const socket = await RawSocket.of(victim)
    app.clock.advance(longestSilence)
    app.app.tend()

    expect(await socket.closed).toBe(4408)
  })

  it('that never says that it is there is closed, and what it listened to ends', async () => {
    const socket = await RawSocket.of(victim, { autoPong: false })
    await socket.begin()
    socket.send(subscribe('1'))
    await socket.heard()

    for (const seconds of [quietBeforePing, longestUntilPong]) {
      app.clock.advance(seconds)
      app.app.tend()
    }

    expect(await socket.closed).toBe(1006)
    await vi.waitFor(async () => expect(await streams()).toBe(0))
  })

  it('that sends a megabyte at once is closed', async () => {
    const socket = await RawSocket.of(victim)
    await socket.begin()
    const query = `${watch} # ${'x'.repeat(2 ** 20)}`
    socket.send({ ...subscribe('1'), payload: { query, variables: { id: step.id } } })

    expect(await socket.closed).toBe(1009)
    expect(await streams()).toBe(0)
  })

  it('that subscribes ten thousand times is closed long before, and costs little', async () => {
    const socket = await RawSocket.of(victim)
    await socket.begin()
    const before = app.database.sql.counts.reads
    for (let sent = 0; sent < 10_000; sent += 1) socket.send(subscribe(String(sent)))

    expect(await socket.closed).toBe(4429)
    expect(app.database.sql.counts.reads - before).toBeLessThanOrEqual(2 * mostMessagesPerMinute)
    await vi.waitFor(async () => expect(await streams()).toBe(0))
    const next = await RawSocket.of(victim)
    expect(await next.begin()).toEqual(acknowledged)
    await next.close()
  })

  it.each([
    ['the same id', () => '1', 4409],
    ['another id each time', String, 4429],
  ])('that subscribes and leaves ten thousand times, with %s, is closed as well', async (_, idOf, code) => {
    const socket = await RawSocket.of(victim)
    await socket.begin()
    for (let sent = 0; sent < 10_000; sent += 1) {
      socket.send(subscribe(idOf(sent)))
      socket.send({ type: 'complete', id: idOf(sent) })
    }

    expect(await socket.closed).toBe(code)
    await vi.waitFor(async () => expect(await streams()).toBe(0))
  })
})
