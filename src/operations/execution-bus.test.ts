import type { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { connectRedis, redisAvailable } from '../../test/support/redis.ts'
import { ExecutionBus } from './execution-bus.ts'

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
    const bus = new ExecutionBus()
    const listener = bus.listen('execution-1')
    const changed = listener.changed()
    expect(await settled(changed)).toBe(false)

    bus.publish(change)
    expect(await changed).toBe(true)
  })

  it('reach whoever listens but does not wait yet: none falls between', async () => {
    const bus = new ExecutionBus()
    const listener = bus.listen('execution-1')
    bus.publish(change)

    expect(await listener.changed()).toBe(true)
  })

  it('count as one until somebody asks', async () => {
    const bus = new ExecutionBus()
    const listener = bus.listen('execution-1')
    bus.publish(change)
    bus.publish({ ...change, sequence: 3 })

    expect(await listener.changed()).toBe(true)
    expect(await settled(listener.changed())).toBe(false)
  })

  it('reach all who listen to that execution, and nobody else', async () => {
    const bus = new ExecutionBus()
    const listeners = [bus.listen('execution-1'), bus.listen('execution-1')]
    const other = bus.listen('execution-2').changed()
    bus.publish(change)

    expect(await Promise.all(listeners.map((listener) => listener.changed()))).toEqual([true, true])
    expect(await settled(other)).toBe(false)
  })

  it('may be none: everybody looks again when reminded', async () => {
    const bus = new ExecutionBus()
    const waiting = [bus.listen('execution-1').changed(), bus.listen('execution-2').changed()]
    bus.remind()

    expect(await Promise.all(waiting)).toEqual([true, true])
  })
})

describe('whoever stops listening', () => {
  it('is told that no more will come, now and ever', async () => {
    const bus = new ExecutionBus()
    const listener = bus.listen('execution-1')
    const waiting = listener.changed()
    listener.stop()
    bus.publish(change)

    expect([await waiting, await listener.changed()]).toEqual([false, false])
  })

  it('is forgotten', () => {
    const bus = new ExecutionBus()
    const listeners = ['execution-1', 'execution-1', 'execution-2'].map((id) => bus.listen(id))
    expect(bus.size).toBe(3)

    for (const listener of listeners) listener.stop()
    listeners[0]?.stop()
    expect(bus.size).toBe(0)
  })

  it('does not take along who comes after', async () => {
    const bus = new ExecutionBus()
    const first = bus.listen('execution-1')
    first.stop()
    const second = bus.listen('execution-1')
    first.stop()
    bus.publish(change)

    expect(bus.size).toBe(1)
    expect(await second.changed()).toBe(true)
  })

  it('is everybody when the server stops', async () => {
    const bus = new ExecutionBus()
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
  const bus = new ExecutionBus({ publish, subscribe, failed })
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
