import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DuoServer, startDuoServer } from '../../test/support/duo-server.ts'
import type { DuoGateway } from '../flow/duo.ts'
import { createDuoClient } from './duo-client.ts'

let server: DuoServer
let duo: DuoGateway
let userId: string

beforeEach(async () => {
  server = await startDuoServer()
  duo = createDuoClient({ now: () => server.now(), authority: server.ca, pause: 1 })
  userId = server.add('ada').userId
})
afterEach(() => server.close())

const clientIp = '192.0.2.7'
const preauth = () => duo.preauth(server.settings, { userId, clientIp })
const begin = () => duo.begin(server.settings, { userId, factor: 'phone', clientIp })

/** A transaction whose next question is held. */
async function pending(): Promise<string> {
  const answer = await begin()
  if (!answer.ok) throw new Error(answer.message)
  await duo.status(server.settings, answer.value.txid, new AbortController().signal)
  await server.request('/auth/v2/auth_status')
  return answer.value.txid
}

describe('a question that nobody waits for any more', () => {
  it('gives its connection back at once', async () => {
    const txid = await pending()
    const controller = new AbortController()
    const asked = duo.status(server.settings, txid, controller.signal)
    const { abandoned } = await server.request('/auth/v2/auth_status')
    await server.polled('ada')
    controller.abort()

    expect(await asked).toMatchObject({ ok: false, problem: 'unreachable' })
    await abandoned
    expect(server.approve('ada')).toBe(true)
  })

  it('gives it back, too, when Duo has taken too long', async () => {
    const txid = await pending()
    const impatient = createDuoClient({ now: () => server.now(), authority: server.ca, heldPatience: 1000 })
    const asked = impatient.status(server.settings, txid, new AbortController().signal)
    const { abandoned } = await server.request('/auth/v2/auth_status')

    expect(await asked).toMatchObject({ ok: false, problem: 'unreachable' })
    await abandoned
  })

  it('is not asked', async () => {
    const txid = await pending()
    const before = server.requestsTo('/auth/v2/auth_status').length

    expect(await duo.status(server.settings, txid, AbortSignal.abort())).toMatchObject({ ok: false, problem: 'unreachable' })
    expect(server.requestsTo('/auth/v2/auth_status')).toHaveLength(before)
  })

  it('is not asked again', async () => {
    const patient = createDuoClient({ now: () => server.now(), authority: server.ca, pause: 60_000 })
    const controller = new AbortController()
    server.failAlways('/auth/v2/auth_status', { type: 'fail', code: 42_901 })
    const asked = patient.status(server.settings, 'a-transaction', controller.signal)
    await (await server.request('/auth/v2/auth_status')).answered
    // When a later answer has come, that one has too.
    await preauth()
    controller.abort()

    expect(await asked).toMatchObject({ ok: false })
    expect(server.requestsTo('/auth/v2/auth_status')).toHaveLength(1)
  })

  it('leaves nothing behind at who aborts it', async () => {
    const txid = await pending()
    server.approve('ada')
    const controller = new AbortController()
    let listeners = 0
    const { signal } = controller
    const [add, remove] = [signal.addEventListener, signal.removeEventListener]
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      listeners += 1
      add.apply(signal, given)
    }
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      listeners -= 1
      remove.apply(signal, given)
    }

    expect(await duo.status(server.settings, txid, signal)).toMatchObject({ ok: true })
    expect(listeners).toBe(0)
  })
})

describe('connections', () => {
  it('are kept for the next question', async () => {
    await preauth()
    await preauth()
    await begin()
    const ports = ['/auth/v2/preauth', '/auth/v2/auth'].flatMap((path) =>
      server.requestsTo(path).map(({ connection }) => connection),
    )

    expect(ports).toHaveLength(3)
    expect(new Set(ports).size).toBe(1)
  })

  it('are as many as there may be, and held questions do not take the place of others', async () => {
    const txid = await pending()
    const controller = new AbortController()
    const few = createDuoClient({ now: () => server.now(), authority: server.ca, connections: { quick: 1, held: 2 } })
    const [first, second, third] = [1, 2, 3].map(() => few.status(server.settings, txid, controller.signal))
    const ports = [await server.request('/auth/v2/auth_status'), await server.request('/auth/v2/auth_status')]

    expect(await few.preauth(server.settings, { userId, clientIp })).toMatchObject({ ok: true })
    expect(server.requestsTo('/auth/v2/auth_status')).toHaveLength(3)
    server.update('ada', { result: 'waiting', status: 'answered', status_msg: 'Answered.' })
    expect(await Promise.all([first, second])).toMatchObject([{ ok: true }, { ok: true }])
    const { connection } = await server.request('/auth/v2/auth_status')
    expect(ports.map((request) => request.connection)).toContain(connection)
    controller.abort()
    expect(await third).toMatchObject({ ok: false })
  })
})

describe('a question that may be asked twice', () => {
  it('is, once, when Duo wants to be left alone', async () => {
    server.failNext('/auth/v2/preauth', { type: 'reply', status: 429 })

    expect(await preauth()).toMatchObject({ ok: true })
    expect(server.requestsTo('/auth/v2/preauth')).toHaveLength(2)

    server.failNext('/auth/v2/preauth', { type: 'fail', code: 42_901 }, { type: 'fail', code: 42_901 })
    expect(await preauth()).toMatchObject({ ok: false, problem: 'limited' })
    expect(server.requestsTo('/auth/v2/preauth')).toHaveLength(4)
  })

  it('is, once, when Duo had closed the idle connection', async () => {
    await preauth()
    server.failNext('/auth/v2/preauth', { type: 'close' })

    expect(await preauth()).toMatchObject({ ok: true })
    expect(server.requestsTo('/auth/v2/preauth')).toHaveLength(3)
  })

  it.each([
    ['was new', { type: 'close' }, 'unreachable'],
    ['is held up', { type: 'reply', status: 503 }, 'unreachable'],
    ['is refused', { type: 'fail', code: 40_002 }, 'refused'],
  ] as const)('is not when the connection %s', async (_, fault, problem) => {
    server.failNext('/auth/v2/preauth', fault)

    expect(await preauth()).toMatchObject({ ok: false, problem })
    expect(server.requestsTo('/auth/v2/preauth')).toHaveLength(1)
  })
})

describe('a question for a proof', () => {
  it.each([
    ['a push', { factor: 'push' }],
    ['a call', { factor: 'phone' }],
  ] as const)('is asked once, whatever becomes of it: %s', async (_, how) => {
    const ask = () => duo.begin(server.settings, { userId, clientIp, ...how })
    await ask()
    for (const fault of [{ type: 'close' }, { type: 'reply', status: 429 }, { type: 'reply', status: 503 }] as const) {
      const before = server.requestsTo('/auth/v2/auth').length
      server.failNext('/auth/v2/auth', fault)

      expect(await ask()).toMatchObject({ ok: false })
      expect(server.requestsTo('/auth/v2/auth')).toHaveLength(before + 1)
    }
  })

  it('is asked once: a passcode, which is good once', async () => {
    const verify = () => duo.verify(server.settings, { userId, factor: 'passcode', passcode: '1', clientIp })
    await verify()
    server.failNext('/auth/v2/auth', { type: 'close' })

    expect(await verify()).toMatchObject({ ok: false, problem: 'unreachable' })
    expect(server.requestsTo('/auth/v2/auth')).toHaveLength(2)
  })

  it('is not asked when Duo cannot say whether it has to be verified', async () => {
    server.failAlways('/auth/v2/preauth', { type: 'reply', status: 503 })

    expect(await duo.begin(server.settings, { userId, factor: 'push', clientIp })).toMatchObject({ problem: 'unreachable' })
    expect(server.requestsTo('/auth/v2/auth')).toHaveLength(0)
  })

  it('takes an enrolment for something that is begun once too', async () => {
    await preauth()
    server.failNext('/auth/v2/enroll', { type: 'close' })

    expect(await duo.enroll(server.settings, 'new', 60)).toMatchObject({ ok: false, problem: 'unreachable' })
    expect(server.requestsTo('/auth/v2/enroll')).toHaveLength(1)
  })
})
