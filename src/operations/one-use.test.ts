import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Clock } from '../../test/support/clock.ts'
import { connectRedis, redisAvailable } from '../../test/support/redis.ts'
import { sha256Hex } from '../credentials/random.ts'
import { ServiceUnavailableError } from '../flow/errors.ts'
import { OneUse } from './one-use.ts'

const clock = new Clock()
const now = () => clock.now()

describe('what may be used once', () => {
  it('is used once for a while, and does not stand in the way of others', async () => {
    const uses = new OneUse(now)

    expect([await uses.isFirst('a', 60), await uses.isFirst('a', 60), await uses.isFirst('b', 60)]).toEqual([true, false, true])
    clock.advance(59)
    expect(await uses.isFirst('a', 60)).toBe(false)
  })

  it('is forgotten when nobody can come with it any more', async () => {
    const uses = new OneUse(now)
    for (let index = 0; index < 100; index += 1) await uses.isFirst(`used ${index}`, 60)
    clock.advance(60)
    await uses.isFirst('another', 60)

    expect(uses.size).toBe(1)
  })

  it.skipIf(!redisAvailable)('is used once on all nodes, at whatever moment they are asked', async () => {
    const nodes = [connectRedis(), connectRedis()]
    onTestFinished(() => {
      for (const redis of nodes) redis.disconnect()
    })
    const id = randomUUID()

    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => new OneUse(now, nodes[index % 2]).isFirst(id, 60)))

    expect(answers.filter(Boolean)).toHaveLength(1)
  })

  it.skipIf(!redisAvailable)('is kept in Redis for no longer than it has to be', async () => {
    const redis = connectRedis()
    onTestFinished(() => redis.disconnect())
    const id = randomUUID()
    await new OneUse(now, redis).isFirst(id, 60)

    const left = await redis.ttl(`stagedoor:used:${sha256Hex(id)}`)
    expect(left).toBeGreaterThan(50)
    expect(left).toBeLessThanOrEqual(60)
  })

  it('is not used at all while nobody can tell what other nodes have seen', async () => {
    const redis = new Redis('redis://127.0.0.1:9', { maxRetriesPerRequest: 0, enableOfflineQueue: false, lazyConnect: true })
    redis.on('error', () => undefined)
    onTestFinished(() => redis.disconnect())

    await expect(new OneUse(now, redis).isFirst('a', 60)).rejects.toBeInstanceOf(ServiceUnavailableError)
  })
})
