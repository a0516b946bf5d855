import { describe, expect, it } from 'vitest'
import { mostConnectionsPerAddress, mostConnectionsPerSession, SubscriptionLimits } from './subscription-limits.ts'

const times = <Result>(count: number, work: (index: number) => Result) => Array.from({ length: count }, (_, index) => work(index))

describe('the room for subscriptions', () => {
  it('is so much for the whole server, and comes back', () => {
    const limits = new SubscriptionLimits(20_000)
    const taken = times(20_000, () => limits.takeStream())

    expect(taken.every(Boolean)).toBe(true)
    expect(limits.takeStream()).toBeUndefined()
    taken[0]?.()
    expect(limits.streams).toBe(19_999)
    expect(limits.takeStream()).toBeDefined()
  })

  it('comes back once, however often it is given', () => {
    const limits = new SubscriptionLimits(1)
    const release = limits.takeStream()
    release?.()
    const other = limits.takeStream()
    release?.()

    expect(other).toBeDefined()
    expect(limits.streams).toBe(1)
  })

  it('is so much for each address', () => {
    const limits = new SubscriptionLimits(1000)
    const taken = times(mostConnectionsPerAddress, () => limits.takeConnection('203.0.113.7'))

    expect(taken.every((release) => typeof release === 'function')).toBe(true)
    expect(limits.takeConnection('203.0.113.7')).toBe('address')
    expect(limits.takeConnection('203.0.113.8')).toBeTypeOf('function')
    const [first] = taken
    if (typeof first === 'function') first()
    expect(limits.takeConnection('203.0.113.7')).toBeTypeOf('function')
  })

  it('ends for all addresses together where the server is full', () => {
    const limits = new SubscriptionLimits(3)
    const taken = times(3, (index) => limits.takeConnection(`203.0.113.${index}`))

    expect(limits.takeConnection('203.0.113.9')).toBe('server')
    const [first] = taken
    if (typeof first === 'function') first()
    expect(limits.takeConnection('203.0.113.9')).toBeTypeOf('function')
  })

  it('is so much for each session', () => {
    const limits = new SubscriptionLimits(1000)
    const [first] = times(mostConnectionsPerSession, () => limits.takeInSession('session-1'))

    expect(limits.takeInSession('session-1')).toBeUndefined()
    expect(limits.takeInSession('session-2')).toBeDefined()
    first?.()
    expect(limits.takeInSession('session-1')).toBeDefined()
  })
})
