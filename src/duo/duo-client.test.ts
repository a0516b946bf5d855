import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DuoServer, startDuoServer } from '../../test/support/duo-server.ts'
import type { DuoAnswer, DuoGateway } from '../flow/duo.ts'
import { createDuoClient } from './duo-client.ts'

let server: DuoServer
let duo: DuoGateway

beforeAll(async () => {
  server = await startDuoServer()
  duo = createDuoClient({ now: () => server.now(), authority: server.ca })
})
afterAll(() => server.close())

const clientIp = '192.0.2.7'
const patient = () => new AbortController().signal

/** What Duo answered; fails when it did not. */
function answered<Value>(answer: DuoAnswer<Value>): Value {
  if (!answer.ok) throw new Error(`${answer.problem}: ${answer.message}`)
  return answer.value
}

describe('an enrolment', () => {
  it('is begun with a name and a time, and is waited for until the person has scanned the code', async () => {
    const enrollment = answered(await duo.enroll(server.settings, 'Zoë (new) & co', 3600))

    expect(enrollment).toEqual({
      userId: server.user('Zoë (new) & co').userId,
      username: 'Zoë (new) & co',
      activationBarcode: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/frame\/qr\?value=duo%3A%2F%2F/),
      activationCode: expect.stringMatching(/^duo:\/\//),
      activationUrl: expect.stringMatching(/^https:/),
      expiresAt: new Date(server.now().getTime() + 3_600_000),
    })
    expect(await duo.enrollmentStatus(server.settings, enrollment)).toEqual({ ok: true, value: 'waiting' })
    server.activate(enrollment.userId)
    expect(await duo.enrollmentStatus(server.settings, enrollment)).toEqual({ ok: true, value: 'success' })
  })

  it('is none with another code', async () => {
    const { userId } = answered(await duo.enroll(server.settings, 'grace', 3600))

    expect(await duo.enrollmentStatus(server.settings, { userId, activationCode: 'duo://another' })).toEqual({
      ok: true,
      value: 'invalid',
    })
  })

  it('of somebody Duo knows is refused', async () => {
    server.add('known')

    expect(await duo.enroll(server.settings, 'known', 3600)).toMatchObject({ ok: false, problem: 'refused', code: 40_003 })
  })
})

describe('before a proof', () => {
  it('Duo tells what somebody could prove themselves with', async () => {
    const { userId } = server.add('ada', {
      devices: [
        {
          device: 'DP1',
          type: 'phone',
          display_name: 'iOS (XXX-XXX-0100)',
          capabilities: ['auto', 'push', 'sms', 'phone', 'mobile_otp', 'levitate'],
        },
        { device: 'DH1', type: 'token', name: '123456' },
        { device: 'DX1', type: 'crystal_ball' },
      ],
    })

    expect(await duo.preauth(server.settings, { userId, clientIp })).toEqual({
      ok: true,
      value: {
        result: 'auth',
        message: 'Account is active',
        devices: [
          {
            id: 'DP1',
            displayName: 'iOS (XXX-XXX-0100)',
            type: 'phone',
            capabilities: ['auto', 'push', 'sms', 'phone', 'mobile_otp'],
          },
          { id: 'DH1', displayName: '123456', type: 'token', capabilities: [] },
          { id: 'DX1', displayName: 'DX1', type: 'other', capabilities: [] },
        ],
      },
    })
    expect(server.requestsTo('/auth/v2/preauth').at(-1)?.parameters).toEqual({
      user_id: userId,
      ipaddr: clientIp,
      client_supports_verified_push: '1',
    })
  })

  it.each([
    ['allow', { result: 'allow', message: 'Account is in bypass mode' }],
    ['deny', { result: 'deny', message: 'Your account is disabled and cannot access this application.' }],
    [
      'enroll',
      {
        result: 'enroll',
        message: 'Enroll an authentication device to proceed',
        portalUrl: expect.stringMatching(/^https:.*portal/),
      },
    ],
  ] as const)('Duo says what its policy says: %s', async (preauth, value) => {
    const { userId } = server.add(`policy ${preauth}`, { preauth })

    expect(await duo.preauth(server.settings, { userId, clientIp })).toEqual({ ok: true, value })
  })

  it('is not told an address that is none', async () => {
    const { userId } = server.add('somewhere')
    await duo.preauth(server.settings, { userId, clientIp: 'unknown' })

    expect(server.requestsTo('/auth/v2/preauth').at(-1)?.parameters).not.toHaveProperty('ipaddr')
  })
})

describe('a push', () => {
  it('shows what is to be approved, once, and is over as soon as the person has', async () => {
    const { userId } = server.add('linus')
    const pushInfo = { Domain: 'login.example.test', Application: 'Müller & Söhne = 100%', Flow: "sign-in (it's *new*!)" }
    const { txid, verificationCode } = answered(
      await duo.begin(server.settings, {
        userId,
        factor: 'push',
        device: 'auto',
        clientIp,
        title: 'Acme Login request',
        displayUsername: 'Linus & co',
        pushInfo,
      }),
    )

    expect(verificationCode).toBeUndefined()
    expect(await server.asked('linus')).toEqual({
      txid,
      userId,
      username: 'linus',
      factor: 'push',
      device: expect.stringMatching(/^DP/),
      title: 'Acme Login request',
      displayUsername: 'Linus & co',
      pushInfo,
      clientIp,
      verificationCode: undefined,
    })
    expect(await duo.status(server.settings, txid, patient())).toEqual({
      ok: true,
      value: { result: 'waiting', status: 'pushed', message: 'Pushed a login request to your phone...' },
    })

    const asked = duo.status(server.settings, txid, patient())
    await server.polled('linus')
    server.approve('linus')

    expect(await asked).toEqual({
      ok: true,
      value: { result: 'allow', status: 'allow', message: 'Success. Logging you in...' },
    })
    expect(server.pushes('linus')).toHaveLength(1)
  })

  it.each([
    ['denies it', 'deny', 'deny'],
    ['reports it', 'fraud', 'fraud'],
    ['does nothing', 'timeOut', 'timeout'],
  ] as const)('is no proof when the person %s', async (_, act, status) => {
    const { userId, username } = server.add(`who ${status}`)
    const { txid } = answered(await duo.begin(server.settings, { userId, factor: 'auto', clientIp }))
    server[act](username)

    expect(await duo.status(server.settings, txid, patient())).toMatchObject({ ok: true, value: { result: 'deny', status } })
  })

  it('is verified by a code where the account asks for that', async () => {
    const { userId } = server.add('vera', { verifiedPush: true })
    const { txid, verificationCode } = answered(
      await duo.begin(server.settings, { userId, factor: 'auto', clientIp, pushInfo: { Domain: 'login.example.test' } }),
    )

    expect(verificationCode).toMatch(/^\d{3}$/)
    expect(await server.asked('vera')).toMatchObject({ txid, factor: 'push', verificationCode })
    expect(server.approve('vera', 'xyz')).toBe(false)
    expect(server.approve('vera', verificationCode)).toBe(true)
    expect(await duo.status(server.settings, txid, patient())).toMatchObject({ ok: true, value: { result: 'allow' } })
  })

  it('shows as much as Duo takes, and no pair in part', async () => {
    const { userId } = server.add('verbose')
    const pushInfo = { Domain: 'login.example.test', Application: 'é'.repeat(3000), Flow: 'x'.repeat(2000) }
    answered(await duo.begin(server.settings, { userId, factor: 'push', clientIp, pushInfo }))

    expect((await server.asked('verbose')).pushInfo).toEqual({ Domain: 'login.example.test', Application: 'é'.repeat(3000) })
  })

  it('that Duo needs no answer to is over at once', async () => {
    const [bypassed, locked] = [server.add('bypassed', { preauth: 'allow' }), server.add('locked', { preauth: 'deny' })]
    const statusOf = async ({ userId }: { userId: string }) => {
      const { txid } = answered(await duo.begin(server.settings, { userId, factor: 'push', clientIp }))
      return duo.status(server.settings, txid, patient())
    }

    expect(await statusOf(bypassed)).toMatchObject({ value: { result: 'allow', status: 'bypass' } })
    expect(await statusOf(locked)).toMatchObject({ value: { result: 'deny', status: 'locked_out' } })
  })
})

describe('a call', () => {
  it('tells how far it is', async () => {
    const { userId } = server.add('maria')
    const { txid } = answered(await duo.begin(server.settings, { userId, factor: 'phone', clientIp, title: 'Not for calls' }))
    const status = () => duo.status(server.settings, txid, patient())

    expect(await status()).toMatchObject({ value: { result: 'waiting', status: 'calling' } })
    server.update('maria', { result: 'waiting', status: 'answered', status_msg: "Answered. Press '#' on your phone to log in." })
    expect(await status()).toMatchObject({ value: { result: 'waiting', status: 'answered' } })
    server.approve('maria')
    expect(await status()).toMatchObject({ value: { result: 'allow' } })
    expect(server.requestsTo('/auth/v2/auth').at(-1)?.parameters).toEqual({
      user_id: userId,
      ipaddr: clientIp,
      factor: 'phone',
      device: 'auto',
      async: '1',
    })
  })
})

describe('a passcode', () => {
  it('is judged at once, and right once', async () => {
    const { userId } = server.add('paul', { passcodes: ['123456'] })
    const verify = (passcode: string) => duo.verify(server.settings, { userId, factor: 'passcode', passcode, clientIp })

    expect(await verify('654321')).toMatchObject({ ok: true, value: { result: 'deny' } })
    expect(await verify('123456')).toMatchObject({ ok: true, value: { result: 'allow' } })
    expect(await verify('123456')).toMatchObject({ ok: true, value: { result: 'deny' } })
  })

  it('is refused where there is none', async () => {
    const { userId } = server.add('pauline', { passcodes: [''] })

    expect(await duo.verify(server.settings, { userId, factor: 'passcode', clientIp })).toMatchObject({
      ok: false,
      problem: 'refused',
      code: 40_001,
    })
  })
})

describe('two who ask about one transaction', () => {
  it('are both told', async () => {
    const { userId } = server.add('shared')
    const { txid } = answered(await duo.begin(server.settings, { userId, factor: 'push', clientIp }))
    await duo.status(server.settings, txid, patient())
    const asked = [1, 2].map(() => duo.status(server.settings, txid, patient()))
    await server.polled('shared')
    server.deny('shared')

    expect(await Promise.all(asked)).toMatchObject([{ value: { result: 'deny' } }, { value: { result: 'deny' } }])
  })
})
