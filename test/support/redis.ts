import { Redis } from 'ioredis'

/** Where tests look for Redis. */
export const redisUrl = process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1:6379'

/** Whether tests can reach Redis; where it is false, skip. In CI nothing may be skipped, so there it is true or an error. */
export const redisAvailable: boolean = await ping().then(
  () => true,
  (error: unknown) => {
    if (process.env.CI) throw new Error('In CI, TEST_REDIS_URL must lead to a Redis server.', { cause: error })
    return false
  },
)

/** A connection of the test's own; disconnect it. */
export function connectRedis(): Redis {
  return new Redis(redisUrl, { maxRetriesPerRequest: 1 })
}

async function ping(): Promise<void> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: 2000,
  })
  // The promise below tells the same.
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    await redis.ping()
  } finally {
    redis.disconnect()
  }
}
