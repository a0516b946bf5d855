import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Browser, type Step } from '../support/browser.ts'
import { Cable } from '../support/cable.ts'
import { connectRedis, redisAvailable, redisUrl } from '../support/redis.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { endOf, nextStep, type StepStream, streamWays } from '../support/streams.ts'
import { createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

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

  it('end at once the streams of a session that is revoked at another one', async () => {
    await seedFlow(here.database, { slug: 'sign-in', stages: signInStages })
    const ada = await createAccount(here.database, 'ada')
    const [watched, elsewhere] = [new Browser(here.url), new Browser(here.url)]
    await watched.signIn('sign-in', ada)
    const [{ listen }] = streamWays
    const stream = await listen(watched.at(there.url), (await watched.start('tour')).id)
    await nextStep(stream)
    await elsewhere.signIn('sign-in', ada)
    const { data } = await elsewhere.graphql<{ viewer: { sessions: { id: string; current: boolean }[] } }>(
      '{ viewer { sessions { id current } } }',
    )
    const id = data?.viewer.sessions.find(({ current }) => !current)?.id

    await elsewhere.graphql('mutation ($id: ID!) { revokeSession(id: $id) }', { id })

    expect(await endOf(stream)).toBe('SESSION_ENDED')
  })
})

describe.skipIf(!redisAvailable)('a node that loses Redis for a while', () => {
  const stages = Array.from({ length: 30 }, () => ({ kind: 'dummy' }))
  let here: TestApp
  let there: TestApp
  let cable: Cable

  beforeAll(async () => {
    cable = await Cable.to(redisUrl)
    const before = await listeningNodes()
    here = await startTestApp({ env: { REDIS_URL: redisUrl } })
    there = await startTestApp({ env: { REDIS_URL: cable.through(redisUrl) }, beside: here })
    await vi.waitFor(async () => expect(await listeningNodes()).toBeGreaterThanOrEqual(before + 2), { timeout: 10_000 })
    await seedFlow(here.database, { slug: 'long-tour', stages })
  })

  afterAll(async () => {
    await there?.close()
    await here?.close()
    cable?.close()
  })

  /** Goes on so many steps at the other node; the last one, or what came before. */
  async function goOn(browser: Browser, from: Step, steps: number): Promise<Step[]> {
    const made: Step[] = []
    for (let index = 0; index < steps; index += 1) made.push(await browser.answer(made.at(-1) ?? from, { dummy: {} }))
    return made
  }

  async function stepsOf(stream: StepStream, count: number): Promise<Step[]> {
    const steps: Step[] = []
    for (let index = 0; index < count; index += 1) steps.push(await nextStep(stream))
    return steps
  }

  it.each(streamWays)('shows all that happened meanwhile once it is back, in order and once, over $name', async ({ listen }) => {
    const browser = new Browser(here.url)
    const started = await browser.start('long-tour')
    const stream = await listen(browser.at(there.url), started.id)
    const live = [...(await stepsOf(stream, 1)), ...(await Promise.all([goOn(browser, started, 3), stepsOf(stream, 3)]))[1]]
    cable.cut()
    const missed = await goOn(browser, live.at(-1) ?? started, 7)

    const caughtUp = stepsOf(stream, missed.length)
    cable.join()

    expect(await caughtUp).toEqual(missed)
    // What comes now comes by Redis again, and nothing comes twice.
    const [next] = await Promise.all([stepsOf(stream, 2), goOn(browser, missed.at(-1) ?? started, 2)])
    expect(next.map(({ sequence }) => sequence)).toEqual([12, 13])
    await stream.return?.()
  })

  it('shows it within one look, even if Redis stays away', async () => {
    const [{ listen }] = streamWays
    const browser = new Browser(here.url)
    const started = await browser.start('long-tour')
    const stream = await listen(browser.at(there.url), started.id)
    await nextStep(stream)
    cable.cut()
    const missed = await goOn(browser, started, 3)

    await there.app.remind()

    expect(await stepsOf(stream, 3)).toEqual(missed)
    cable.join()
    await stream.return?.()
  })

  it('lets a session that is revoked at another node watch no longer than one look', async () => {
    const [{ listen }] = streamWays
    const browser = new Browser(here.url)
    const { id } = await browser.start('long-tour')
    const stream = await listen(browser.at(there.url), id)
    await nextStep(stream)
    cable.cut()
    await here.database.prisma.session.deleteMany()

    await there.app.remind()

    expect(await endOf(stream)).toBe('SESSION_ENDED')
    cable.join()
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
