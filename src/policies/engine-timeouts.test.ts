import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TestEngine } from '../../test/support/policies.ts'
import { someUser } from '../../test/support/stage-services.ts'

const ada = someUser({ id: 7, username: 'ada' })

describe('a policy that takes too long', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** Runs until its signal says that its time is up. */
  const endless = ({ signal }: { signal: AbortSignal }) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

  it.each([
    [{ timeout: 5 }, false],
    [{ timeout: 5, failureResult: true }, true],
    [{ timeout: 5, failureResult: true, negate: true }, true],
  ])('takes the failure result when its time is up: %j', async (about, passing) => {
    const engine = new TestEngine()
    const judged = vi.fn()
    const judging = engine.judge('all', [engine.policy(endless, about)], { user: ada }).then(judged)

    await vi.advanceTimersByTimeAsync(4999)
    expect(judged).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await judging
    expect(judged).toHaveBeenCalledWith({
      passing,
      messages: ['The policy took too long.'],
      ...(!passing && { undecided: true }),
    })
    expect(engine.events).toMatchObject([{ action: 'policy_exception', context: { message: 'The policy took too long.' } }])
  })

  it('is told to end, whether or not it listens', async () => {
    const engine = new TestEngine()
    let signal: AbortSignal | undefined
    const deaf = engine.policy((request) => {
      signal = request.signal
      return new Promise<never>(() => undefined)
    })
    const judging = engine.judge('all', [deaf])
    await vi.advanceTimersByTimeAsync(30_000)

    expect(await judging).toMatchObject({ passing: false })
    expect(signal?.aborted).toBe(true)
  })

  it('may take any time that an administrator allows, without a timer left over', async () => {
    const engine = new TestEngine()
    const gate = Promise.withResolvers<{ passing: boolean; messages: string[] }>()
    const judging = engine.judge('all', [engine.policy(() => gate.promise, { timeout: 2_147_483_647 })])
    await vi.advanceTimersByTimeAsync(3_600_000)
    gate.resolve({ passing: true, messages: ['at last'] })

    expect(await judging).toEqual({ passing: true, messages: ['at last'] })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends what it left running when it is done in time', async () => {
    const engine = new TestEngine()
    let signal: AbortSignal | undefined
    const careless = engine.policy((request) => {
      signal = request.signal
      return { passing: true, messages: [] }
    })

    expect(await engine.judge('all', [careless])).toMatchObject({ passing: true })
    expect(signal?.aborted).toBe(true)
  })
})
