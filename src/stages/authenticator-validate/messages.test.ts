import { describe, expect, it } from 'vitest'
import { answered, type ContextOptions, shown, stageContext, testNow } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import { authenticatorValidateStage as stage } from './authenticator-validate.stage.ts'

const ada = someUser()
const mailStage = 'c9a6e9a4-6d0a-4f0f-8c69-0a6f8b1e2d33'
const smsStage = '0e9a6d04-4f0f-4c69-9a6f-8b1e2d33c9a6'
const liveStages = {
  [mailStage]: { kind: 'authenticator_email', config: { host: 'mail.example.test', tokenExpiry: 'minutes=10' } },
  [smsStage]: { kind: 'authenticator_sms', config: { provider: 'twilio', fromNumber: '+15550199', accountSid: 'AC1' } },
}
const secretConfigs = { [mailStage]: { password: 'not a real password' }, [smsStage]: { auth: 'not a real token' } }

const mailbox: Authenticator = {
  id: 'mailbox',
  userId: ada.id,
  kind: 'email',
  stageId: mailStage,
  lookup: 'mailbox',
  name: 'Email Device',
  confirmed: true,
  data: { email: 'ada@example.test' },
  version: 3,
  failures: 0,
  lastFailedAt: undefined,
  createdAt: testNow,
  lastUsedAt: undefined,
}
const phone: Authenticator = { ...mailbox, id: 'phone', kind: 'sms', stageId: smsStage, data: { phoneNumber: '+15550100' } }
const asking = (options: ContextOptions = {}) =>
  stageContext(stage, { pendingUser: ada, authenticators: [mailbox, phone], liveStages, secretConfigs, ...options })
const select = (one: Authenticator) => ({
  selectedChallenge: { device_class: one.kind, device_uid: one.id, challenge: {}, last_used: null },
})
const empty = [{ field: 'nonFieldErrors', message: 'Empty response', code: 'invalid' }]
const wrong = 'Invalid Token. Please ensure the time on your device is accurate and try again.'

/** What became of having a code sent: what the stage kept, and the code. */
async function sentTo(one: Authenticator, options: ContextOptions = {}) {
  const verdict = await answered(stage, asking(options), select(one))
  if (verdict.type !== 'invalid') throw new Error(`Not sent: ${JSON.stringify(verdict)}`)
  const { errors, changes } = verdict
  const { effects = [], state } = changes
  const mails = effects.flatMap((effect) => (effect.type === 'send_mail' ? [effect.mail] : []))
  const texts = effects.flatMap((effect) => (effect.type === 'send_sms' ? [effect] : []))
  const code = one.kind === 'email' ? mails[0]?.values.token : texts[0]?.message.code
  return { errors, mails, texts, state, code: String(code), effects }
}

const otherThan = (code: string) => (code === '000000' ? '000001' : '000000')

describe('codes that are sent', () => {
  it('are offered with what their owner knows the address by', async () => {
    expect(await shown(stage, asking())).toMatchObject({
      deviceChallenges: [
        { deviceClass: 'email', deviceUid: 'mailbox', challenge: { email: 'a**@e******.test' } },
        { deviceClass: 'sms', deviceUid: 'phone', challenge: { phone_number: '+******00' } },
      ],
    })
  })

  it('go out once they are asked for, as the stage says that set the address up', async () => {
    const { errors, mails, texts, code, state } = await sentTo(mailbox)

    expect(errors).toEqual(empty)
    expect(texts).toEqual([])
    expect(mails).toMatchObject([
      {
        to: { address: 'ada@example.test', name: 'Ada Lovelace' },
        template: 'email/email_otp.html',
        smtp: { host: 'mail.example.test', password: 'not a real password' },
        values: { expires: '2026-03-01T12:10:00.000Z' },
      },
    ])
    expect(code).toMatch(/^\d{6}$/)
    expect(JSON.stringify(state)).not.toContain(code)
  })

  it('go out in a text message too', async () => {
    const { errors, mails, texts, code } = await sentTo(phone)

    expect(errors).toEqual(empty)
    expect(mails).toEqual([])
    expect(texts).toMatchObject([
      {
        settings: { provider: 'twilio', auth: 'not a real token', accountSid: 'AC1' },
        message: { to: '+15550100', text: `Use this code to authenticate in Acme: ${code}` },
        messageId: expect.any(String),
        // Nobody is sent a code that counts no more.
        expiresAt: '2026-03-01T12:05:00.000Z',
        stage: 'the authenticator_validate stage',
      },
    ])
  })

  it.each([mailbox, phone])('pass whoever has got them: $kind', async (one) => {
    const { state, code } = await sentTo(one)

    expect(await answered(stage, asking({ state }), { code: ` ${code}` })).toMatchObject({
      type: 'advance',
      changes: {
        context: {
          auth_method: 'auth_mfa',
          auth_method_args: { mfa_devices: [{ pk: one.id, model_name: `${one.kind}device` }] },
        },
        effects: [{ type: 'use_authenticator', id: one.id, version: 3, data: one.data }],
      },
    })
  })

  it('are not sent by an answer that holds one', async () => {
    const { state, code } = await sentTo(phone)
    const verdict = await answered(stage, asking({ state }), { code, ...select(phone) })

    expect(verdict).toMatchObject({ type: 'advance', changes: { effects: [{ type: 'use_authenticator' }] } })
  })

  it.each([
    [mailbox, 600],
    [phone, 300],
  ])('run out: $kind', async (one, seconds) => {
    const { state, code } = await sentTo(one)
    const at = (after: number) => asking({ state, now: new Date(testNow.getTime() + after * 1000) })

    expect(await answered(stage, at(seconds - 1), { code })).toMatchObject({ type: 'advance' })
    expect(await answered(stage, at(seconds), { code })).toMatchObject({ type: 'invalid', errors: [{ message: wrong }] })
  })

  it('are replaced by a new one, and stand beside those of other authenticators', async () => {
    const first = await sentTo(mailbox)
    const second = await sentTo(mailbox, { state: first.state })
    const both = await sentTo(phone, { state: second.state })

    if (first.code !== second.code)
      expect(await answered(stage, asking({ state: second.state }), { code: first.code })).toMatchObject({ type: 'invalid' })
    for (const code of [second.code, both.code])
      expect(await answered(stage, asking({ state: both.state }), { code })).toMatchObject({ type: 'advance' })
  })

  it('count at this stage, in this execution and for this authenticator alone', async () => {
    const { state, code } = await sentTo(mailbox)
    const kept = (state as { codes: Record<string, unknown> }).codes.mailbox
    const elsewhere = [
      { ...asking({ state }), stageId: 'another' },
      { ...asking({ state }), executionId: 'another' },
      asking({ state: { codes: { phone: kept } } }),
      asking(),
    ]

    for (const context of elsewhere) expect(await answered(stage, context, { code })).toMatchObject({ type: 'invalid' })
  })

  it('make only those wait that one was sent to when it was wrong', async () => {
    const { state, code } = await sentTo(mailbox)
    const answer = { code: otherThan(code) }

    expect(await answered(stage, asking({ state }), answer)).toMatchObject({
      errors: [{ field: 'code', message: wrong }],
      changes: { effects: [{ type: 'fail_authenticator', id: 'mailbox' }] },
    })
    expect(await answered(stage, asking(), answer)).toMatchObject({ errors: [{ message: wrong }], changes: { effects: [] } })
  })

  it.each([
    [mailbox, 'emailOtpThrottlingFactor'],
    [phone, 'smsOtpThrottlingFactor'],
  ])('wait as long as is configured for $kind', async (one, factor) => {
    const { state, code } = await sentTo(one)
    const authenticators = [{ ...one, failures: 1, lastFailedAt: new Date(testNow.getTime() - 5000) }]

    expect(await answered(stage, asking({ state, authenticators, config: { [factor]: 6 } }), { code })).toMatchObject({
      type: 'invalid',
      changes: { effects: [] },
    })
    expect(
      await answered(stage, asking({ state, authenticators, config: { totpOtpThrottlingFactor: 6 } }), { code }),
    ).toMatchObject({
      type: 'advance',
    })
  })
})

describe('codes that cannot be sent', () => {
  it('are too many', async () => {
    const { errors, texts, state } = await sentTo(phone, { takeTurn: () => 200 })

    expect(errors).toEqual([
      { field: 'nonFieldErrors', message: 'Too many messages. Try again in 4 minutes.', code: 'throttled' },
    ])
    expect(texts).toEqual([])
    expect(state).not.toHaveProperty('codes')
  })

  it.each([
    ['its stage is gone', { liveStages: {} }],
    [
      'its stage is of another kind',
      { liveStages: { [mailStage]: { kind: 'dummy', config: {} }, [smsStage]: { kind: 'dummy', config: {} } } },
    ],
    [
      'it was set up by none',
      {
        authenticators: [
          { ...mailbox, stageId: undefined },
          { ...phone, stageId: undefined },
        ],
      },
    ],
  ])('still keep people from passing without a proof when %s', async (_, options: ContextOptions) => {
    for (const one of [mailbox, phone]) {
      const { errors, mails, texts, effects } = await sentTo(one, options)

      expect(errors).toMatchObject([{ message: 'No code can be sent. Contact your Acme administrator for help.' }])
      expect([...mails, ...texts]).toEqual([])
      expect(effects).toMatchObject([{ type: 'audit', event: { action: 'configuration_error' } }])
    }
  })

  it('have a template that is gone', async () => {
    const { errors, mails } = await sentTo(mailbox, { mailTemplates: [] })

    expect(errors).toMatchObject([{ message: expect.stringContaining('No code can be sent.') }])
    expect(mails).toEqual([])
  })

  it('would go to a number of which only a digest is kept: it is not offered', async () => {
    const authenticators = [{ ...phone, data: { phoneNumberHash: 'x' } }]

    expect(await stage.present(asking({ authenticators, config: { notConfiguredAction: 'deny' } }))).toEqual({
      type: 'deny',
      message: 'No (allowed) MFA authenticator configured.',
    })
    expect(await answered(stage, asking({ authenticators: [mailbox, ...authenticators] }), select(phone))).toMatchObject({
      errors: [{ field: 'selectedChallenge', message: 'invalid challenge selected' }],
    })
  })

  it('are of a class that does not count', async () => {
    expect(await answered(stage, asking({ config: { deviceClasses: ['email'] } }), select(phone))).toMatchObject({
      errors: [{ field: 'selectedChallenge' }],
      changes: {},
    })
  })
})
