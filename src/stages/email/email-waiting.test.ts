import { describe, expect, it } from 'vitest'
import { answered, type ContextOptions, stageContext, type TestContext, testNow } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { changesOf, effectsOf } from '../../../test/support/verdict-effects.ts'
import type { JsonObject } from '../../flow/json.ts'
import type { Verdict } from '../../flow/stage.ts'
import { emailStage as stage } from './email.stage.ts'

const ada = someUser()
const never = new AbortController().signal
const recovery = { designation: 'recovery' } as const
const proved = { pending_user: { known: true, id: 7 }, auth_method: 'password' } as const
const typed = { pending_user: { known: false, identifier: 'ada@example.test' } } as const
const enrolled = { pending_user: { known: true, id: 7, backend: 'ours' } } as const
const enrolling: ContextOptions = { flow: { designation: 'enrollment' }, context: enrolled }

const asking = (options: ContextOptions = {}) => stageContext(stage, { pendingUser: ada, ...options })
const at = (seconds: number) => new Date(testNow.getTime() + seconds * 1000)
const failed = { state: 'failed', problem: '550 no such mailbox at mail.internal' } as const

const resumed = (context: TestContext) => stage.resume?.(context, never)
const stateOf = (verdict: Verdict<unknown, unknown>) => ('state' in verdict ? verdict.state : changesOf(verdict).state)
const waitOf = (verdict: Verdict<unknown, unknown>) => (verdict.type === 'wait' ? verdict.wait : undefined)
const actionsAfter = (state: unknown, options: ContextOptions = {}) => stage.actions?.(asking({ ...options, state }))

/** The first mail of somebody who may be told of it. */
async function begun(options: ContextOptions = { context: proved }) {
  const verdict = await stage.present(asking(options))
  const state = stateOf(verdict) as JsonObject & { message: { id: string } }
  return { verdict, state, id: state.message.id }
}

describe('whom a mail is for', () => {
  it.each<[string, ContextOptions]>([
    ['who has proved something', { context: proved, flow: recovery }],
    ['who is signed in', { sessionUser: ada, flow: { designation: 'stage_configuration' } }],
    ['who has just made the account', enrolling],
  ])('is told how far it has come: %s', async (_, options) => {
    const { verdict, state, id } = await begun(options)
    const news = await resumed(asking({ ...options, state, deliveries: { [id]: { state: 'sent', problem: '' } } }))
    const sent = await stage.present(asking({ ...options, state: news && changesOf(news).state }))

    expect(effectsOf(verdict, 'send_mail')).toMatchObject([{ messageId: id }])
    expect(waitOf(verdict)).toMatchObject({ reason: 'confirmation', delivery: 'queued' })
    expect(news).toMatchObject({ type: 'invalid', errors: [] })
    expect(waitOf(sent)).toMatchObject({ reason: 'confirmation', delivery: 'sent' })
  })

  it.each<[string, ContextOptions]>([
    ['who is only named', { flow: recovery }],
    ['who is only named where accounts are made', { flow: { designation: 'enrollment' } }],
    ['who is named by somebody else', { sessionUser: someUser({ id: 8, username: 'eve' }) }],
    ['who is disabled', { flow: recovery, pendingUser: someUser({ isActive: false }) }],
    ['who has no account', { flow: recovery, context: typed }],
    ['who has no account where accounts are made', { flow: { designation: 'enrollment' }, context: typed }],
    ['who has no account, in a session of somebody', { context: typed, sessionUser: ada }],
    ['who has no account, although something was proved', { context: { ...typed, auth_method: 'password' } }],
    ['whose account is gone', { context: proved, pendingUser: undefined } as unknown as ContextOptions],
    ['who has proved something, and has no address', { context: proved, pendingUser: someUser({ email: '' }) }],
  ])('is told nothing, and nothing is there to be told: %s', async (_, options) => {
    const verdict = await stage.present(asking(options))
    const state = stateOf(verdict)

    expect(effectsOf(verdict, 'send_mail')).toMatchObject([{ mail: {} }])
    expect(effectsOf(verdict, 'send_mail')[0]).not.toHaveProperty('messageId')
    expect({ ...verdict, changes: undefined }).toEqual({
      ...(await stage.present(asking({ flow: recovery, context: typed }))),
      changes: undefined,
    })
    expect(waitOf(verdict)).not.toHaveProperty('delivery')
    expect(await resumed(asking({ ...options, state }))).toBeUndefined()
  })

  it('is told nothing any more once nobody has proved anything', async () => {
    const { state, id } = await begun()
    const context = asking({ flow: recovery, state, deliveries: { [id]: failed } })

    expect(await resumed(context)).toBeUndefined()
    expect(waitOf(await stage.present(context))).not.toHaveProperty('delivery')
  })

  it('is told that it was not sent, but not what the mail server says', async () => {
    const { state, id } = await begun()
    const news = await resumed(asking({ context: proved, state, deliveries: { [id]: failed } }))
    const after = await stage.present(asking({ context: proved, state: news && changesOf(news).state }))

    expect(news).toMatchObject({
      errors: [{ field: 'nonFieldErrors', message: 'The mail could not be sent.', code: 'delivery-failed' }],
    })
    expect(JSON.stringify(news)).not.toContain('550')
    expect(waitOf(after)).toMatchObject({ delivery: 'failed' })
    expect(actionsAfter(news && changesOf(news).state)).toEqual([{ type: 'resend' }])
  })

  it('is told once', async () => {
    const { state, id } = await begun()
    const waits = asking({ context: proved, state, deliveries: { [id]: { state: 'queued', problem: '' } } })
    const news = await resumed(asking({ context: proved, state, deliveries: { [id]: failed } }))
    const again = asking({ context: proved, state: news && changesOf(news).state, deliveries: { [id]: failed } })
    const forgotten = await resumed(asking({ context: proved, state }))

    expect(await resumed(waits)).toBeUndefined()
    expect(await resumed(again)).toBeUndefined()
    expect(forgotten).toMatchObject({ errors: [] })
    expect(waitOf(await stage.present(asking({ context: proved, state: forgotten && changesOf(forgotten).state })))).toEqual(
      expect.not.objectContaining({ delivery: expect.anything() }),
    )
  })
})

describe('a link that somebody confirms', () => {
  it.each<[string, ContextOptions]>([
    ['nothing was proved', { flow: recovery }],
    ['something was proved', { context: proved }],
  ])('ends the wait, and lets nobody in here, where %s', async (_, options) => {
    const state = stateOf(await stage.present(asking(options)))
    const news = await resumed(asking({ ...options, state, usedLinks: ['digest of random-token-1'] }))
    const after = news && changesOf(news).state

    expect(news).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'nonFieldErrors', code: 'confirmed-elsewhere', message: expect.stringContaining('confirmed') }],
    })
    expect(await stage.present(asking({ ...options, state: after }))).toEqual({ type: 'ask', challenge: {}, state: after })
  })

  it('counts, whichever of the last mails it was in', async () => {
    let state = stateOf(await stage.present(asking({ config: { recoveryMaxAttempts: 20 } })))
    for (let time = 0; time < 7; time += 1) {
      const context = asking({ state, config: { recoveryMaxAttempts: 20 } })
      for (let taken = 0; taken < time + 1; taken += 1) context.services.randomToken()
      state = stateOf(await answered(stage, context, {}))
    }

    expect(await resumed(asking({ state, usedLinks: ['digest of random-token-8'] }))).toBeDefined()
    expect(await resumed(asking({ state, usedLinks: ['digest of random-token-3'] }))).toBeDefined()
    expect(await resumed(asking({ state, usedLinks: ['digest of random-token-2'] }))).toBeUndefined()
  })

  it('is waited for again once another mail was asked for', async () => {
    const confirmed = { until: at(60).getTime(), links: ['digest of old'], confirmed: true }
    const again = stateOf(await answered(stage, asking({ state: confirmed }), {}))

    expect(again).not.toHaveProperty('confirmed')
    expect((await stage.present(asking({ state: again }))).type).toBe('wait')
  })

  it('is told to have run out, unless it was confirmed in time', async () => {
    const state = stateOf(await stage.present(asking({ flow: recovery })))
    const late = { flow: recovery, state, now: at(1800) }

    expect(await stage.lapse?.(asking(late))).toEqual({
      type: 'invalid',
      errors: [{ field: 'nonFieldErrors', message: 'The link in the mail has run out.', code: 'link-expired' }],
      changes: {},
    })
    expect(await stage.lapse?.(asking({ ...late, usedLinks: ['digest of random-token-1'] }))).toMatchObject({
      errors: [{ code: 'confirmed-elsewhere' }],
    })
  })
})

describe('having the mail sent again', () => {
  it('is an action that says nothing is wrong', async () => {
    const { state } = await begun()
    const done = (await stage.act?.(asking({ context: proved, state, now: at(60) }), 'resend')) as Verdict<never, unknown>

    expect(done).toMatchObject({ type: 'invalid', errors: [] })
    expect(effectsOf(done, 'send_mail')).toHaveLength(1)
    expect(effectsOf(done, 'issue_flow_token')).toHaveLength(1)
    expect(stateOf(done)).toMatchObject({ until: at(1860).getTime(), message: { delivery: 'queued' } })
  })

  it('is offered until the limit is reached, and again when its window is over', async () => {
    let state = stateOf(await stage.present(asking({ flow: recovery })))
    for (let time = 1; time <= 5; time += 1) {
      expect(actionsAfter(state)).toEqual([{ type: 'resend' }])
      state = stateOf(await answered(stage, asking({ flow: recovery, state, now: at(time) }), {}))
    }
    const refused = await answered(stage, asking({ flow: recovery, state, now: at(299) }), {})
    const later = await answered(stage, asking({ flow: recovery, state, now: at(301) }), {})

    expect(actionsAfter(state)).toEqual([
      { type: 'resend', availableAt: at(301).getTime(), reason: 'Too many messages were asked for.' },
    ])
    expect(effectsOf(refused, 'send_mail')).toEqual([])
    expect(stateOf(refused)).toEqual(state)
    expect(effectsOf(later, 'send_mail')).toHaveLength(1)
    expect(actionsAfter(stateOf(later))).toEqual([{ type: 'resend' }])
  })

  it('is not offered where it is never done', async () => {
    const config = { recoveryMaxAttempts: 0 }
    const state = stateOf(await stage.present(asking({ config })))

    expect(actionsAfter(state, { config })).toEqual([])
    expect(effectsOf(await answered(stage, asking({ config, state }), {}), 'send_mail')).toEqual([])
  })

  it('looks to strangers as if nobody had asked for mails elsewhere', async () => {
    const state = stateOf(await stage.present(asking({ flow: recovery })))
    const below = await answered(stage, asking({ flow: recovery, state, now: at(9) }), {})
    const above = await answered(stage, asking({ flow: recovery, state, now: at(9), takeTurn: () => 240 }), {})

    expect(effectsOf(above, 'send_mail')).toEqual([])
    expect(stateOf(above)).toEqual(stateOf(below))
    expect(actionsAfter(stateOf(above))).toEqual([{ type: 'resend' }])
  })

  it('tells who may know how long that takes', async () => {
    const { state } = await begun()
    const above = await answered(stage, asking({ context: proved, state, takeTurn: () => 240 }), {})

    expect(actionsAfter(stateOf(above))).toMatchObject([{ type: 'resend', availableAt: at(240).getTime() }])
    expect(waitOf(await stage.present(asking({ context: proved, state: stateOf(above) })))).toMatchObject({
      until: at(1800),
      delivery: 'queued',
    })
  })
})
