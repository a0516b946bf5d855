import { describe, expect, it, vi } from 'vitest'
import { Sleeper } from '../../test/support/sleeper.ts'
import type { WaitingExecution } from '../flow/ports.ts'
import type { Outlook } from '../flow/resumer.ts'
import { ExecutionBus } from './execution-bus.ts'
import { mostQuestions, mostWaiters, type WaiterDependencies, Waiters } from './waiters.ts'

const visitor = {
  session: { type: 'handle', handle: 'a handle' },
  clientIp: '192.0.2.7',
  userAgent: '',
  requestId: '',
  host: '',
  languages: () => [],
  proxyHeader: () => undefined,
  clientCertificate: undefined,
  deviceCookie: () => undefined,
} as const

const execution = (executionId = 'an execution'): WaitingExecution => ({
  executionId,
  sessionId: 'a session',
  visitor,
  until: new Date('2026-03-01T12:01:00Z'),
})

/** Waiters over a service that the test answers for. */
function waiting(parts: Partial<WaiterDependencies> = {}) {
  const failures: unknown[] = []
  const bus = new ExecutionBus({ standing: async () => new Map(), failed: (error) => void failures.push(error) })
  const questions: {
    executionId: string
    session: unknown
    signal: AbortSignal
    answer(outlook: Outlook): void
    fail(error: Error): void
  }[] = []
  let came: () => void = () => undefined
  const sleeper = new Sleeper()
  const waiters = new Waiters({
    resume: ({ session }, executionId, signal) =>
      new Promise((answer, fail) => {
        signal.addEventListener('abort', () => answer({ over: false, again: 1 }), { once: true })
        questions.push({ executionId, session, signal, answer, fail })
        came()
      }),
    listen: (id) => bus.listen(id),
    now: () => new Date('2026-03-01T12:00:00Z'),
    sleep: sleeper.sleep,
    isOver: (error) => error instanceof RangeError,
    failed: (error) => void failures.push(error),
    ...parts,
  })
  /** Resolves once so many questions have been asked. */
  const asked = async (count: number) => {
    while (questions.length < count) await new Promise<void>((resolve) => (came = resolve))
    return questions[count - 1]
  }
  const gone = () => expect.poll(() => waiters.size).toBe(0)
  return { waiters, bus, questions, asked, gone, failures, sleeper }
}

describe('waiters', () => {
  it('ask by the session, not by a handle that may change', async () => {
    const { waiters, asked } = waiting()
    waiters.attend(execution())

    expect((await asked(1))?.session).toEqual({ type: 'id', id: 'a session' })
  })

  it('are one for each execution, however many want to know', async () => {
    const { waiters, asked, questions, gone } = waiting()
    const leave = [waiters.attend(execution()), waiters.attend(execution())]
    await asked(1)

    expect([waiters.size, questions.length]).toEqual([1, 1])
    leave[0]?.()
    leave[0]?.()
    expect(waiters.size).toBe(1)
    leave[1]?.()
    await gone()
    expect(questions[0]?.signal.aborted).toBe(true)
  })

  it('stay for a while for who has gone, however often they look, and no longer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { waiters, asked } = waiting()
    for (let looks = 0; looks < 3; looks += 1) waiters.attendAlone(execution())
    await asked(1)
    expect(vi.getTimerCount()).toBe(1)

    vi.advanceTimersByTime(59_999)
    expect(waiters.size).toBe(1)
    vi.advanceTimersByTime(1)
    vi.useRealTimers()

    expect(waiters.size).toBe(0)
  })

  it('stop when it is over', async () => {
    const { waiters, asked, gone } = waiting()
    waiters.attend(execution())
    ;(await asked(1))?.answer({ over: true })

    await gone()
  })

  it('ask again when they are told to, and not before', async () => {
    const { waiters, asked, questions, sleeper } = waiting()
    waiters.attend(execution())
    const asleep = sleeper.until(() => questions.length === 1)
    ;(await asked(1))?.answer({ over: false, again: 3 })
    await asleep
    expect(questions).toHaveLength(1)

    sleeper.pass()

    await asked(2)
  })

  it('ask anew at once when the execution changes, and take back what they asked before', async () => {
    const { waiters, asked, bus, questions } = waiting()
    waiters.attend(execution())
    await asked(1)

    bus.publish({ executionId: 'an execution', sequence: 5 })

    await asked(2)
    expect(questions[0]?.signal.aborted).toBe(true)
    expect(questions[1]?.signal.aborted).toBe(false)
  })

  it('wake up from a pause when the execution changes', async () => {
    const { waiters, asked, bus, sleeper, questions } = waiting()
    waiters.attend(execution())
    const asleep = sleeper.until(() => questions.length === 1)
    ;(await asked(1))?.answer({ over: false, again: 3 })
    await asleep

    bus.publish({ executionId: 'an execution', sequence: 5 })

    await asked(2)
  })

  it('end with the execution or its session, and say nothing', async () => {
    const { waiters, asked, gone, failures } = waiting()
    waiters.attend(execution())
    ;(await asked(1))?.fail(new RangeError('It has expired.'))

    await gone()
    expect(failures).toEqual([])
  })

  it('tell of what they could not do, and leave it to the next who asks', async () => {
    const { waiters, asked, gone, failures } = waiting()
    waiters.attend(execution())
    ;(await asked(1))?.fail(new Error('The store does not answer.'))
    await gone()

    waiters.attend(execution())

    await asked(2)
    expect(failures).toHaveLength(1)
  })

  it('ask about so many at once, and about the others in turn', async () => {
    const { waiters, asked, questions } = waiting()
    for (let made = 0; made <= mostQuestions; made += 1) waiters.attend(execution(`execution ${made}`))
    await asked(mostQuestions)
    expect(questions).toHaveLength(mostQuestions)

    questions[0]?.answer({ over: true })

    expect((await asked(mostQuestions + 1))?.executionId).toBe(`execution ${mostQuestions}`)
  })

  it('are so many, and no more', () => {
    const { waiters } = waiting({ resume: async () => ({ over: true }) })
    for (let made = 0; made <= mostWaiters; made += 1) waiters.attend(execution(`execution ${made}`))

    expect(waiters.size).toBe(mostWaiters)
    waiters.attend(execution('one too many'))()
    expect(waiters.size).toBe(mostWaiters)
  })

  it('stop when the server does, and leave no listener', async () => {
    const { waiters, asked, gone, bus, questions } = waiting()
    waiters.attendAlone(execution())
    await asked(1)

    waiters.close()

    await gone()
    await expect.poll(() => bus.size).toBe(0)
    expect(questions[0]?.signal.aborted).toBe(true)
  })
})
