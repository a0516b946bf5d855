import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectRedis, redisAvailable } from '../../test/support/redis.ts'
import { Turns } from './turns.ts'

const stores = [
  { name: 'in memory', create: () => new Turns(), available: true },
  {
    name: redisAvailable ? 'in Redis' : 'in Redis (skipped: TEST_REDIS_URL leads nowhere)',
    create: () => {
      const redis = connectRedis()
      onTestFinished(() => redis.disconnect())
      return new Turns(redis)
    },
    available: redisAvailable,
  },
]

describe.each(stores)('turns counted $name', ({ create, available }) => {
  it.skipIf(!available)('are given by subject and by limits, and not above', async () => {
    const turns = create()
    const subject = randomUUID()

    expect([await turns.take(subject, 2, 60), await turns.take(subject, 2, 60)]).toEqual([undefined, undefined])
    const wait = await turns.take(subject, 2, 60)
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(60)
    expect(await turns.take(randomUUID(), 2, 60)).toBeUndefined()
    expect(await turns.take(subject, 3, 60)).toBeUndefined()
  })

  it.skipIf(!available)('are none where none are allowed', async () => {
    expect(await create().take(randomUUID(), 0, 60)).toBe(60)
  })
})
