import { describe, expect, it } from 'vitest'
import { answered, type ContextOptions, refusals, stageContext, testNow } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { changesOf, effectsOf } from '../../../test/support/verdict-effects.ts'
import type { Verdict } from '../../flow/stage.ts'
import { emailStage as stage } from './email.stage.ts'

const ada = someUser()
const nobody = { pending_user: { known: false, identifier: 'Ada@Example.test' } } as const

const asking = (options: ContextOptions = {}) => stageContext(stage, { pendingUser: ada, ...options })
const askingNobody = (options: ContextOptions = {}) => stageContext(stage, { context: nobody, ...options })

const mailsIn = (verdict: Verdict<unknown, unknown>) => effectsOf(verdict, 'send_mail')
const tokensIn = (verdict: Verdict<unknown, unknown>) => effectsOf(verdict, 'issue_flow_token')

const emailSent = {
  type: 'invalid',
  errors: [{ field: 'nonFieldErrors', message: 'email-sent', code: 'email-sent' }],
}

describe('an answer', () => {
  it('never passes, and sends the mail again with a new link', async () => {
    const context = asking({ state: { until: 1, links: ['digest of the first'] } })
    const first = await answered(stage, context, {})
    const second = await answered(stage, context, {})

    expect(first).toMatchObject(emailSent)
    expect(changesOf(first).state).toEqual({
      until: testNow.getTime() + 1_800_000,
      links: ['digest of the first', 'digest of random-token-1'],
      tally: { count: 1, since: testNow.getTime() },
    })
    expect(tokensIn(first)).toMatchObject([{ token: 'random-token-1' }])
    expect(tokensIn(second)).toMatchObject([{ token: 'random-token-2' }])
    expect(mailsIn(second)[0]?.mail.values.url).toContain('flow_token=random-token-2')
  })

  it('sends a mail also where none went before', async () => {
    expect(mailsIn(await answered(stage, asking(), {}))).toHaveLength(1)
  })

  it('sends nothing once the limit is reached, and reads the same', async () => {
    const below = await answered(stage, asking(), {})
    const above = await answered(stage, asking({ takeTurn: () => 240 }), {})

    expect({ ...above, changes: undefined }).toEqual({ ...below, changes: undefined })
    expect(changesOf(above).effects).toEqual([])
  })

  it('is counted by the address in whatever case, as configured, under a name that does not tell it', async () => {
    const turns: { subject: string; most: number; window: number }[] = []
    const takeTurn = (subject: string, most: number, window: number) => {
      turns.push({ subject, most, window })
      return undefined
    }
    const config = { recoveryMaxAttempts: 2, recoveryCacheTimeout: 'minutes=1' }
    await answered(stage, asking({ takeTurn, config }), {})
    await answered(stage, asking({ takeTurn, config, pendingUser: someUser({ email: 'ADA@example.test' }) }), {})
    await answered(stage, askingNobody({ takeTurn, config }), {})
    await answered(stage, asking({ takeTurn, config, pendingUser: someUser({ username: 'bob' }) }), {})
    await answered(stage, asking({ takeTurn, config: { recoveryCacheTimeout: 'seconds=0' } }), {})

    expect(turns[0]).toMatchObject({ most: 2, window: 60 })
    expect(turns[1]).toEqual(turns[0])
    expect(turns[2]).toEqual(turns[0])
    expect(turns[3]?.subject).not.toBe(turns[0]?.subject)
    // A window of nothing would never end.
    expect(turns[4]).toMatchObject({ most: 5, window: 1 })
    expect(JSON.stringify(turns)).not.toMatch(/ada|bob/i)
  })

  it('is not counted for the mail that goes out by itself', async () => {
    const counted: string[] = []
    const takeTurn = (subject: string) => {
      counted.push(subject)
      return undefined
    }

    expect(mailsIn(await stage.present(asking({ takeTurn })))).toHaveLength(1)
    expect(counted).toEqual([expect.stringMatching(/^email start /)])
  })

  it('is denied before somebody is named', async () => {
    expect(await answered(stage, stageContext(stage), {})).toEqual({ type: 'deny', message: undefined })
  })

  it('has no fields that could be wrong', () => {
    expect(refusals(stage, {})).toEqual([])
  })
})

describe('who comes by the link', () => {
  const back = (about: ContextOptions = {}, user: unknown = 7) =>
    asking({ context: { pending_user: { known: true, id: 7 }, is_restored: { user: user as number } }, ...about })

  it('passes, without another mail, and also where the mail was sent before', async () => {
    expect(await stage.present(back())).toEqual({ type: 'advance', changes: {} })
    expect(
      await stage.present(back({ state: { until: 1, links: ['digest of a token'] }, usedLinks: ['digest of a token'] })),
    ).toEqual({ type: 'advance', changes: {} })
    expect(await answered(stage, back(), {})).toEqual({ type: 'advance', changes: {} })
  })

  it.each([
    ['of somebody else', { user: 8 }],
    ['of nobody', { user: null }],
    ['of a text that looks alike', { user: '7' }],
    ['of a context that says so and no more', true],
    ['of an empty list', []],
    ['of an empty object', {}],
  ])('is denied where the link is that %s', async (_, restored) => {
    const context = { pending_user: { known: true, id: 7 }, is_restored: restored } as never

    expect(await stage.present(asking({ context }))).toEqual({ type: 'deny', message: undefined })
    expect(await answered(stage, asking({ context, state: { sent: true } }), {})).toEqual({ type: 'deny', message: undefined })
  })

  it('is denied where the account was deleted meanwhile, or nobody is named', async () => {
    const gone = { pending_user: { known: true, id: 7 }, is_restored: { user: 7 } } as const
    const unnamed = { is_restored: { user: 7 } }

    expect(await stage.present(stageContext(stage, { context: gone }))).toMatchObject({ type: 'deny' })
    expect(await stage.present(stageContext(stage, { context: unnamed }))).toMatchObject({ type: 'deny' })
    expect(await stage.present({ ...stageContext(stage, { context: unnamed }), pendingUser: ada })).toMatchObject({
      type: 'deny',
    })
  })

  it('gets an active account where that is configured', async () => {
    const pendingUser = someUser({ isActive: false })

    expect(await stage.present(back({ pendingUser, config: { activateUserOnSuccess: true } }))).toEqual({
      type: 'advance',
      changes: {
        pendingUser: { ...pendingUser, isActive: true },
        effects: [
          { type: 'update_user', change: { id: 7, isActive: true } },
          {
            type: 'audit',
            event: {
              action: 'model_updated',
              userId: 7,
              username: 'ada',
              context: { message: 'email confirmed', is_active: true },
            },
          },
        ],
      },
    })
    expect(await stage.present(back({ pendingUser }))).toEqual({ type: 'advance', changes: {} })
    expect(await stage.present(back({ config: { activateUserOnSuccess: true } }))).toEqual({ type: 'advance', changes: {} })
  })
})
