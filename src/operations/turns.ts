import type { Redis } from 'ioredis'
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { sha256Hex } from '../credentials/random.ts'

/** Counts what may happen so often within a window, in memory or, for several nodes, in Redis. */
export class Turns {
  private readonly redis: Redis | undefined
  private readonly limiters = new Map<string, RateLimiterAbstract>()

  constructor(redis?: Redis) {
    this.redis = redis
  }

  /** Undefined: it may happen. Else the seconds until it may again. */
  async take(subject: string, most: number, window: number): Promise<number | undefined> {
    if (most <= 0) return window
    try {
      await this.limiter(most, window).consume(sha256Hex(subject))
      return undefined
    } catch (reason) {
      if (reason instanceof RateLimiterRes) return Math.max(1, Math.ceil(reason.msBeforeNext / 1000))
      throw reason
    }
  }

  /** One for each pair of limits that an administrator configured. */
  private limiter(points: number, duration: number): RateLimiterAbstract {
    const key = `${points}/${duration}`
    const known = this.limiters.get(key)
    if (known) return known
    const options = { keyPrefix: `stagedoor:turns:${key}`, points, duration }
    const made = this.redis
      ? new RateLimiterRedis({ ...options, storeClient: this.redis, insuranceLimiter: new RateLimiterMemory(options) })
      : new RateLimiterMemory(options)
    this.limiters.set(key, made)
    return made
  }
}
