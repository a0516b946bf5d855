import type { Redis } from 'ioredis'
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible'
import { sha256Hex } from '../credentials/random.ts'
import type { Guess, GuessLimiter } from '../flow/ports.ts'

/** How many refused guesses about one person are taken from one address within the window. */
export const mostGuesses = 30
/** Seconds. */
export const guessWindow = 300

/** Counts refused guesses by person and address, in memory or, for several nodes, in Redis. */
export class CountingGuessLimiter implements GuessLimiter {
  private readonly limiter: RateLimiterAbstract

  constructor(redis?: Redis) {
    const options = { keyPrefix: 'stagedoor:guesses', points: mostGuesses, duration: guessWindow }
    // Without Redis each node counts alone, which is better than letting nobody in.
    this.limiter = redis
      ? new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter: new RateLimiterMemory(options) })
      : new RateLimiterMemory(options)
  }

  async blockedFor(guess: Guess): Promise<number | undefined> {
    const state = await this.limiter.get(keyOf(guess))
    return state && state.consumedPoints >= mostGuesses ? Math.max(1, Math.ceil(state.msBeforeNext / 1000)) : undefined
  }

  async failed(guess: Guess): Promise<void> {
    // Above the limit it rejects with the same state that `blockedFor` reads.
    await this.limiter.consume(keyOf(guess)).catch(ignoreExhaustion)
  }

  async succeeded(guess: Guess): Promise<void> {
    await this.limiter.delete(keyOf(guess))
  }
}

/** What people typed is not kept, not even in memory. */
function keyOf({ subject, clientIp }: Guess): string {
  return sha256Hex(`${subject}\n${clientIp}`)
}

function ignoreExhaustion(reason: unknown): void {
  if (reason instanceof Error) throw reason
}
