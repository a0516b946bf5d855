import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type DuoServer, startDuoServer } from '../../test/support/duo-server.ts'
import type { DuoGateway } from '../flow/duo.ts'
import { createDuoClient } from './duo-client.ts'

let server: DuoServer
let duo: DuoGateway
let userId: string

beforeAll(async () => {
  server = await startDuoServer()
  duo = createDuoClient({ now: () => server.now(), authority: server.ca })
  userId = server.add('ada').userId
})
afterAll(() => server.close())
beforeEach(() => server.heal())

const clientIp = '192.0.2.7'
const says = (path: string, response: unknown) => server.failAlways(path, { type: 'response', response })
const preauth = () => duo.preauth(server.settings, { userId, clientIp })
const begin = () => duo.begin(server.settings, { userId, factor: 'push', clientIp })
const status = () => duo.status(server.settings, 'a-transaction', new AbortController().signal)
const verify = () => duo.verify(server.settings, { userId, factor: 'passcode', passcode: '123456', clientIp })

describe('a reply that is nearly a proof', () => {
  it.each([
    { result: 'allowed', status: 'allow' },
    { result: 'ALLOW', status: 'allow' },
    { result: ' allow', status: 'allow' },
    { result: ['allow'], status: 'allow' },
    { result: true, status: 'allow' },
    { result: 1, status: 'allow' },
    { result: { allow: true } },
    { result: null, status: 'allow' },
    { status: 'allow', status_msg: 'Success. Logging you in...' },
    'allow',
    ['allow'],
    [{ result: 'allow' }],
  ])('is none: %j', async (response) => {
    says('/auth/v2/auth_status', response)
    says('/auth/v2/auth', response)

    expect(await status()).toMatchObject({ ok: false, problem: 'malformed' })
    expect(await verify()).toMatchObject({ ok: false, problem: 'malformed' })
  })

  it.each([{ result: 'authorize' }, { result: 'allow ' }, { result: ['allow'] }, { status_msg: 'x' }, 'allow', ['auth']])(
    'is no word of the policy either: %j',
    async (response) => {
      says('/auth/v2/preauth', response)

      expect(await preauth()).toMatchObject({ ok: false, problem: 'malformed' })
    },
  )

  it.each(['SUCCESS', 'successful', true, ['success'], { response: 'success' }, ''])(
    'is no device that was activated: %j',
    async (response) => {
      says('/auth/v2/enroll_status', response)

      expect(await duo.enrollmentStatus(server.settings, { userId, activationCode: 'x' })).toMatchObject({ problem: 'malformed' })
    },
  )
})

describe('a reply with more or less in it than we know', () => {
  it('is understood where that decides nothing', async () => {
    says('/auth/v2/auth_status', { result: 'waiting', status: 'teleported', status_msg: null, news: [1] })
    expect(await status()).toEqual({ ok: true, value: { result: 'waiting', status: 'teleported', message: '' } })

    says('/auth/v2/auth_status', { result: 'deny', status: 7 })
    expect(await status()).toEqual({ ok: true, value: { result: 'deny', status: '', message: '' } })

    says('/auth/v2/preauth', { result: 'enroll', enroll_portal_url: 'javascript:alert(1)', news: {} })
    expect(await preauth()).toEqual({ ok: true, value: { result: 'enroll', message: '', portalUrl: undefined } })

    says('/auth/v2/preauth', { result: 'auth', devices: 'none' })
    expect(await preauth()).toEqual({ ok: true, value: { result: 'auth', message: '', devices: [] } })
  })

  it.each([{ txid: '' }, { txid: 7 }, { txid: ['a'] }, {}, { result: 'allow', status: 'allow' }])(
    'is no transaction: %j',
    async (response) => {
      says('/auth/v2/auth', response)

      expect(await begin()).toMatchObject({ ok: false, problem: 'malformed' })
    },
  )

  it.each([
    { verification_code: '123' },
    { txid: 'a' },
    { txid: 'a', verification_code: '<b>1</b>' },
    { txid: 'a', verification_code: 123 },
  ])('is no code to be shown: %j', async (more) => {
    says('/auth/v2/preauth', { result: 'auth', devices: [], ...more })
    says('/auth/v2/auth', { txid: 'begun' })

    expect(await begin()).toEqual({ ok: true, value: { txid: 'begun', verificationCode: undefined } })
    expect(server.requestsTo('/auth/v2/auth').at(-1)?.parameters).not.toHaveProperty('txid')
  })

  const enrolment = {
    user_id: 'DU1',
    username: 'ada',
    activation_barcode: 'https://duo.test/qr?value=x',
    activation_code: 'duo://code',
    expiration: 1_772_370_000,
  }

  it.each([
    ['no address for a picture', { activation_barcode: 'x' }],
    ['one that is code', { activation_barcode: 'javascript:alert(1)' }],
    ['one that is none of the web', { activation_barcode: 'data:image/png;base64,AAAA' }],
    ['no code', { activation_code: '' }],
    ['nobody', { user_id: undefined }],
    ['no end', { expiration: undefined }],
    ['an end in words', { expiration: '2026-03-01' }],
    ['an end that no date can say', { expiration: 9e12 }],
  ])('is no enrolment: %s', async (_, changes) => {
    says('/auth/v2/enroll', { ...enrolment, ...changes })

    expect(await duo.enroll(server.settings, 'ada', 60)).toMatchObject({ ok: false, problem: 'malformed' })
  })

  it.each(['javascript:alert(1)', 'x', 7, null])('leaves out a link that is none: %j', async (activation_url) => {
    says('/auth/v2/enroll', { ...enrolment, activation_url })

    expect(await duo.enroll(server.settings, 'ada', 60)).toEqual({
      ok: true,
      value: {
        userId: 'DU1',
        username: 'ada',
        activationBarcode: 'https://duo.test/qr?value=x',
        activationCode: 'duo://code',
        activationUrl: undefined,
        expiresAt: new Date('2026-03-01T13:00:00Z'),
      },
    })
  })

  it('says which part is not understood, and not what it was', async () => {
    says('/auth/v2/auth_status', { result: 'hush', status: 'allow' })

    expect(await status()).toMatchObject({
      message: expect.stringMatching(/^Duo's reply to \/auth\/v2\/auth_status .*: response\.result\.$/),
    })
  })
})

describe('a question that Duo has held for too long', () => {
  it('is no refusal', async () => {
    server.failAlways('/auth/v2/auth_status', { type: 'fail', code: 40_002, message: 'Invalid request parameters' })

    expect(await status()).toMatchObject({ ok: false, problem: 'unreachable', code: 40_002 })
  })
})

describe('the users of an account', () => {
  it('are read page after page, by the keys of the Admin API', async () => {
    for (let number = 0; number < 700; number += 1) server.add(`user ${number}`)
    const answer = await duo.users(server.adminSettings)

    const expected = [...server.account.users.values()].map(({ userId: id, username }) => ({ userId: id, username }))
    expect(answer).toEqual({ ok: true, value: expected })
    expect(server.requestsTo('/admin/v1/users').map(({ parameters }) => parameters)).toEqual([
      { limit: '300', offset: '0' },
      { limit: '300', offset: '300' },
      { limit: '300', offset: '600' },
    ])
  })

  it('are all read, or none', async () => {
    server.failNext('/admin/v1/users', {
      type: 'response',
      response: [{ user_id: 'DU1', username: 'ada' }],
      metadata: { next_offset: 1 },
    })
    server.failAlways('/admin/v1/users', { type: 'reply', status: 500 })

    expect(await duo.users(server.adminSettings)).toMatchObject({ ok: false, problem: 'unreachable' })
  })

  it.each([
    ['that is the same again', [], { next_offset: 0 }],
    ['that is before it', [], { next_offset: -1 }],
    ['in words', [], { next_offset: '300' }],
    ['of half a user', [], { next_offset: 1.5 }],
    ['after no list', { user_id: 'DU1' }, {}],
    ['after somebody without an id', [{ username: 'ada' }], {}],
  ])('have no next page %s', async (_, response, metadata) => {
    server.failAlways('/admin/v1/users', { type: 'response', response, metadata })

    expect(await duo.users(server.adminSettings)).toMatchObject({ ok: false, problem: 'malformed' })
  })

  it('do not go round in a circle', async () => {
    server.failNext('/admin/v1/users', { type: 'response', response: [], metadata: { next_offset: 300 } })
    server.failAlways('/admin/v1/users', { type: 'response', response: [], metadata: { next_offset: 300 } })

    expect(await duo.users(server.adminSettings)).toMatchObject({ ok: false, problem: 'malformed' })
  })

  it('are read up to a bound', async () => {
    const before = server.requestsTo('/admin/v1/users').length
    const pages = Array.from({ length: 501 }, (_, page) => ({
      type: 'response' as const,
      response: [],
      metadata: { next_offset: page + 1 },
    }))
    server.failNext('/admin/v1/users', ...pages)

    expect(await duo.users(server.adminSettings)).toMatchObject({ ok: false, message: expect.stringContaining('150000') })
    expect(server.requestsTo('/admin/v1/users')).toHaveLength(before + 500)
  })
})
