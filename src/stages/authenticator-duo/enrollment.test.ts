import { describe, expect, it } from 'vitest'
import {
  actionsOf,
  at,
  begun,
  duoEnrollment,
  duoOf,
  kept,
  later,
  nothingToActivate,
  refusal,
  resumed,
  says,
  tomorrow,
} from '../../../test/support/duo-enrolling.ts'
import { shown } from '../../../test/support/stage-context.ts'
import type { DuoEnrollmentStatus } from '../../flow/duo.ts'
import { authenticatorDuoStage as stage } from './authenticator-duo.stage.ts'

describe('an enrolment that lapses', () => {
  it('is shown no more, and a new one offered', async () => {
    const state = await kept()
    const lapsed = at({ state, now: tomorrow, duo: duoOf({ statuses: ['invalid'] }).duo })
    const news = await stage.lapse?.(lapsed)
    const after = at({ state: news?.type === 'invalid' && news.changes.state, now: tomorrow })

    expect(news).toMatchObject({ type: 'invalid', errors: [] })
    expect(await shown(stage, after)).toMatchObject({
      ...nothingToActivate,
      problem: expect.stringContaining('does not count any more'),
    })
    expect(actionsOf(after)).toEqual([{ type: 'resend' }])
    // A page that is read before anybody has noticed says the same.
    expect(await shown(stage, lapsed)).toEqual(await shown(stage, after))
    expect((await stage.present(lapsed)).type).toBe('ask')
  })

  it('passes whoever was quick enough, and nobody by silence', async () => {
    const state = await kept()
    const lapse = (status: DuoEnrollmentStatus | ReturnType<typeof refusal>) =>
      stage.lapse?.(at({ state, now: tomorrow, duo: duoOf({ statuses: [status] }).duo }))

    expect(await lapse('success')).toMatchObject({ changes: { state: { activated: true } } })
    for (const status of ['waiting', 'invalid', refusal('unreachable')] as const)
      expect(await lapse(status)).toMatchObject({ changes: { state: { problem: 'lapsed' } } })
  })

  it('is over before its time where Duo says so', async () => {
    const news = await resumed(at({ state: await kept(), duo: duoOf({ statuses: ['invalid'] }).duo }))

    expect(news).toMatchObject({ errors: [], changes: { state: { problem: 'lapsed' } } })
    expect(await shown(stage, at({ state: news?.type === 'invalid' && news.changes.state }))).toMatchObject(nothingToActivate)
  })

  it('gives way to a new one, under another name where Duo keeps the first', async () => {
    const { state, row } = await begun()
    const second = says({ ...duoEnrollment, userId: 'DU2', expiresAt: new Date(tomorrow.getTime() + 86_400_000) })
    const { duo, names } = duoOf({ enrollments: [refusal('refused', 40_003), second], statuses: ['invalid'] })
    const options = { state: { ...state, problem: 'lapsed' }, authenticators: [row], now: tomorrow, duo }
    const verdict = await stage.act?.(at(options), 'resend')

    expect(names()).toEqual(['ada', expect.stringMatching(/^ada-.{6}$/)])
    expect(verdict).toMatchObject({ errors: [], changes: { state: { enrollment: { userId: 'DU2' } } } })
    expect(verdict?.type === 'invalid' && verdict.changes.state).not.toHaveProperty('problem')
  })
})

describe('an enrolment that was begun before', () => {
  it('still counts, so that who comes back does not meet a Duo that knows them', async () => {
    const { row, state } = await begun()
    const { duo, asked } = duoOf()
    const verdict = await stage.present(at({ authenticators: [row], duo }))

    expect(verdict).toMatchObject({ type: 'wait', state, challenge: { activationCode: 'duo://abc-XYZ' } })
    expect(verdict).not.toHaveProperty('changes')
    expect(asked.map(([what]) => what)).toEqual(['status'])
  })

  it('passes who has activated it meanwhile', async () => {
    const { row } = await begun()

    expect(await stage.present(at({ authenticators: [row], duo: duoOf({ statuses: ['success'] }).duo }))).toMatchObject({
      type: 'advance',
      changes: { effects: [{ type: 'add_authenticator', authenticator: { data: { duoUserId: 'DU1' } } }] },
    })
  })

  it('is nobody else’s, and no other stage’s', async () => {
    const { row } = await begun()
    for (const other of [
      { ...row, userId: 8 },
      { ...row, stageId: 'another' },
      { ...row, kind: 'totp' },
    ]) {
      const { duo, names } = duoOf({ statuses: ['success'] })
      expect(await stage.present(at({ authenticators: [other], duo }))).toMatchObject({ type: 'wait' })
      expect(names()).toEqual(['ada'])
    }
  })

  it('is begun anew where Duo has forgotten it, or its time is over', async () => {
    const { row } = await begun()
    const forgotten = duoOf({ statuses: ['invalid'] })
    const unclear = duoOf({
      statuses: [refusal('unreachable')],
      enrollments: [says({ ...duoEnrollment, expiresAt: later(99_999) })],
    })

    expect(await stage.present(at({ authenticators: [row], duo: forgotten.duo }))).toMatchObject({ type: 'wait' })
    expect(await stage.present(at({ authenticators: [row], duo: unclear.duo, now: tomorrow }))).toMatchObject({ type: 'wait' })
    expect([forgotten.names(), unclear.names()]).toEqual([['ada'], ['ada']])
  })

  it('gives nobody another name who may have activated the first', async () => {
    const { row } = await begun()
    const { duo, names } = duoOf({ enrollments: [refusal('refused', 40_003)], statuses: [refusal('unreachable')] })

    expect(await shown(stage, at({ authenticators: [row], duo, now: tomorrow }))).toMatchObject(nothingToActivate)
    expect(names()).toEqual(['ada'])
  })
})
