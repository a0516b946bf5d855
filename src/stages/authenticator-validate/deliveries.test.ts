import { describe, expect, it } from 'vitest'
import { ada, authenticator, keptBy, news, withState } from '../../../test/support/duo-validation.ts'
import { answered, type ContextOptions, stageContext, testNow } from '../../../test/support/stage-context.ts'
import { mostMessages } from '../../credentials/message-limit.ts'
import { authenticatorValidateStage as stage } from './authenticator-validate.stage.ts'
import { deliverySeconds } from './messages.ts'

const mailStage = 'c9a6e9a4-6d0a-4f0f-8c69-0a6f8b1e2d33'
const smsStage = '0e9a6d04-4f0f-4c69-9a6f-8b1e2d33c9a6'
const mailbox = authenticator({ id: 'mailbox', kind: 'email', stageId: mailStage, data: { email: 'ada@example.test' } })
const phone = authenticator({ id: 'phone', kind: 'sms', stageId: smsStage, data: { phoneNumber: '+15550100' } })
const asking = (options: ContextOptions = {}) =>
  stageContext(stage, {
    pendingUser: ada,
    authenticators: [mailbox, phone],
    liveStages: {
      [mailStage]: { kind: 'authenticator_email', config: { host: 'mail.example.test', tokenExpiry: 'minutes=10' } },
      [smsStage]: { kind: 'authenticator_sms', config: { provider: 'twilio', fromNumber: '+15550199', accountSid: 'AC1' } },
    },
    secretConfigs: { [smsStage]: { auth: 'not a real token' } },
    ...options,
  })
const empty = [{ field: 'nonFieldErrors', message: 'Empty response', code: 'invalid' }]
const later = (seconds: number) => new Date(testNow.getTime() + seconds * 1000)
const select = ({ kind, id }: { kind: string; id: string }) => ({ selectedChallenge: { device_class: kind, device_uid: id } })

/** A message that was asked for: what is kept of it, its id, and its code. */
async function begun(to = phone, options: ContextOptions = {}) {
  const verdict = await answered(stage, asking(options), select(to))
  const effects = verdict.type === 'invalid' ? (verdict.changes.effects ?? []) : []
  const [sent] = effects.flatMap((effect) => (effect.type === 'send_mail' || effect.type === 'send_sms' ? [effect] : []))
  const code = sent?.type === 'send_mail' ? sent.mail.values.token : sent?.message.code
  return { state: keptBy(verdict), id: String(sent?.messageId), code: String(code) }
}

/** What is told when this has become of it. */
const become = async (to: typeof phone, delivery: 'queued' | 'sent' | 'failed', problem = '') => {
  const { state, id } = await begun(to)
  const context = asking({ deliveries: { [id]: { state: delivery, problem } } })
  return { context, state, told: await news(context, state) }
}

describe('a message with a code', () => {
  it.each([
    [phone, { holds: true }],
    [mailbox, {}],
  ])('is waited for until it has gone out: $kind', async (to, holds) => {
    const { state } = await begun(to)
    const verdict = await stage.present(asking({ state }))

    // Clients written for authentik are told at once what their provider of text messages says, and nothing about mails.
    expect(verdict.type === 'wait' && verdict.wait).toEqual({
      reason: 'delivery',
      delivery: 'queued',
      until: later(deliverySeconds),
      pollAfter: 2,
      recheck: 30,
      ...holds,
    })
    expect(stage.actions?.(asking({ state }))).toEqual([])
  })

  it('is waited for while nothing is known of it', async () => {
    const { told } = await become(phone, 'queued')

    expect(told).toBeUndefined()
  })

  it.each([
    [phone, empty],
    [mailbox, []],
  ])('is waited for no more once it is sent, and may be sent again: $kind', async (to, errors) => {
    const { context, told } = await become(to, 'sent')
    const next = withState(context, keptBy(told))

    expect(told).toMatchObject({ type: 'invalid', errors })
    expect(await stage.present(next)).toMatchObject({ type: 'ask' })
    expect(stage.actions?.(next)).toEqual([{ type: 'resend' }])
  })

  it("has failed in the provider's words, where it has some", async () => {
    const { context, told } = await become(phone, 'failed', 'No such number.')

    expect(told).toMatchObject({
      errors: [{ field: 'nonFieldErrors', message: 'No such number.', code: 'delivery-failed' }],
    })
    expect(stage.actions?.(withState(context, keptBy(told)))).toEqual([{ type: 'resend' }])
    expect((await become(phone, 'failed')).told).toMatchObject({ errors: [{ message: 'The text message could not be sent.' }] })
  })

  it('has failed in plain words where a mail server has refused it', async () => {
    const { told } = await become(mailbox, 'failed', '550 ada@example.test is not here')

    expect(told).toMatchObject({ errors: [{ message: 'The mail could not be sent.', code: 'delivery-failed' }] })
    expect(JSON.stringify(told)).not.toContain('550')
  })

  it('may be late, and its code counts when it comes', async () => {
    const { state, code } = await begun()
    const late = asking({ state, now: later(deliverySeconds) })
    const lapsed = await stage.lapse?.(late)

    expect(lapsed).toMatchObject({ errors: [{ code: 'delivery-late' }] })
    expect(await stage.present(withState(late, keptBy(lapsed)))).toMatchObject({ type: 'ask' })
    expect(await answered(stage, withState(late, keptBy(lapsed)), { code })).toMatchObject({ type: 'advance' })
  })

  it('passes whoever types its code while it is waited for', async () => {
    const { state, code } = await begun()

    expect(await answered(stage, asking({ state }), { code })).toMatchObject({ type: 'advance' })
  })

  it('keeps nobody waiting who has typed a wrong code since', async () => {
    const { state, id } = await begun()
    const refused = keptBy(await answered(stage, asking({ state }), { code: '000000' }))
    const next = await stage.present(asking({ state: refused }))

    expect(next.type === 'wait' && next.wait).not.toHaveProperty('holds')
    expect(await news(asking({ deliveries: { [id]: { state: 'sent', problem: '' } } }), refused)).toMatchObject({ errors: [] })
  })

  it('is sent again to the same place, with another id', async () => {
    const first = await become(phone, 'sent')
    const again = await stage.act?.(withState(first.context, keptBy(first.told)), 'resend')

    expect(again).toMatchObject({
      errors: empty,
      changes: {
        effects: [{ type: 'send_sms', message: { to: '+15550100' }, messageId: expect.any(String) }],
        state: { message: { authenticator: 'phone', sent: { delivery: 'queued' } } },
      },
    })
  })

  it('is not sent again to what is gone', async () => {
    const { state, told } = await become(phone, 'sent')
    const without = asking({ state: told ? keptBy(told) : state, authenticators: [mailbox] })

    expect(await stage.act?.(without, 'resend')).toMatchObject({ type: 'invalid', errors: [] })
    expect(await stage.act?.(without, 'resend')).not.toHaveProperty('changes.effects')
  })

  it('tells when another one may be sent, before and after somebody runs into the limit', async () => {
    let { state } = await begun()
    for (let sent = 1; sent < mostMessages; sent += 1) state = (await begun(phone, { state })).state
    const all = withState(asking({ now: later(deliverySeconds) }), state)
    expect(stage.actions?.(all)).toMatchObject([{ type: 'resend', availableAt: later(300).getTime() }])

    const refused = keptBy(await answered(stage, asking({ takeTurn: () => 90 }), select(phone)))
    expect(stage.actions?.(asking({ state: refused }))).toMatchObject([{ type: 'resend', availableAt: later(90).getTime() }])
    expect(await stage.present(asking({ state: refused }))).toMatchObject({ type: 'ask' })
  })

  it('that is on its way is still waited for when there were too many', async () => {
    const { state } = await begun()
    const refused = keptBy(await answered(stage, asking({ state, takeTurn: () => 90 }), select(phone)))

    expect(await stage.present(asking({ state: refused }))).toMatchObject({ type: 'wait', wait: { delivery: 'queued' } })
    const other = keptBy(await answered(stage, asking({ state, takeTurn: () => 90 }), select(mailbox)))
    expect(await stage.present(asking({ state: other }))).toMatchObject({ type: 'ask' })
  })
})
