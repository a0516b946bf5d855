import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Browser } from '../support/browser.ts'
import { connectRedis, redisAvailable, redisUrl } from '../support/redis.ts'
import { seedFlow } from '../support/seed.ts'
import { nextStep, streamWays } from '../support/streams.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

describe('two nodes over one database and one Redis', () => {
  let here: TestApp
  let there: TestApp

  beforeAll(async () => {
    if (!redisAvailable) return
    const before = await listeningNodes()
    here = await startTestApp({ env: { REDIS_URL: redisUrl } })
    there = await startTestApp({ env: { REDIS_URL: redisUrl }, beside: here })
    await vi.waitFor(async () => expect(await listeningNodes()).toBeGreaterThanOrEqual(before + 2), { timeout: 10_000 })
    await seedFlow(here.database, { slug: 'tour', stages: [{ kind: 'dummy' }, { kind: 'dummy' }] })
  })

  beforeEach((context) => {
    if (!redisAvailable) context.skip('There is no Redis here.')
  })

  afterAll(async () => {
    await there?.close()
    await here?.close()
  })

  it.each(streamWays)('show a step that was made at one to who listens at the other, over $name', async ({ listen }) => {
    const browser = new Browser(here.url)
    const started = await browser.start('tour')
    const stream = await listen(browser.at(there.url), started.id)
    await nextStep(stream)

    const coming = nextStep(stream)
    const next = await browser.answer(started, { dummy: {} })

    expect(await coming).toEqual(next)
    await stream.return?.()
  })
})

describe('a node whose Redis does not answer', () => {
  it('serves as if it were alone, and says so in the log', async () => {
    const node = await startTestApp({ env: { REDIS_URL: 'redis://127.0.0.1:9' } })
    await seedFlow(node.database, { slug: 'tour', stages: [{ kind: 'dummy' }] })
    const browser = new Browser(node.url)
    const started = await browser.start('tour')
    const [way] = streamWays
    const stream = await way.listen(browser, started.id)
    await nextStep(stream)

    const finished = await browser.answer(started, { dummy: {} })

    expect(await nextStep(stream)).toEqual(finished)
    await vi.waitFor(() => expect(node.logged.join()).toContain('Redis does not answer'), { timeout: 10_000 })
    await node.close()
  })
})

/** How many servers Redis tells of changes. */
async function listeningNodes(): Promise<number> {
  const redis = connectRedis()
  const [, count] = await redis.pubsub('NUMSUB', 'stagedoor:executions')
  redis.disconnect()
  return Number(count)
}
