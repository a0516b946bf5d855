import { describe, expect, it } from 'vitest'
import { createHasherQueue, HasherBusyError } from './hasher-queue.ts'

/** A queue on a clock that the test sets, and work that ends when the test says so. */
function createTestQueue(concurrency: number, queueLimit: number) {
  const clock = { now: 0 }
  const queue = createHasherQueue({ concurrency, queueLimit, now: () => clock.now })
  const started: string[] = []

  function submit(name: string) {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const begun = Promise.withResolvers<void>()
    const result = queue.run(() => {
      started.push(name)
      begun.resolve()
      return promise
    })
    return { result, begun: begun.promise, finish: () => resolve(name), fail: () => reject(new Error(name)) }
  }
  return { clock, started, submit }
}

describe('the queue for password hashing', () => {
  it('runs as many at a time as it may, and the rest in the order they came', async () => {
    const { submit, started } = createTestQueue(2, 2)
    const [a, b, c, d] = [submit('a'), submit('b'), submit('c'), submit('d')]
    expect(started).toEqual(['a', 'b'])

    b.finish()
    expect(await b.result).toBe('b')
    await c.begun
    expect(started).toEqual(['a', 'b', 'c'])

    a.finish()
    c.finish()
    expect(await Promise.all([a.result, c.result])).toEqual(['a', 'c'])
    expect(started).toEqual(['a', 'b', 'c', 'd'])

    d.finish()
    expect(await d.result).toBe('d')
  })

  it('refuses what exceeds the limit, and takes more once there is room', async () => {
    const { submit, started } = createTestQueue(1, 1)
    const [running, waiting, refused] = [submit('running'), submit('waiting'), submit('refused')]
    await expect(refused.result).rejects.toBeInstanceOf(HasherBusyError)

    running.finish()
    await running.result
    const next = submit('next')
    waiting.finish()
    next.finish()

    expect(await Promise.all([waiting.result, next.result])).toEqual(['waiting', 'next'])
    expect(started).toEqual(['running', 'waiting', 'next'])
  })

  it('keeps its places when work fails', async () => {
    const { submit } = createTestQueue(1, 1)
    const [failing, waiting] = [submit('failing'), submit('waiting')]
    failing.fail()
    await expect(failing.result).rejects.toThrow('failing')
    waiting.finish()
    await waiting.result

    const next = submit('next')
    next.finish()

    expect(await next.result).toBe('next')
  })

  it('asks for a second of patience before it has seen any work', async () => {
    const { submit } = createTestQueue(1, 0)
    const running = submit('running')

    await expect(submit('refused').result).rejects.toMatchObject({ name: 'HasherBusyError', retryAfter: 1 })
    running.finish()
    await running.result
  })

  it('estimates the patience it asks for by how long work takes and how much of it waits', async () => {
    const { submit, clock } = createTestQueue(1, 3)
    const first = submit('first')
    clock.now = 2_000
    first.finish()
    await first.result

    const second = submit('second')
    clock.now = 3_000
    second.finish()
    await second.result

    // The average moved from 2 s towards 1 s by a tenth: 1.9 s for each of the three that wait and the one refused.
    const taken = [submit('running'), submit('1st'), submit('2nd'), submit('3rd')]
    await expect(submit('refused').result).rejects.toMatchObject({ retryAfter: 8 })
    for (const { finish } of taken) finish()
    await Promise.all(taken.map(({ result }) => result))
  })

  it('cannot be made without a place to run', () => {
    expect(() => createHasherQueue({ concurrency: 0, queueLimit: 1 })).toThrow(RangeError)
  })
})
