import type { Redis } from 'ioredis'
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { sha256Hex } from '../credentials/random.ts'
import type { Guess, GuessLimiter } from '../flow/ports.ts'

/** How many guesses in a row about one person are taken from one address within the window. */
export const mostGuesses = 30
/** Seconds. */
export const guessWindow = 300

/** Counts guesses by person and address, in memory or, for several nodes, in Redis. */
export class CountingGuessLimiter implements GuessLimiter {
  private readonly limiter: RateLimiterAbstract

  constructor(redis?: Redis) {
    const options = { keyPrefix: 'stagedoor:guesses', points: mostGuesses, duration: guessWindow }
    // Without Redis each node counts alone, which is better than letting nobody in.
    this.limiter = redis
      ? new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter: new RateLimiterMemory(options) })
      : new RateLimiterMemory(options)
  }

  async take(guess: Guess): Promise<number | undefined> {
    try {
      await this.limiter.consume(keyOf(guess))
      return undefined
    } catch (reason) {
      if (reason instanceof RateLimiterRes) return Math.max(1, Math.ceil(reason.msBeforeNext / 1000))
      throw reason
    }
  }

  async succeeded(guess: Guess): Promise<void> {
    await this.limiter.delete(keyOf(guess))
  }
}

/** What people typed is not kept, not even in memory. */
function keyOf({ subject, clientIp }: Guess): string {
  return sha256Hex(`${subject}\n${clientIp}`)
}
