import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ticketSeconds } from '../../src/session/tickets.ts'
import { Browser, type Reply, type Step, startFlow } from '../support/browser.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { redisAvailable, redisUrl } from '../support/redis.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { watch } from '../support/streams.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

const listed = 'https://app.example.org'

let app: TestApp
let ada: Account

beforeAll(async () => {
  app = await startTestApp({ env: { CORS_ORIGINS: listed } })
  ada = await createAccount(app.database, 'ada')
  await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
  await seedFlow(app.database, { slug: 'tour', stages: [{ kind: 'dummy' }, { kind: 'dummy' }] })
})

afterAll(() => app.close())

interface Ticket {
  readonly ticket: string
  readonly expiresAt: string
}
type Tickets = Reply<{ createSubscriptionTicket: Ticket }>
const create = 'mutation { createSubscriptionTicket { ticket expiresAt } }'

async function ticketOf(browser: Browser): Promise<Ticket> {
  return ticketIn((await browser.graphql(create)) as Tickets)
}

function ticketIn({ data, errors }: Tickets): Ticket {
  if (!data) throw new Error(JSON.stringify(errors))
  return data.createSubscriptionTicket
}

/** Somebody in the middle of something, and a ticket of theirs. */
async function visit(url = app.url) {
  const browser = new Browser(url)
  const step = await browser.start('tour')
  return { browser, step, ...(await ticketOf(browser)) }
}

/** A program that knows no cookies, in the middle of something, and a ticket of its own. */
async function program() {
  const send = async (headers: Record<string, string>, body: object) => {
    const json = { 'content-type': 'application/json', ...headers }
    return fetch(`${app.url}/graphql`, { method: 'POST', headers: json, body: JSON.stringify(body) })
  }
  const begun = await send({ 'stagedoor-session': 'new' }, { query: startFlow, variables: { input: { slug: 'tour' } } })
  const { data } = (await begun.json()) as { data: { startFlow: Step } }
  const authorization = `Bearer ${begun.headers.get('stagedoor-session')}`
  const asked = await send({ authorization }, { query: create })
  return { step: data.startFlow, ...ticketIn((await asked.json()) as Tickets), authorization }
}

/** What a socket shows of an execution first: its step, or the code of a refusal. */
async function shownBy(socket: RawSocket, { id }: Step): Promise<unknown> {
  socket.send({ type: 'subscribe', id, payload: { query: watch, variables: { id } } })
  const { payload } = (await socket.heard()) as { payload: Reply<{ flowExecution: Step }> }
  return payload.data?.flowExecution ?? payload.errors?.[0]?.extensions?.code
}

const acknowledged = { type: 'connection_ack' }

describe('a ticket for a socket', () => {
  it('lets in who can send no cookie, into the session that asked for it', async () => {
    const browser = new Browser(app.url)
    await browser.signIn('sign-in', ada)
    const step = await browser.start('tour')
    const { ticket, expiresAt } = await ticketOf(browser)
    const socket = await RawSocket.open(app.url)

    expect(expiresAt).toBe(new Date(app.clock.now().getTime() + ticketSeconds * 1000).toISOString())
    expect(await socket.begin({ ticket })).toEqual(acknowledged)
    expect(await shownBy(socket, step)).toEqual(step)
    const next = await browser.answer(step, { dummy: {} })
    expect(await socket.heard()).toMatchObject({ payload: { data: { flowExecution: next } } })
    await socket.close()
  })

  it.each([
    ['a browser', visit],
    ['a program', program],
  ])('is there for %s that nobody is signed in to', async (_, come) => {
    const { step, ticket } = await come()
    const socket = await RawSocket.open(app.url)
    await socket.begin({ ticket })

    expect(await shownBy(socket, step)).toEqual(step)
    await socket.close()
  })

  it('shows nothing of other sessions', async () => {
    const [{ ticket }, other] = [await visit(), await visit()]
    const socket = await RawSocket.open(app.url)
    await socket.begin({ ticket })

    expect(await shownBy(socket, other.step)).toBe('EXECUTION_NOT_FOUND')
    await socket.close()
  })

  it.each([
    ['the cookie', async ({ browser }: Awaited<ReturnType<typeof visit>>) => RawSocket.of(browser)],
    [
      'the key',
      async () => {
        const { authorization } = await program()
        return RawSocket.open(app.url, { headers: { authorization } })
      },
    ],
  ])('takes the place of %s that its socket came with', async (_, open) => {
    const [mine, other] = [await visit(), await visit()]
    const socket = await open(mine)
    await socket.begin({ ticket: other.ticket })

    expect(await shownBy(socket, mine.step)).toBe('EXECUTION_NOT_FOUND')
    expect(await socket.heard()).toMatchObject({ type: 'complete' })
    expect(await shownBy(socket, other.step)).toEqual(other.step)
    await socket.close()
  })

  it('is not made for who has no session, or one that has ended', async () => {
    const { browser } = await visit()
    await app.database.prisma.session.deleteMany()

    for (const nobody of [new Browser(app.url), browser]) {
      expect(await nobody.graphql(create)).toMatchObject({ errors: [{ extensions: { code: 'SESSION_REQUIRED' } }] })
    }
  })

  it('opens a socket to no page that may not talk to us', async () => {
    const { ticket } = await visit()
    const from = (origin: string) => RawSocket.open(app.url, { headers: { origin } })

    await expect(from('https://evil.example.com')).rejects.toMatchObject({ status: 403 })
    const socket = await from(listed)
    expect(await socket.begin({ ticket })).toEqual(acknowledged)
    await socket.close()
  })
})

describe('a ticket that is good for nothing', () => {
  /** What comes of beginning with a ticket, on a socket that has a good cookie as well. */
  async function beginWith(ticket: unknown) {
    const { browser } = await visit()
    const socket = await RawSocket.of(browser)
    return { end: await socket.begin({ ticket }), heard: socket.waiting }
  }
  const refused = { end: 4403, heard: 0 }

  it.each([
    ['nonsense', 'nonsense'],
    ['empty', ''],
    ['none', null],
    ['no text', { ticket: 'ticket' }],
    ['far too long', 'x'.repeat(50_000)],
  ])('because it is %s closes the socket', async (_, ticket) => {
    expect(await beginWith(ticket)).toEqual(refused)
  })

  it('because it was used closes the socket, whoever brings it', async () => {
    const { browser, ticket } = await visit()
    const socket = await RawSocket.of(browser)
    await socket.begin({ ticket })

    expect(await beginWith(ticket)).toEqual(refused)
    const again = await RawSocket.of(browser)
    expect(await again.begin({ ticket })).toBe(4403)
    await socket.close()
  })

  it('because two came with it at once closes one of the sockets', async () => {
    const { ticket } = await visit()
    const sockets = await Promise.all([RawSocket.open(app.url), RawSocket.open(app.url)])

    const ends = await Promise.all(sockets.map((socket) => socket.begin({ ticket })))

    expect(ends).toHaveLength(2)
    expect(ends).toContain(4403)
    expect(ends).toContainEqual(acknowledged)
    for (const { socket } of sockets) socket.terminate()
  })

  it('because it is too old closes the socket', async () => {
    const { ticket } = await visit()
    app.clock.advance(ticketSeconds)

    expect(await beginWith(ticket)).toEqual(refused)
  })

  it('because another server made it closes the socket', async () => {
    const other = await startTestApp({ env: { SECRET_KEY: 'the secret key of somebody else altogether' } })
    await seedFlow(other.database, { slug: 'tour', stages: [{ kind: 'dummy' }] })
    const { ticket } = await visit(other.url)

    expect(await beginWith(ticket)).toEqual(refused)
    await other.close()
  })

  it('because its session has ended closes the socket', async () => {
    const { ticket } = await visit()
    await app.database.prisma.session.deleteMany()

    expect(await beginWith(ticket)).toEqual(refused)
  })

  it('because somebody has signed in since closes the socket', async () => {
    const { browser, ticket } = await visit()
    await browser.signIn('sign-in', ada)

    expect(await beginWith(ticket)).toEqual(refused)
  })

  it('because it stands in the address opens nothing', async () => {
    const { ticket, step } = await visit()
    const socket = await RawSocket.open(app.url, { search: `?ticket=${ticket}` })
    await socket.begin()

    expect(await shownBy(socket, step)).toBe('EXECUTION_NOT_FOUND')
    await socket.close()
  })
})

it('no ticket is in the log', async () => {
  const [used, unused] = [await visit(), await visit()]
  const socket = await RawSocket.open(app.url)
  await socket.begin({ ticket: used.ticket })
  await socket.close()
  expect(await (await RawSocket.open(app.url)).begin({ ticket: used.ticket })).toBe(4403)

  for (const { ticket } of [used, unused]) expect(app.logged.join('\n')).not.toContain(ticket)
})

describe('tickets of several nodes', () => {
  it.skipIf(!redisAvailable)('are good once on all of them together', async () => {
    const here = await startTestApp({ env: { REDIS_URL: redisUrl } })
    const there = await startTestApp({ env: { REDIS_URL: redisUrl }, beside: here })
    await seedFlow(here.database, { slug: 'tour', stages: [{ kind: 'dummy' }] })
    const { ticket, step } = await visit(here.url)
    const first = await RawSocket.open(there.url)
    const second = await RawSocket.open(here.url)

    expect(await first.begin({ ticket })).toEqual(acknowledged)
    expect(await second.begin({ ticket })).toBe(4403)
    expect(await shownBy(first, step)).toEqual(step)
    await first.close()
    await there.close()
    await here.close()
  })

  it('are good for nothing while Redis is away, and the socket says to come back', async () => {
    const node = await startTestApp({ env: { REDIS_URL: 'redis://127.0.0.1:9' } })
    await seedFlow(node.database, { slug: 'tour', stages: [{ kind: 'dummy' }] })
    const { ticket } = await visit(node.url)
    const socket = await RawSocket.open(node.url)

    expect(await socket.begin({ ticket })).toBe(1013)
    await node.close()
  })
})
