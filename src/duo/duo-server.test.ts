import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import official from '@duosecurity/duo_api/lib/duo_sig.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DuoServer, startDuoServer } from '../../test/support/duo-server.ts'

type Parameters = Readonly<Record<string, string>>

let server: DuoServer

beforeAll(async () => {
  server = await startDuoServer()
  server.add('ada', { userId: 'DUADA', passcodes: ['123456'] })
})
afterAll(() => server.close())

interface Changes {
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** What is sent in place of what was signed. */
  readonly encoded?: string
}

/** Asks as Duo's own client does, but for what a test changes. */
function ask(method: 'GET' | 'POST', path: string, parameters: Parameters = {}, changes: Changes = {}) {
  const { integrationKey, secretKey, host } = path.startsWith('/admin') ? server.adminSettings : server.settings
  const date = server.now().toUTCString()
  const encoded = changes.encoded ?? new URLSearchParams(parameters).toString()
  const headers: Record<string, string | undefined> = {
    date,
    authorization: official.sign(integrationKey, secretKey, method, host, path, parameters, date),
    ...(method === 'POST' && { 'content-type': 'application/x-www-form-urlencoded' }),
    ...changes.headers,
  }
  const [hostname, port] = host.split(':')
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
  const query = method === 'GET' && encoded !== '' ? `?${encoded}` : ''
  return new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    const sent = request({ hostname, port, ca: server.ca, method, path: path + query, headers: given as Record<string, string> })
    sent.on('error', reject)
    sent.on('response', async (reply) => resolve({ status: reply.statusCode, body: JSON.parse(await text(reply)) }))
    sent.end(method === 'POST' ? encoded : undefined)
  })
}

const refusal = (code: number, detail?: string) => ({
  status: Math.floor(code / 100),
  body: { stat: 'FAIL', code, message: expect.any(String), ...(detail && { message_detail: detail }) },
})
const ada = { user_id: 'DUADA' }
const push = { ...ada, factor: 'push', device: 'auto' }

describe('the Duo that tests ask', () => {
  it("takes what Duo's own client would send", async () => {
    expect(await ask('GET', '/auth/v2/ping')).toMatchObject({
      status: 200,
      body: { stat: 'OK', response: { time: 1_772_366_400 } },
    })
    expect(await ask('GET', '/auth/v2/check')).toMatchObject({ status: 200 })
    expect(await ask('POST', '/auth/v2/preauth', { username: 'Ada', hostname: "it's (mine)!*~" })).toMatchObject({
      body: { response: { result: 'auth', devices: [{ type: 'phone' }] } },
    })
  })

  it.each<[string, Changes, number]>([
    ['nobody', { headers: { authorization: undefined } }, 40_101],
    ['somebody else', { headers: { authorization: `Basic ${Buffer.from('DIOTHER:00').toString('base64')}` } }, 40_102],
    ['in no way it knows', { headers: { authorization: 'Bearer x' } }, 40_102],
    ['never', { headers: { date: undefined } }, 40_104],
    ['at another time', { headers: { date: 'Sun, 01 Mar 2026 12:00:01 GMT' } }, 40_103],
    ['about somebody else', { encoded: 'user_id=DUEVE' }, 40_103],
    ['in JSON', { headers: { 'content-type': 'application/json' } }, 40_106],
    ['twice', { encoded: 'user_id=DUADA&user_id=DUADA' }, 40_002],
  ])('refuses what was signed by or for %s', async (_, changes, code) => {
    expect(await ask('POST', '/auth/v2/preauth', ada, changes)).toMatchObject(refusal(code))
  })

  it.each(['Sun, 01 Mar 2026 11:54:59 GMT', 'Sun, 01 Mar 2026 12:05:01 GMT', '2026-03-01T12:00:00Z', '1772366400'])(
    'refuses the time %s',
    async (date) => {
      const { integrationKey, secretKey, host } = server.settings
      const authorization = official.sign(integrationKey, secretKey, 'POST', host, '/auth/v2/preauth', ada, date)

      expect(await ask('POST', '/auth/v2/preauth', ada, { headers: { date, authorization } })).toMatchObject(refusal(40_105))
    },
  )

  it.each<['GET' | 'POST', string, Parameters, number, string?]>([
    ['GET', '/auth/v2/preauth', ada, 40_501],
    ['POST', '/auth/v2/auth_status', { txid: 'x' }, 40_501],
    ['GET', '/auth/v2/nothing', {}, 40_401],
    ['POST', '/auth/v2/preauth', {}, 40_001, 'username'],
    ['POST', '/auth/v2/preauth', { ...ada, username: 'ada' }, 40_002, 'user_id'],
    ['POST', '/auth/v2/preauth', { ...ada, ipaddr: 'here' }, 40_002, 'ipaddr'],
    ['POST', '/auth/v2/preauth', { ...ada, colour: 'blue' }, 40_002, 'colour'],
    ['POST', '/auth/v2/enroll', { username: 'new', valid_secs: 'long' }, 40_002, 'valid_secs'],
    ['POST', '/auth/v2/enroll', { username: 'ADA' }, 40_003],
    ['POST', '/auth/v2/enroll_status', ada, 40_001, 'activation_code'],
    ['GET', '/auth/v2/auth_status', {}, 40_001, 'txid'],
    ['GET', '/auth/v2/auth_status', { txid: 'unknown' }, 40_002, 'txid'],
    ['POST', '/auth/v2/auth', ada, 40_001, 'factor'],
    ['POST', '/auth/v2/auth', { ...ada, factor: 'wink' }, 40_002, 'factor'],
    ['POST', '/auth/v2/auth', { ...ada, factor: 'push' }, 40_001, 'device'],
    ['POST', '/auth/v2/auth', { ...ada, factor: 'passcode' }, 40_001, 'passcode'],
    ['POST', '/auth/v2/auth', { ...ada, factor: 'passcode', passcode: '1', device: 'auto' }, 40_002, 'device'],
    ['POST', '/auth/v2/auth', { ...push, factor: 'phone', pushinfo: 'a=b' }, 40_002, 'pushinfo'],
    ['POST', '/auth/v2/auth', { ...push, pushinfo: 'a=b c' }, 40_002, 'pushinfo'],
    ['POST', '/auth/v2/auth', { ...push, pushinfo: `a=${'b'.repeat(19_998)}` }, 40_002, 'pushinfo'],
    ['POST', '/auth/v2/auth', { ...push, device: 'DPOTHER' }, 40_002, 'device'],
    ['POST', '/auth/v2/auth', { ...push, txid: 'made-up' }, 40_002, 'txid'],
    ['POST', '/auth/v2/auth', { ...push, user_id: 'DUNOBODY' }, 40_002, 'user_id'],
    ['GET', '/admin/v1/users', { limit: '-1' }, 40_002, 'limit'],
  ])('refuses what is not as documented: %s %s %j', async (method, path, parameters, code, detail) => {
    expect(await ask(method, path, parameters)).toMatchObject(refusal(code, detail))
    expect(server.requestsTo(path).at(-1)?.refused).toBe(code)
    expect(server.pushes()).toEqual([])
  })

  it('offers a code to clients that can show one, for one push within a minute', async () => {
    const { userId } = server.add('vera', { verifiedPush: true })
    const offered = async (more: Parameters = {}) => {
      const { body } = await ask('POST', '/auth/v2/preauth', { user_id: userId, ...more })
      return (body as { response: { txid?: string } }).response.txid
    }
    expect(await offered()).toBeUndefined()
    const txid = (await offered({ client_supports_verified_push: '1' })) ?? ''
    const sent = { ...push, user_id: userId, async: '1', txid }

    expect(await ask('POST', '/auth/v2/auth', sent)).toMatchObject({ body: { response: { txid } } })
    expect(await ask('POST', '/auth/v2/auth', sent)).toMatchObject(refusal(40_002, 'txid'))

    const late = (await offered({ client_supports_verified_push: '1' })) ?? ''
    const { now } = server
    server.now = () => new Date(now().getTime() + 61_000)
    expect(await ask('POST', '/auth/v2/auth', { ...sent, txid: late })).toMatchObject(refusal(40_002, 'txid'))
    server.now = now
  })

  it('waits with its answer where nobody asked it not to', async () => {
    const { userId } = server.add('blocking')
    const answer = ask('POST', '/auth/v2/auth', { ...push, user_id: userId })
    await server.asked('blocking')
    server.deny('blocking')

    expect(await answer).toMatchObject({ body: { response: { result: 'deny', status: 'deny' } } })
  })

  it('knows people who answer by themselves', async () => {
    const { userId } = server.add('swift', { reacts: { result: 'allow', after: 1 } })

    expect(await ask('POST', '/auth/v2/auth', { ...push, user_id: userId })).toMatchObject({
      body: { response: { result: 'allow' } },
    })
  })

  it('lets nothing happen to what is over', async () => {
    const { userId } = server.add('late')
    await ask('POST', '/auth/v2/auth', { ...push, user_id: userId, async: '1' })

    expect([server.timeOut('late'), server.approve('late')]).toEqual([true, false])
  })
})
