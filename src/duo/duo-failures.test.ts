import { once } from 'node:events'
import { createServer as createTcpServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAuthority } from '../../test/support/certificates.ts'
import type { DuoFault } from '../../test/support/duo-listener.ts'
import { type DuoServer, startDuoServer } from '../../test/support/duo-server.ts'
import type { DuoAnswer, DuoGateway, DuoSettings } from '../flow/duo.ts'
import { createDuoClient } from './duo-client.ts'
import type { ExchangeOptions } from './exchange.ts'

let server: DuoServer
let userId: string

beforeAll(async () => {
  server = await startDuoServer()
  userId = server.add('ada', { passcodes: ['123456'] }).userId
})
afterAll(() => server.close())
beforeEach(() => server.heal())

const clientIp = '192.0.2.7'
const forever = new AbortController().signal
const client = (options: Partial<ExchangeOptions> = {}) =>
  createDuoClient({ now: () => server.now(), authority: server.ca, pause: 1, ...options })

/** Every question there is, with the path that it goes to. */
const questions: readonly [string, (duo: DuoGateway, settings: DuoSettings) => Promise<DuoAnswer<unknown>>][] = [
  ['/auth/v2/enroll', (duo, settings) => duo.enroll(settings, 'somebody', 60)],
  ['/auth/v2/enroll_status', (duo, settings) => duo.enrollmentStatus(settings, { userId, activationCode: 'hush-activation' })],
  ['/auth/v2/preauth', (duo, settings) => duo.preauth(settings, { userId, clientIp })],
  ['/auth/v2/auth', (duo, settings) => duo.begin(settings, { userId, factor: 'push', clientIp })],
  ['/auth/v2/auth', (duo, settings) => duo.verify(settings, { userId, factor: 'passcode', passcode: 'hush-passcode', clientIp })],
  ['/auth/v2/auth_status', (duo, settings) => duo.status(settings, 'hush-txid', forever)],
]
const userList: (typeof questions)[number] = ['/admin/v1/users', (duo) => duo.users(server.adminSettings)]

const failures: readonly [string, DuoFault, object][] = [
  ['is down', { type: 'reply', status: 503, body: 'hush' }, { problem: 'unreachable', code: undefined }],
  ['fails in its own words', { type: 'fail', code: 50_000 }, { problem: 'unreachable' }],
  ['hangs up', { type: 'close' }, { problem: 'unreachable', code: undefined }],
  ['is asked too often', { type: 'reply', status: 429 }, { problem: 'limited' }],
  ['is asked too often, in its own words', { type: 'fail', code: 42_901 }, { problem: 'limited' }],
  [
    'is asked too often, in an envelope of another status',
    { type: 'reply', status: 400, body: '{"stat":"FAIL","code":42901,"message":"Slow down"}' },
    { problem: 'limited', code: 42_901 },
  ],
  [
    'refuses',
    { type: 'fail', code: 40_301, message: 'Access forbidden', detail: 'Wrong integration type for this API.' },
    { problem: 'refused', code: 40_301, message: expect.stringContaining('Access forbidden: Wrong integration type') },
  ],
  ['refuses without a code', { type: 'reply', status: 400, body: '{"stat":"FAIL"}' }, { problem: 'refused', code: undefined }],
  ['refuses with status 200', { type: 'reply', status: 200, body: '{"stat":"FAIL","code":40301}' }, { problem: 'refused' }],
  ['sends us elsewhere', { type: 'reply', status: 302, headers: { location: '/auth/v2/ping' } }, { problem: 'malformed' }],
  ['says nothing', { type: 'reply', status: 200 }, { problem: 'malformed' }],
  ['is a page', { type: 'reply', status: 200, body: '<html>hush</html>' }, { problem: 'malformed' }],
  ['is JSON of no form', { type: 'reply', status: 200, body: '["hush"]' }, { problem: 'malformed' }],
  ['is half of one', { type: 'reply', status: 200, body: '{"stat":"OK","resp' }, { problem: 'malformed' }],
  ['has no contents', { type: 'reply', status: 200, body: '{"stat":"OK"}' }, { problem: 'malformed' }],
  ['has no word for it', { type: 'reply', status: 200, body: '{"stat":"MAYBE","response":{}}' }, { problem: 'malformed' }],
  [
    'says OK and means it not',
    { type: 'reply', status: 400, body: '{"stat":"OK","response":"success"}' },
    { problem: 'malformed' },
  ],
  ['has other contents', { type: 'response', response: { hush: 1 } }, { problem: 'malformed' }],
  ['has no object in it', { type: 'response', response: null }, { problem: 'malformed' }],
]

describe.each([...questions, userList])('a question to %s', (path, ask) => {
  it.each(failures)('has an answer when Duo %s', async (_, fault, failure) => {
    server.failAlways(path, fault)
    const answer = await ask(client(), server.settings)

    expect(answer).toMatchObject({ ok: false, ...failure })
    expect(JSON.stringify(answer)).toContain(path)
    expect(JSON.stringify(answer)).not.toContain('hush')
  })

  it('has an answer when Duo has none in time', async () => {
    server.failAlways(path, { type: 'hold' })
    const answer = await ask(client({ patience: 20, heldPatience: 20 }), server.settings)

    expect(answer).toMatchObject({ ok: false, problem: 'unreachable', message: expect.stringContaining('no reply in time') })
  })

  it('has an answer when the reply does not end', async () => {
    const limit = path === '/admin/v1/users' ? 8 * 1024 * 1024 : 65_536
    server.failAlways(path, { type: 'reply', status: 200, body: JSON.stringify({ stat: 'OK', response: 'x'.repeat(limit) }) })

    expect(await ask(client(), server.settings)).toMatchObject({
      ok: false,
      problem: 'malformed',
      message: expect.stringContaining(`more than ${limit} bytes`),
    })
  })
})

describe.each(questions)('a question to %s', (path, ask) => {
  it('has an answer when the key is another', async () => {
    const answer = await ask(client(), { ...server.settings, secretKey: 'hush' })

    expect(answer).toMatchObject({ ok: false, problem: 'refused', code: 40_103 })
  })

  it('has an answer when Duo knows no such integration', async () => {
    expect(await ask(client(), { ...server.settings, integrationKey: 'hush' })).toMatchObject({
      problem: 'refused',
      code: 40_102,
    })
  })

  it('is not for the keys of the other API', async () => {
    expect(await ask(client(), server.adminSettings)).toMatchObject({ problem: 'refused', code: 40_301 })
  })

  it.each([-301, 301])('is refused from a clock that is off by %i seconds', async (seconds) => {
    const now = () => new Date(server.now().getTime() + seconds * 1000)

    expect(await ask(client({ now }), server.settings)).toMatchObject({ problem: 'refused', code: 40_105 })
  })

  it.each(['https://duo.test', 'hush@duo.test', 'duo.test/', ''])('goes to no host that is called %j', async (host) => {
    const answer = await ask(client(), { ...server.settings, host })

    // No outage: nobody may be excused because of what an administrator mistyped.
    expect(answer).toMatchObject({ ok: false, problem: 'refused' })
    expect(JSON.stringify(answer)).not.toContain('hush')
  })

  it('is not answered by a server that somebody else vouches for', async () => {
    const { pem } = await createAuthority()
    const before = server.requestsTo(path).length
    const answers = [
      await ask(client({ authority: pem }), server.settings),
      await ask(client({ authority: undefined }), server.settings),
    ]

    expect(answers).toMatchObject([{ problem: 'unreachable' }, { problem: 'unreachable' }])
    expect(server.requestsTo(path)).toHaveLength(before)
  })

  it('is not answered where nobody listens, or where nobody speaks HTTPS', async () => {
    const listener = createTcpServer((socket) => socket.resume().end('hush'))
    await once(listener.listen(0, '127.0.0.1'), 'listening')
    const address = listener.address()
    const host = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    const plain = await ask(client(), { ...server.settings, host })
    listener.close()
    await once(listener, 'close')
    const nobody = await ask(client(), { ...server.settings, host })

    expect([plain, nobody]).toMatchObject([{ problem: 'unreachable' }, { problem: 'unreachable' }])
  })
})

describe('a message about a failure', () => {
  it.each(questions)('does not repeat what is secret, even where Duo does: %s', async (path, ask) => {
    const { secretKey, integrationKey } = server.settings
    const message = `Bad ${secretKey} of ${integrationKey}\n\u0000 for hush-txid, hush-passcode or hush-activation ${'x'.repeat(5000)}`
    server.failAlways(path, { type: 'fail', code: 40_002, message, detail: 'txid' })
    const answer = await ask(client(), server.settings)

    expect(answer).toMatchObject({ ok: false, code: 40_002 })
    const told = answer.ok ? '' : answer.message
    expect(told).toMatch(/Bad \*\*\* of \*\*\*/)
    expect(told).not.toContain(secretKey)
    expect(told).not.toMatch(/\p{C}/u)
    expect(told.length).toBeLessThan(300)
    if (path === '/auth/v2/auth_status') expect(told).not.toContain('hush-txid')
    if (path === '/auth/v2/enroll_status') expect(told).not.toContain('hush-activation')
  })

  it('does not repeat a passcode', async () => {
    server.failAlways('/auth/v2/auth', { type: 'fail', code: 40_002, message: 'Invalid passcode 424242' })
    const answer = await client().verify(server.settings, { userId, factor: 'passcode', passcode: '424242', clientIp })

    expect(answer).toMatchObject({ ok: false, message: expect.stringContaining('Invalid passcode ***') })
  })

  it('is cut between letters', async () => {
    server.failAlways('/auth/v2/preauth', { type: 'fail', code: 40_002, message: `${'x'.repeat(199)}😀` })
    const answer = await client().preauth(server.settings, { userId, clientIp })

    expect(answer.ok || answer.message.isWellFormed()).toBe(true)
  })

  it('does not repeat the code of a push', async () => {
    const { userId: vera } = server.add('vera', { verifiedPush: true })
    server.failAlways('/auth/v2/preauth', {
      type: 'response',
      response: { result: 'auth', devices: [], txid: 'hush-txid', verification_code: '424242' },
    })
    server.failAlways('/auth/v2/auth', { type: 'fail', code: 40_002, message: 'Not hush-txid with 424242' })

    expect(await client().begin(server.settings, { userId: vera, factor: 'push', clientIp })).toMatchObject({
      message: expect.stringContaining('Not *** with ***'),
    })
  })
})
