import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { connectRedis, redisAvailable } from '../../test/support/redis.ts'
import type { Guess } from '../flow/ports.ts'
import { CountingGuessLimiter, guessWindow, mostGuesses } from './guess-limiter.ts'

/** Somebody whom no other test guesses at. */
const somebody = (): Guess => ({ subject: `user:${randomUUID()}`, clientIp: '203.0.113.7' })

async function fail(limiter: CountingGuessLimiter, guess: Guess, times: number): Promise<void> {
  for (let failed = 0; failed < times; failed += 1) await limiter.take(guess)
}

const stores = [
  { name: 'in memory', create: () => new CountingGuessLimiter(), available: true },
  {
    name: redisAvailable ? 'in Redis' : 'in Redis (skipped: TEST_REDIS_URL leads nowhere)',
    create: () => {
      const redis = connectRedis()
      onTestFinished(() => redis.disconnect())
      return new CountingGuessLimiter(redis)
    },
    available: redisAvailable,
  },
]

describe.each(stores)('guesses counted $name', ({ create, available }) => {
  const test = it.skipIf(!available)

  test('are taken up to the limit, and not above', async () => {
    const limiter = create()
    const guess = somebody()
    for (let taken = 0; taken < mostGuesses; taken += 1) expect(await limiter.take(guess)).toBeUndefined()

    const wait = await limiter.take(guess)
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(guessWindow)
    expect(Number.isInteger(wait)).toBe(true)
  })

  test('wait no longer for being repeated', async () => {
    const limiter = create()
    const guess = somebody()
    await fail(limiter, guess, mostGuesses + 3)

    expect(await limiter.take(guess)).toBeLessThanOrEqual(guessWindow)
  })

  test('are forgotten by a right one', async () => {
    const limiter = create()
    const guess = somebody()
    await fail(limiter, guess, mostGuesses)
    await limiter.succeeded(guess)

    await fail(limiter, guess, mostGuesses - 1)
    expect(await limiter.take(guess)).toBeUndefined()
    expect(await limiter.take(guess)).toBeGreaterThan(0)
  })

  test('count against one person from one address', async () => {
    const limiter = create()
    const guess = somebody()
    await fail(limiter, guess, mostGuesses)

    expect(await limiter.take({ ...guess, clientIp: '203.0.113.8' })).toBeUndefined()
    expect(await limiter.take({ ...guess, subject: 'user:another' })).toBeUndefined()
  })

  test('count together, however many come at once', async () => {
    const limiter = create()
    const guess = somebody()
    const waits = await Promise.all(Array.from({ length: mostGuesses + 5 }, () => limiter.take(guess)))

    expect(waits.filter((wait) => wait === undefined)).toHaveLength(mostGuesses)
  })
})

describe('guesses counted in memory', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('are forgotten when the window is over', async () => {
    const limiter = new CountingGuessLimiter()
    const guess = somebody()
    await fail(limiter, guess, mostGuesses)
    vi.advanceTimersByTime((guessWindow - 1) * 1000)
    expect(await limiter.take(guess)).toBe(1)

    vi.advanceTimersByTime(1000)
    expect(await limiter.take(guess)).toBeUndefined()
  })
})

describe.skipIf(!redisAvailable)('guesses counted in Redis', () => {
  it('count together on all nodes', async () => {
    const redis = connectRedis()
    onTestFinished(() => redis.disconnect())
    const guess = somebody()
    await fail(new CountingGuessLimiter(redis), guess, mostGuesses)

    expect(await new CountingGuessLimiter(redis).take(guess)).toBeGreaterThan(0)
  })

  it('are kept under keys that tell nobody whom they are about', async () => {
    const redis = connectRedis()
    onTestFinished(() => redis.disconnect())
    const name = randomUUID()
    await new CountingGuessLimiter(redis).take({ subject: `identifier:${name}`, clientIp: '203.0.113.7' })
    const keys = await redis.keys('stagedoor:guesses:*')

    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys) expect(key).toMatch(/^stagedoor:guesses:[0-9a-f]{64}$/)
  })

  it('count on this node alone while Redis is away', async () => {
    const redis = connectRedis()
    redis.disconnect()
    const limiter = new CountingGuessLimiter(redis)
    const guess = somebody()
    await fail(limiter, guess, mostGuesses)

    expect(await limiter.take(guess)).toBeGreaterThan(0)
    expect(await limiter.take(somebody())).toBeUndefined()
  })
})
