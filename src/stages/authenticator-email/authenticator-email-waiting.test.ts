import { describe, expect, it } from 'vitest'
import { answered, type ContextOptions, shown, stageContext, testNow } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { changesOf, effectsOf } from '../../../test/support/verdict-effects.ts'
import type { Delivery } from '../../flow/services.ts'
import type { Verdict } from '../../flow/stage.ts'
import { authenticatorEmailStage as stage } from './authenticator-email.stage.ts'

const ada = someUser()
const never = new AbortController().signal
const asks = { email: null, emailRequired: true }
const failed: Delivery = { state: 'failed', problem: '550 no such mailbox at mail.internal' }
const at = (seconds: number) => new Date(testNow.getTime() + seconds * 1000)

const asking = (options: ContextOptions = {}) => stageContext(stage, { pendingUser: ada, ...options })
const stateAfter = (verdict: Verdict<never, unknown> | undefined) => verdict && changesOf(verdict).state
const actionsAt = (state: unknown) => stage.actions?.(asking({ state }))

/** The first mail is on its way. */
async function begun() {
  const verdict = await stage.present(asking())
  const [mail] = effectsOf(verdict, 'send_mail')
  const state = verdict.type === 'wait' ? verdict.state : undefined
  return { verdict, state, code: String(mail?.mail.values.token), id: String(mail?.messageId) }
}

describe('a code on its way to a mailbox', () => {
  it('is waited for until it would be of no use, by nobody who must be held', async () => {
    const { verdict } = await begun()

    expect(verdict).toMatchObject({
      type: 'wait',
      challenge: { emailRequired: false },
      wait: { reason: 'delivery', delivery: 'queued', until: at(1800) },
    })
    expect(verdict.type === 'wait' && verdict.wait).not.toHaveProperty('holds')
  })

  it('may be answered before it is known to be sent', async () => {
    const { state, code } = await begun()

    expect(await answered(stage, asking({ state }), { code })).toMatchObject({ type: 'advance' })
  })

  it('is waited for no more once it is sent', async () => {
    const { state, code, id } = await begun()
    const queued = asking({ state, deliveries: { [id]: { state: 'queued', problem: '' } } })
    const news = await stage.resume?.(asking({ state, deliveries: { [id]: { state: 'sent', problem: '' } } }), never)
    const sent = stateAfter(news)

    expect(await stage.resume?.(queued, never)).toBeUndefined()
    expect(news).toMatchObject({ errors: [] })
    expect(await stage.present(asking({ state: sent }))).toMatchObject({ type: 'ask', challenge: { emailRequired: false } })
    expect(await answered(stage, asking({ state: sent }), { code })).toMatchObject({ type: 'advance' })
  })

  it('is told not to have been sent, without what the mail server says, and may be sent again', async () => {
    const { state, code, id } = await begun()
    const news = await stage.resume?.(asking({ state, deliveries: { [id]: failed } }), never)
    const context = asking({ state: stateAfter(news) })

    expect(news).toMatchObject({
      errors: [{ field: 'nonFieldErrors', message: 'The mail could not be sent.', code: 'delivery-failed' }],
    })
    expect(JSON.stringify(news)).not.toContain('550')
    expect(await stage.present(context)).toMatchObject({ type: 'ask', challenge: asks })
    expect(await answered(stage, context, { code })).toMatchObject({ type: 'advance' })
    expect(effectsOf((await stage.act?.(context, 'resend')) as never, 'send_mail')).toMatchObject([
      { mail: { to: { address: 'ada@example.test' } } },
    ])
  })

  it('leads to an address at the next look, where nobody was told', async () => {
    const { state, id } = await begun()
    const context = asking({ state, deliveries: { [id]: failed } })

    expect(await shown(stage, context)).toEqual(asks)
    expect(await stage.present(context)).toMatchObject({ type: 'wait', state })
  })

  it('is given up when it takes too long, and counts when it comes', async () => {
    const { state, code } = await begun()
    const lapsed = await stage.lapse?.(asking({ state, now: at(60) }))
    const context = asking({ state: stateAfter(lapsed), now: at(60) })

    expect(lapsed).toMatchObject({ errors: [{ field: 'nonFieldErrors', code: 'delivery-late' }] })
    expect(await stage.present(context)).toMatchObject({ type: 'ask' })
    expect(await answered(stage, context, { code })).toMatchObject({ type: 'advance' })
  })
})

describe('having a code mailed again', () => {
  it('is offered where one was mailed, until the limit is reached', async () => {
    let { state } = (await begun()) as { state: unknown }
    expect(actionsAt({})).toEqual([])
    for (let time = 1; time < 5; time += 1) {
      expect(actionsAt(state)).toEqual([{ type: 'resend' }])
      const done = (await stage.act?.(asking({ state, now: at(time) }), 'resend')) as Verdict<never, unknown>
      expect(done).toMatchObject({ type: 'invalid', errors: [] })
      expect(effectsOf(done, 'send_mail')).toHaveLength(1)
      state = stateAfter(done)
    }

    expect(actionsAt(state)).toMatchObject([{ type: 'resend', availableAt: at(300).getTime() }])
  })

  it('waits as long as it is told to where the limit was reached elsewhere', async () => {
    const { state } = await begun()
    const refused = (await stage.act?.(asking({ state, takeTurn: () => 90 }), 'resend')) as Verdict<never, unknown>

    expect(refused).toMatchObject({ errors: [{ code: 'throttled' }] })
    expect(actionsAt(stateAfter(refused))).toMatchObject([{ type: 'resend', availableAt: at(90).getTime() }])
  })

  it('is nothing that nobody can have', async () => {
    expect(await stage.act?.(asking({ state: {} }), 'resend')).toMatchObject({ type: 'deny' })
    expect(await stage.act?.(stageContext(stage, { state: { address: 'x' } }), 'resend')).toMatchObject({ type: 'deny' })
  })
})
