import { describe, expect, it } from 'vitest'
import {
  ada,
  asking,
  authenticator,
  duoStageId,
  stateAfter,
  WrittenDuo,
  withState,
} from '../../../../test/support/duo-validation.ts'
import { answered, refusals, shown, stageContext, testNow } from '../../../../test/support/stage-context.ts'
import { authenticatorValidateStage as stage } from '../authenticator-validate.stage.ts'
import { approvalSeconds } from './request.ts'
import { mostRequests, requestWindow } from './start.ts'

const later = (seconds: number) => new Date(testNow.getTime() + seconds * 1000)

describe('a request at Duo', () => {
  it('is offered to who has set it up, and tells nothing before it is made', async () => {
    expect(await shown(stage, asking(new WrittenDuo()))).toMatchObject({
      deviceChallenges: [{ deviceClass: 'duo', deviceUid: 'duo-of-ada', challenge: {}, lastUsed: null }],
    })
    const strange = asking(new WrittenDuo(), { authenticators: [authenticator({ data: {} })] })
    expect(await stage.present(strange)).toMatchObject({ type: 'advance' })
  })

  it('is waited for as soon as somebody wants it, and is not made by wanting it', async () => {
    const duo = new WrittenDuo()
    const context = asking(duo)
    const verdict = await answered(stage, context, { duo: 'duo-of-ada' })
    const state = await stateAfter(context, { duo: 'duo-of-ada' })

    expect(verdict).toMatchObject({ type: 'invalid', errors: [] })
    expect(await stage.present(withState(context, state))).toMatchObject({
      type: 'wait',
      challenge: { deviceChallenges: [{ deviceClass: 'duo', challenge: {} }] },
      wait: { reason: 'approval', until: later(approvalSeconds), pollAfter: 3, holds: true },
    })
    expect([duo.preauths, duo.begun]).toEqual([[], []])
  })

  it('keeps its time however often it is looked at, and is none afterwards', async () => {
    const state = await stateAfter(asking(new WrittenDuo()), { duo: 'duo-of-ada' })
    const at = (seconds: number) => stage.present(asking(new WrittenDuo(), { now: later(seconds), state }))

    expect(await at(59)).toMatchObject({ type: 'wait', wait: { until: later(60) } })
    expect(await at(60)).toMatchObject({ type: 'ask' })
  })

  it('is one, however often it is wanted', async () => {
    const turns: string[] = []
    const context = asking(new WrittenDuo(), { takeTurn: (subject) => void turns.push(subject) })
    const state = await stateAfter(context, { duo: 'duo-of-ada' })

    expect(await answered(stage, withState(context, state), { duo: 'duo-of-ada' })).toEqual({
      type: 'invalid',
      errors: [],
      changes: { state },
    })
    expect(turns).toHaveLength(1)
  })

  it.each([{ duoFactor: 'phone' }, { duoDevice: 'DOTHER' }])('gives way to another one: %j', async (other) => {
    const context = asking(new WrittenDuo())
    const state = await stateAfter(context, { duo: 'duo-of-ada' })
    const next = await stateAfter(withState(context, state), { duo: 'duo-of-ada', ...other })

    expect(next.duo).toMatchObject({ step: 'wanted', factor: 'auto', device: 'auto', ...renamed(other) })
  })

  it('may be wanted again once its time is over', async () => {
    const state = await stateAfter(asking(new WrittenDuo()), { duo: 'duo-of-ada' })
    const again = asking(new WrittenDuo(), { state, now: later(60) })

    expect((await stateAfter(again, { duo: 'duo-of-ada' })).duo).toMatchObject({ until: later(120).getTime() })
  })

  it.each([
    ['nothing of theirs', {}, 'another'],
    ["somebody else's", { authenticators: [authenticator(), authenticator({ id: 'foreign', userId: ada.id + 1 })] }, 'foreign'],
    ['something else', { authenticators: [authenticator(), authenticator({ id: 'app', kind: 'totp' })] }, 'app'],
    [
      'of a class that does not count',
      { config: { deviceClasses: ['totp'] }, authenticators: [authenticator(), authenticator({ id: 'app', kind: 'totp' })] },
      'duo-of-ada',
    ],
  ])('is refused by what is %s', async (_, options, duo) => {
    expect(await answered(stage, asking(new WrittenDuo(), options), { duo })).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'duo', message: 'Invalid device' }],
      changes: {},
    })
  })

  it('takes the numbers that name devices at authentik, and finds nothing by them', async () => {
    expect(await answered(stage, asking(new WrittenDuo()), { duo: 3 })).toMatchObject({ errors: [{ message: 'Invalid device' }] })
    expect(refusals(stage, { duo: [] })).toMatchObject([{ field: 'duo' }])
    expect(refusals(stage, { duo: 'x', duoFactor: 'sms' })).toMatchObject([{ field: 'duoFactor' }])
  })

  it.each([
    ['gone', {}],
    ['of another kind', { [duoStageId]: { kind: 'authenticator_totp', config: {} } }],
    ['without its settings', { [duoStageId]: { kind: 'authenticator_duo', config: {} } }],
  ])('cannot be made while the stage that set it up is %s, which lets nobody pass', async (_, liveStages) => {
    const context = asking(new WrittenDuo(), { liveStages })

    expect(await stage.present(context)).toMatchObject({ type: 'ask' })
    expect(await answered(stage, context, { duo: 'duo-of-ada' })).toMatchObject({
      errors: [{ field: 'duo', code: 'unavailable', message: expect.stringContaining('Duo cannot be asked.') }],
      changes: { effects: [{ type: 'audit', event: { action: 'configuration_error', userId: ada.id } }] },
    })
  })

  it('is counted by person, and refused when there were too many', async () => {
    const turns: unknown[] = []
    const takeTurn = (...turn: [string, number, number]) => {
      turns.push(turn)
      return 100
    }
    const context = asking(new WrittenDuo(), { takeTurn })
    const verdict = await answered(stage, context, { duo: 'duo-of-ada' })
    const refused = withState(context, await stateAfter(context, { duo: 'duo-of-ada' }))

    expect(turns[0]).toEqual([`Duo requests to user ${ada.id}`, mostRequests, requestWindow])
    expect(verdict).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'duo', code: 'throttled', message: 'Too many requests. Try again in 2 minutes.' }],
    })
    expect(await stage.present(refused)).toMatchObject({ type: 'ask' })
    expect(stage.actions?.(refused)).toEqual([
      { type: 'resend', availableAt: later(100).getTime(), reason: 'Too many requests were made.' },
    ])
  })

  it('goes on when another one is refused because there were too many', async () => {
    const state = await stateAfter(asking(new WrittenDuo()), { duo: 'duo-of-ada' })
    const throttled = asking(new WrittenDuo(), { takeTurn: () => 30, state })

    expect(await answered(stage, throttled, { duo: 'duo-of-ada', duoFactor: 'phone' })).toMatchObject({
      errors: [{ code: 'throttled', message: 'Too many requests. Try again in 1 minute.' }],
      changes: { state },
    })
  })

  it('is no guess, and nothing that strangers could make', async () => {
    const about = { pending_user: { known: false, identifier: 'x' } } as const
    const stranger = stageContext(stage, { context: about, config: { notConfiguredAction: 'deny' } })

    expect(stage.guesses?.(asking(new WrittenDuo()), { duo: 'duo-of-ada' })).toBeUndefined()
    expect(await answered(stage, stranger, { duo: 'duo-of-ada' })).toMatchObject({ errors: [{ message: 'Empty response' }] })
    expect(await stage.resume?.(stranger, new AbortController().signal)).toBeUndefined()
  })
})

function renamed({ duoFactor, duoDevice }: { duoFactor?: string; duoDevice?: string }): object {
  return { ...(duoFactor && { factor: duoFactor }), ...(duoDevice && { device: duoDevice }) }
}
