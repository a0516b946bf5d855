import type { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { connectRedis, redisAvailable } from '../../test/support/redis.ts'
import { ExecutionBus, type ExecutionBusParts, mostLookedAt } from './execution-bus.ts'

/** A bus of one node, over a store where nothing is gone and nothing has moved. */
function lonelyBus(parts: Partial<ExecutionBusParts> = {}): ExecutionBus {
  const standing = async (ids: readonly string[]) => new Map(ids.map((id) => [id, 1]))
  return new ExecutionBus({ standing, failed: (error) => expect.fail(String(error)), ...parts })
}

const change = { executionId: 'execution-1', sequence: 2 }

/** Whether a promise has settled by the time that everything ready has run. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  void promise.then(() => {
    done = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  return done
}

describe('changes of executions', () => {
  it('reach whoever waits for them', async () => {
    const bus = lonelyBus()
    const listener = bus.listen('execution-1')
    const changed = listener.changed()
    expect(await settled(changed)).toBe(false)

    bus.publish(change)
    expect(await changed).toBe(true)
  })

  it('reach whoever listens but does not wait yet: none falls between', async () => {
    const bus = lonelyBus()
    const listener = bus.listen('execution-1')
    bus.publish(change)

    expect(await listener.changed()).toBe(true)
  })

  it('count as one until somebody asks', async () => {
    const bus = lonelyBus()
    const listener = bus.listen('execution-1')
    bus.publish(change)
    bus.publish({ ...change, sequence: 3 })

    expect(await listener.changed()).toBe(true)
    expect(await settled(listener.changed())).toBe(false)
  })

  it('reach all who listen to that execution, and nobody else', async () => {
    const bus = lonelyBus()
    const listeners = [bus.listen('execution-1'), bus.listen('execution-1')]
    const other = bus.listen('execution-2').changed()
    bus.publish(change)

    expect(await Promise.all(listeners.map((listener) => listener.changed()))).toEqual([true, true])
    expect(await settled(other)).toBe(false)
  })
})

describe('a reminder', () => {
  /** Somebody who has seen that much of an execution, and whether the reminder reaches them. */
  async function reached(standing: ReadonlyMap<string, number>, seen?: number): Promise<boolean> {
    const bus = lonelyBus({ standing: async () => standing })
    const listener = bus.listen('execution-1')
    if (seen !== undefined) listener.saw(seen)
    await bus.remind()
    return settled(listener.changed())
  }

  it.each([
    ['reaches who has missed something', 3, 2, true],
    ['passes who knows what stands', 3, 3, false],
    ['passes who waits for what is yet to come', 3, 9, false],
  ])('%s', async (_, stands, seen, expected) => {
    expect(await reached(new Map([['execution-1', stands]]), seen)).toBe(expected)
  })

  it('reaches who watches what is gone', async () => {
    expect(await reached(new Map(), 3)).toBe(true)
  })

  it('reaches who never says what they saw once for each state', async () => {
    let sequence = 1
    const bus = lonelyBus({ standing: async () => new Map([['execution-1', sequence]]) })
    const listener = bus.listen('execution-1')
    const reached = async () => {
      await bus.remind()
      const rung = listener.rung
      if (rung) await listener.changed()
      return rung
    }

    expect([await reached(), await reached()]).toEqual([true, false])
    sequence = 2
    expect([await reached(), await reached()]).toEqual([true, false])
  })

  it('goes by what was seen last, however late an older one is told', async () => {
    const bus = lonelyBus({ standing: async () => new Map([['execution-1', 3]]) })
    const listener = bus.listen('execution-1')
    listener.saw(3)
    listener.saw(2)
    await bus.remind()

    expect(listener.rung).toBe(false)
  })

  it('asks about many at once, each of them once', async () => {
    const asked: number[] = []
    const bus = lonelyBus({
      standing: async (ids) => {
        asked.push(ids.length)
        return new Map(ids.map((id) => [id, 1]))
      },
    })
    for (let index = 0; index < mostLookedAt + 1; index += 1) {
      for (const listener of [bus.listen(`execution-${index}`), bus.listen(`execution-${index}`)]) listener.saw(1)
    }
    await bus.remind()

    expect(asked).toEqual([mostLookedAt, 1])
  })

  it('is followed by one more for all who asked meanwhile', async () => {
    const looks: (() => void)[] = []
    const bus = lonelyBus({ standing: () => new Promise((resolve) => looks.push(() => resolve(new Map([['execution-1', 1]])))) })
    bus.listen('execution-1').saw(1)
    const first = bus.remind()
    await vi.waitFor(() => expect(looks).toHaveLength(1))
    const others = [bus.remind(), bus.remind()]
    looks[0]?.()
    await first
    await vi.waitFor(() => expect(looks).toHaveLength(2))
    looks[1]?.()
    await Promise.all(others)

    expect(looks).toHaveLength(2)
  })

  it('that finds no store is reported, and the next one is no worse for it', async () => {
    const failures: unknown[] = []
    let reachable = false
    const bus = lonelyBus({
      standing: async () => {
        if (!reachable) throw new Error('The store is away.')
        return new Map()
      },
      failed: (error) => failures.push(error),
    })
    const listener = bus.listen('execution-1')
    await bus.remind()
    expect([failures.length, listener.rung]).toEqual([1, false])

    reachable = true
    await bus.remind()
    expect([failures.length, listener.rung]).toEqual([1, true])
  })
})

describe('whoever stops listening', () => {
  it('is told that no more will come, now and ever', async () => {
    const bus = lonelyBus()
    const listener = bus.listen('execution-1')
    const waiting = listener.changed()
    listener.stop()
    bus.publish(change)

    expect([await waiting, await listener.changed()]).toEqual([false, false])
  })

  it('is forgotten', () => {
    const bus = lonelyBus()
    const listeners = ['execution-1', 'execution-1', 'execution-2'].map((id) => bus.listen(id))
    expect(bus.size).toBe(3)

    for (const listener of listeners) listener.stop()
    listeners[0]?.stop()
    expect(bus.size).toBe(0)
  })

  it('does not take along who comes after', async () => {
    const bus = lonelyBus()
    const first = bus.listen('execution-1')
    first.stop()
    const second = bus.listen('execution-1')
    first.stop()
    bus.publish(change)

    expect(bus.size).toBe(1)
    expect(await second.changed()).toBe(true)
  })

  it('is everybody when the server stops', async () => {
    const bus = lonelyBus()
    const waiting = [bus.listen('execution-1').changed(), bus.listen('execution-2').changed()]
    bus.close()

    expect(await Promise.all(waiting)).toEqual([false, false])
    expect(bus.size).toBe(0)
  })
})

/** A node of several: its bus, once it hears the others. */
async function node(
  failed: (error: unknown) => void = () => undefined,
): Promise<{ bus: ExecutionBus; publish: Redis; subscribe: Redis }> {
  const [publish, subscribe] = [connectRedis(), connectRedis()]
  onTestFinished(() => {
    publish.disconnect()
    subscribe.disconnect()
  })
  const subscribed = vi.spyOn(subscribe, 'subscribe')
  const bus = lonelyBus({ remote: { publish, subscribe }, failed })
  await vi.waitFor(() => expect(subscribed).toHaveResolved())
  return { bus, publish, subscribe }
}

describe.skipIf(!redisAvailable)('changes on several nodes', () => {
  it('reach who listens on another one', async () => {
    const [here, there] = await Promise.all([node(), node()])
    const listener = there.bus.listen('execution-1')
    const changed = listener.changed()
    here.bus.publish(change)

    expect(await changed).toBe(true)
  })

  it('that make no sense are reported, and harm nobody', async () => {
    const failures: unknown[] = []
    const { bus, publish } = await node((error) => failures.push(error))
    await publish.publish('stagedoor:executions', 'nonsense')
    await publish.publish('stagedoor:executions', 'null')
    const changed = bus.listen('execution-1').changed()
    await publish.publish('stagedoor:executions', JSON.stringify(change))

    expect(await changed).toBe(true)
    expect(failures).toHaveLength(2)
  })

  it('that were lost with the connection are looked for when it is back', async () => {
    const { bus, subscribe } = await node()
    const changed = bus.listen('execution-1').changed()
    expect(await settled(changed)).toBe(false)
    subscribe.disconnect(true)

    expect(await changed).toBe(true)
  })

  it('are carried on this node while Redis is away', async () => {
    const failed = vi.fn()
    const { bus, publish } = await node(failed)
    publish.disconnect()
    const changed = bus.listen('execution-1').changed()
    bus.publish(change)

    expect(await changed).toBe(true)
    await vi.waitFor(() => expect(failed).toHaveBeenCalled())
  })
})
