import { describe, expect, it } from 'vitest'
import { answered, type ContextOptions, shown, stageContext, testNow } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { changesOf, effectsOf } from '../../../test/support/verdict-effects.ts'
import type { Delivery } from '../../flow/services.ts'
import type { Verdict } from '../../flow/stage.ts'
import { authenticatorSmsStage as stage } from './authenticator-sms.stage.ts'

const ada = someUser()
const config = { provider: 'twilio', fromNumber: '+15550199', accountSid: 'AC1', auth: 'not a real token' }
const never = new AbortController().signal
const number = '+15550100'
const asks = { phoneNumber: null, phoneNumberRequired: true }
const prompted = { pending_user: { known: true, id: ada.id }, prompt_data: { phone: '+1 555 0100', name: 'Ada' } } as const
const failed: Delivery = { state: 'failed', problem: 'No such number.' }
const at = (seconds: number) => new Date(testNow.getTime() + seconds * 1000)

const asking = (options: ContextOptions = {}) => stageContext(stage, { pendingUser: ada, config, ...options })
const stateAfter = (verdict: Verdict<never, unknown> | undefined) => verdict && changesOf(verdict).state
const actionsAt = (state: unknown, now = testNow) => stage.actions?.(asking({ state, now }))

/** A number was sent, and its message is on its way. */
async function texted(options: ContextOptions = {}) {
  const verdict = await answered(stage, asking({ state: {}, ...options }), { phoneNumber: number })
  const [text] = effectsOf(verdict, 'send_sms')
  return { state: stateAfter(verdict), code: String(text?.message.code), id: String(text?.messageId) }
}

describe('a code on its way to a telephone', () => {
  it('is waited for, by clients written for authentik too, until it would be of no use', async () => {
    const { state } = await texted()

    expect(await stage.present(asking({ state }))).toMatchObject({
      type: 'wait',
      challenge: { phoneNumberRequired: false },
      wait: { reason: 'delivery', delivery: 'queued', until: at(300), holds: true },
    })
  })

  it('may be answered before it is known to be sent', async () => {
    const { state, code } = await texted()

    expect(await answered(stage, asking({ state }), { code })).toMatchObject({ type: 'advance' })
  })

  it('holds nobody up who tries codes, and is waited for all the same', async () => {
    const { state } = await texted()
    const refused = await answered(stage, asking({ state }), { code: 'none' })
    const { wait } = (await stage.present(asking({ state: stateAfter(refused) }))) as { wait: object }

    expect(wait).toMatchObject({ reason: 'delivery', delivery: 'queued' })
    expect(wait).not.toHaveProperty('holds')
  })

  it('is waited for no more once it is sent', async () => {
    const { state, code, id } = await texted()
    const queued = asking({ state, deliveries: { [id]: { state: 'queued', problem: '' } } })
    const news = await stage.resume?.(asking({ state, deliveries: { [id]: { state: 'sent', problem: '' } } }), never)
    const sent = stateAfter(news)

    expect(await stage.resume?.(queued, never)).toBeUndefined()
    expect(news).toMatchObject({ errors: [] })
    expect(await stage.present(asking({ state: sent }))).toMatchObject({ type: 'ask', challenge: { phoneNumberRequired: false } })
    expect(await stage.resume?.(asking({ state: sent }), never)).toBeUndefined()
    expect(await answered(stage, asking({ state: sent }), { code })).toMatchObject({ type: 'advance' })
  })

  it('is waited for no more once nobody knows what became of it', async () => {
    const { state } = await texted()
    const news = await stage.resume?.(asking({ state }), never)

    expect(news).toMatchObject({ errors: [] })
    expect(await stage.present(asking({ state: stateAfter(news) }))).toMatchObject({ type: 'ask' })
  })

  it('is told to be refused in the words of the provider, and may be sent again', async () => {
    const { state, id } = await texted()
    const news = await stage.resume?.(asking({ state, deliveries: { [id]: failed } }), never)
    const context = asking({ state: stateAfter(news) })

    expect(news).toMatchObject({
      errors: [{ field: 'nonFieldErrors', message: 'No such number.', code: 'delivery-failed' }],
    })
    expect(news && changesOf(news)).not.toHaveProperty('context')
    expect(await stage.present(context)).toMatchObject({ type: 'ask', challenge: asks })
    expect(actionsAt(context.state)).toEqual([{ type: 'resend' }])
    expect(effectsOf((await stage.act?.(context, 'resend')) as never, 'send_sms')).toMatchObject([{ message: { to: number } }])
  })

  it('is told to be refused in words of ours where the provider has none', async () => {
    const { state, id } = await texted()
    const news = await stage.resume?.(asking({ state, deliveries: { [id]: { state: 'failed', problem: '' } } }), never)

    expect(news).toMatchObject({ errors: [{ message: 'The text message could not be sent.' }] })
  })

  it('counts where it comes although its provider said no', async () => {
    const { state, code, id } = await texted()
    const news = await stage.resume?.(asking({ state, deliveries: { [id]: failed } }), never)

    expect(await answered(stage, asking({ state: stateAfter(news) }), { code })).toMatchObject({ type: 'advance' })
  })

  it('leads to another number at the next look, where nobody was told', async () => {
    const first = await stage.present(asking({ context: prompted }))
    const { state } = first as { state: { message: { id: string } } }
    const deliveries = { [state.message.id]: failed }

    expect(await shown(stage, asking({ context: prompted, state, deliveries }))).toEqual(asks)
    expect(await stage.present(asking({ context: prompted, state, deliveries }))).toMatchObject({ type: 'wait', state })
  })

  it('makes a prompted number forgotten that cannot be used', async () => {
    const { state } = (await stage.present(asking({ context: prompted }))) as { state: { message: { id: string } } }
    const deliveries = { [state.message.id]: failed }
    const news = await stage.resume?.(asking({ context: prompted, state, deliveries }), never)
    const other = await texted({ context: prompted, state: {} })
    const elsewhere = { ...(other.state as object), number: '+15550122' }
    const unmoved = await stage.resume?.(
      asking({ context: prompted, state: elsewhere, deliveries: { [other.id]: failed } }),
      never,
    )

    expect(news && changesOf(news).context).toEqual({ prompt_data: { name: 'Ada' } })
    expect(unmoved && changesOf(unmoved)).not.toHaveProperty('context')
  })

  it('is given up when it takes too long, and counts when it comes', async () => {
    const { state, code } = await texted()
    const lapsed = await stage.lapse?.(asking({ state, now: at(60) }))
    const context = asking({ state: stateAfter(lapsed), now: at(60) })

    expect(lapsed).toMatchObject({ errors: [{ field: 'nonFieldErrors', code: 'delivery-late' }] })
    expect(await stage.present(context)).toMatchObject({ type: 'ask' })
    expect(await answered(stage, context, { code })).toMatchObject({ type: 'advance' })
  })
})

describe('having a code sent to a telephone again', () => {
  it('is offered where one was sent, and sends another to the same number', async () => {
    const { state, code } = await texted()
    const done = (await stage.act?.(asking({ state }), 'resend')) as Verdict<never, unknown>
    const [again] = effectsOf(done, 'send_sms')

    expect(actionsAt({})).toEqual([])
    expect(actionsAt(state)).toEqual([{ type: 'resend' }])
    expect(done).toMatchObject({ type: 'invalid', errors: [] })
    expect(again).toMatchObject({ message: { to: number } })
    if (again?.message.code !== code)
      expect(await answered(stage, asking({ state: stateAfter(done) }), { code })).toMatchObject({ type: 'invalid' })
  })

  it('waits when the limit is reached', async () => {
    let { state } = await texted()
    for (let time = 1; time < 5; time += 1) {
      expect(actionsAt(state)).toEqual([{ type: 'resend' }])
      state = stateAfter((await stage.act?.(asking({ state, now: at(time) }), 'resend')) as Verdict<never, unknown>)
    }

    expect(actionsAt(state)).toMatchObject([{ type: 'resend', availableAt: at(300).getTime() }])
  })

  it('waits as long as it is told to where the limit was reached elsewhere', async () => {
    const { state } = await texted()
    const refused = (await stage.act?.(asking({ state, takeTurn: () => 90 }), 'resend')) as Verdict<never, unknown>

    expect(refused).toMatchObject({ errors: [{ code: 'throttled' }] })
    expect(stateAfter(refused)).toMatchObject(state as object)
    expect(actionsAt(stateAfter(refused))).toMatchObject([{ type: 'resend', availableAt: at(90).getTime() }])
  })

  it('is nothing that nobody can have', async () => {
    expect(await stage.act?.(asking({ state: {} }), 'resend')).toMatchObject({ type: 'deny' })
    expect(await stage.act?.(stageContext(stage, { config, state: { number } }), 'resend')).toMatchObject({ type: 'deny' })
  })
})
