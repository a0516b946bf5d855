import { describe, expect, it } from 'vitest'
import type { StageBinding } from './definition.ts'
import { completeStage, countAttempt, newPlan, withContext } from './plan.ts'

const binding = (id: string): StageBinding => ({
  id,
  stageId: `stage ${id}`,
  order: 0,
  evaluateOnPlan: false,
  reEvaluatePolicies: true,
  invalidResponseAction: 'retry',
})

const at = new Date('2026-03-01T12:00:00.000Z')
const plan = newPlan([binding('first'), binding('second')], { auth_method: 'password' }, { next: '/home' })

describe('a plan', () => {
  it('begins with all stages to pass, and nothing behind it', () => {
    expect(plan).toEqual({
      bindings: ['first', 'second'],
      context: { auth_method: 'password' },
      history: [],
      query: { next: '/home' },
      attempts: {},
      restarts: 0,
      inserted: {},
    })
  })

  it('is plain data that survives storage', () => {
    const passed = completeStage(plan, 'passed', at, { pending_user: { known: true, id: 7 } })

    expect(JSON.parse(JSON.stringify(passed))).toEqual(passed)
  })

  it('takes context keys, replaces them, and forgets those that are undefined', () => {
    const changed = withContext(plan, { redirect: '/there', auth_method: undefined })

    expect(changed.context).toEqual({ redirect: '/there' })
    expect(Object.keys(changed.context)).toEqual(['redirect'])
    expect(withContext(changed, { redirect: '/elsewhere' }).context).toEqual({ redirect: '/elsewhere' })
  })

  it('keeps a context key that is null, false or empty', () => {
    expect(withContext(plan, { a: null, b: false, c: '', d: 0 }).context).toMatchObject({ a: null, b: false, c: '', d: 0 })
  })

  it('puts its active stage behind it, with what that changed', () => {
    const passed = completeStage(plan, 'passed', at, { redirect: '/there' })

    expect(passed).toEqual({
      ...plan,
      bindings: ['second'],
      context: { auth_method: 'password', redirect: '/there' },
      history: [{ bindingId: 'first', outcome: 'passed', at: at.getTime(), changed: { redirect: '/there' } }],
    })
  })

  it('notes which stages were left out', () => {
    const skipped = completeStage(completeStage(plan, 'skipped', at), 'passed', at)

    expect(skipped.bindings).toEqual([])
    expect(skipped.history.map(({ bindingId, outcome }) => [bindingId, outcome])).toEqual([
      ['first', 'skipped'],
      ['second', 'passed'],
    ])
  })

  it('stays as it is when nothing is left to pass', () => {
    const empty = newPlan([], {}, {})

    expect(completeStage(empty, 'passed', at, { redirect: '/there' })).toBe(empty)
  })

  it('counts refused guesses, by binding', () => {
    const first = countAttempt(plan, 'first')
    const second = countAttempt(first.plan, 'first')
    const other = countAttempt(second.plan, 'second')

    expect([first.attempts, second.attempts, other.attempts]).toEqual([1, 2, 1])
    expect(other.plan.attempts).toEqual({ first: 2, second: 1 })
  })

  it('is never changed itself', () => {
    const frozen = Object.freeze({
      ...plan,
      context: Object.freeze({ ...plan.context }),
      bindings: Object.freeze([...plan.bindings]),
    })
    withContext(frozen, { redirect: '/there' })
    completeStage(frozen, 'passed', at, { redirect: '/there' })
    countAttempt(frozen, 'first')

    expect(frozen).toEqual(plan)
  })
})
