import type { Redis } from 'ioredis'
import { sha256Hex } from '../credentials/random.ts'
import { ServiceUnavailableError } from '../flow/errors.ts'

/** Tells the first use of something from every other, on one node or, with Redis, on all of them. */
export class OneUse {
  private readonly now: () => Date
  private readonly redis: Redis | undefined
  /** When each may be forgotten (milliseconds since 1970). */
  private readonly used = new Map<string, number>()

  constructor(now: () => Date, redis?: Redis) {
    this.now = now
    this.redis = redis
  }

  /** How many uses are remembered in memory. */
  get size(): number {
    return this.used.size
  }

  /**
   * Whether this is the first use, of those in so many seconds. Throws ServiceUnavailableError when Redis does not answer: nobody
   * can tell then what was used on another node.
   */
  async isFirst(id: string, seconds: number): Promise<boolean> {
    if (!this.redis) return this.isFirstHere(id, seconds)
    try {
      return (await this.redis.set(`stagedoor:used:${sha256Hex(id)}`, '', 'EX', seconds, 'NX')) === 'OK'
    } catch (error) {
      throw new ServiceUnavailableError(1, { cause: error })
    }
  }

  private isFirstHere(id: string, seconds: number): boolean {
    const now = this.now().getTime()
    for (const [known, until] of this.used) if (until <= now) this.used.delete(known)
    if (this.used.has(id)) return false
    this.used.set(id, now + seconds * 1000)
    return true
  }
}
