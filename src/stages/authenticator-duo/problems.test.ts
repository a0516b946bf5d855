import { describe, expect, it } from 'vitest'
import {
  actionsOf,
  ada,
  at,
  duoOf,
  errorsOf,
  kept,
  later,
  nothingToActivate,
  refusal,
  resumed,
  rowOf,
} from '../../../test/support/duo-enrolling.ts'
import { answered, shown, testNow } from '../../../test/support/stage-context.ts'
import { authenticatorDuoStage as stage } from './authenticator-duo.stage.ts'

describe('a Duo that enrols nobody', () => {
  it.each([
    [refusal('unreachable'), 'Duo cannot be reached. Try again in a moment.'],
    [refusal('limited', 42_901), 'Duo cannot be reached. Try again in a moment.'],
    [refusal('malformed'), 'Duo cannot be reached. Try again in a moment.'],
    [refusal('refused', 40_103), 'Duo does not let you set up a device. Tell your administrator.'],
    [refusal('refused', 40_002), expect.stringMatching(/^Duo knows somebody of your name already/)],
    [refusal('refused', 40_003), expect.stringMatching(/^Duo knows somebody of your name already/)],
  ])('is told to people by what they can do, and to operators: %j', async (answer, problem) => {
    const { duo, names } = duoOf({ enrollments: [answer] })
    const verdict = await stage.present(at({ duo, name: 'set-up' }))
    if (verdict.type !== 'ask') throw new Error('It did not ask.')
    const after = at({ state: verdict.state, duo })

    expect(verdict.challenge).toMatchObject({ ...nothingToActivate, problem })
    expect(verdict.changes?.effects).toEqual([
      {
        type: 'audit',
        event: {
          action: 'configuration_error',
          userId: ada.id,
          username: 'ada',
          context: { message: `Duo enrolls nobody: ${answer.message}`, problem: answer.problem, stage: 'set-up' },
        },
      },
    ])
    expect(actionsOf(after)).toEqual([{ type: 'resend', availableAt: later(15).getTime(), reason: expect.any(String) }])
    expect(await shown(stage, after)).toEqual(verdict.challenge)
    // A name that is somebody's is not gone round: whoever Duo locks out would be let in by another one.
    expect(names()).toEqual(['ada'])
  })

  it('has nothing for who has set it up already', async () => {
    const { duo } = duoOf({ enrollments: [refusal('refused', 40_003)] })
    const mine = { userId: ada.id, kind: 'duo', stageId: at().stageId, name: '', data: { duoUserId: 'DU1' } }
    const told = async (authenticator: object) =>
      (await shown(stage, at({ duo, authenticators: [{ ...rowOf(mine, true), ...authenticator }] }))).problem

    expect(await told({})).toBe('You have set up Duo already.')
    for (const other of [{ userId: 8 }, { stageId: 'another' }, { kind: 'totp' }])
      expect(await told(other)).toMatch(/^Duo knows somebody of your name already/)
  })

  it('is asked again unasked where that may help, and after a while only', async () => {
    const { duo, names } = duoOf()
    const state = { problem: 'unreachable', again: later(15).getTime() }

    expect(await stage.present(at({ state, duo, now: later(14) }))).toMatchObject({ type: 'ask', state })
    expect(names()).toEqual([])
    expect(await stage.present(at({ state, duo, now: later(15) }))).toMatchObject({ type: 'wait' })
    expect(await stage.present(at({ state: { ...state, problem: 'taken' }, duo, now: later(15) }))).toMatchObject({ type: 'ask' })
    expect(names()).toEqual(['ada'])
  })
})

describe('the limits of setting up Duo', () => {
  /** Refuses turns whose subject begins so; notes them. */
  const limited = (beginning: string) => {
    const turns: unknown[][] = []
    const takeTurn = (...turn: [string, number, number]) => {
      turns.push(turn)
      return turn[0].startsWith(beginning) ? 90.5 : undefined
    }
    return { takeTurn, turns }
  }

  it('are a few enrolments of one person', async () => {
    const { duo, asked } = duoOf()
    const { takeTurn, turns } = limited('duo enrollments')
    const verdict = await stage.present(at({ duo, takeTurn }))

    expect(turns).toContainEqual([`duo enrollments of user ${ada.id}`, 10, 3600])
    expect(verdict).toMatchObject({
      type: 'ask',
      challenge: { ...nothingToActivate, problem: 'Too many attempts. Try again later.' },
      state: { problem: 'throttled', again: testNow.getTime() + 90_500 },
    })
    expect(asked).toEqual([])
  })

  it('let one of two requests for one step begin', async () => {
    const { duo, asked } = duoOf()
    const { takeTurn, turns } = limited('duo beginning ')

    await expect((async () => stage.present(at({ duo, takeTurn })))()).rejects.toMatchObject({ status: 503, retryAfter: 91 })
    expect(turns).toEqual([[expect.stringMatching(/^duo beginning digest of /), 1, 5]])
    expect(asked).toEqual([])
  })

  it('let one execution ask Duo so often, whoever wants to know', async () => {
    const state = await kept()
    const { duo, asked } = duoOf({ statuses: ['success'] })
    const { takeTurn, turns } = limited('duo questions')
    const context = at({ state, duo, takeTurn })

    expect(await resumed(context)).toBeUndefined()
    expect(errorsOf(await answered(stage, context, {}))).toMatchObject([{ code: 'throttled' }])
    await expect(stage.probes?.enrollment_status?.(context)).rejects.toMatchObject({ status: 429, retryAfter: 91 })
    expect(asked).toEqual([])
    expect(turns).toEqual(Array(3).fill(['duo questions of an-execution', 60, 60]))
  })
})
