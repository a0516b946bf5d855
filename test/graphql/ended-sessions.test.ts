import { describe, expect, it } from 'vitest'
import { Browser } from '../support/browser.ts'
import { describeJourneys, type Ground } from '../support/journeys.ts'
import { endOf, nextStep, type StepStream, type StreamWay, streamWays } from '../support/streams.ts'

const day = 86_400

/** Somebody who is signed in, and watches something else that they do. */
async function watching(ground: Ground, listen: StreamWay['listen']) {
  const ada = await ground.person()
  const [signIn, tour] = await Promise.all([ground.flow(), ground.flow({ stages: [{ kind: 'dummy' }] })])
  const browser = new Browser(ground.app.url)
  await browser.signIn(signIn.slug, ada)
  const step = await browser.start(tour.slug)
  const stream = await listen(browser, step.id)
  await nextStep(stream)
  return { ada, browser, stream, step, signIn: signIn.slug, tour: tour.slug }
}

const currentSession = async (browser: Browser): Promise<string> => {
  const { data } = await browser.graphql<{ viewer: { sessions: { id: string; current: boolean }[] } }>(
    '{ viewer { sessions { id current } } }',
  )
  return data?.viewer.sessions.find(({ current }) => current)?.id ?? ''
}

const revoke = 'mutation ($id: ID!) { revokeSession(id: $id) }'

describeJourneys('a subscription', (ground) => {
  /** What a stream ends with once the server has looked after all of them. */
  async function endAfterLook(stream: StepStream): Promise<string> {
    await ground.app.app.remind()
    return endOf(stream)
  }

  describe.each(streamWays)('over $name', ({ listen }) => {
    it('ends at once when its session is revoked', async () => {
      const { browser, stream, signIn, ada } = await watching(ground, listen)
      const elsewhere = new Browser(ground.app.url)
      await elsewhere.signIn(signIn, ada)
      const id = await currentSession(browser)

      expect(await elsewhere.graphql(revoke, { id })).toEqual({ data: { revokeSession: true } })

      expect(await endOf(stream)).toBe('SESSION_ENDED')
    })

    it('ends when the person signs out, and not the one that shows how', async () => {
      const { browser, stream } = await watching(ground, listen)
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'user_logout' }] })
      const leaving = await browser.start(slug)
      const goodbye = await listen(browser, leaving.id)
      await nextStep(goodbye)

      const left = await browser.answer(leaving, { dummy: {} })

      expect(await nextStep(goodbye)).toEqual(left)
      expect(await goodbye.next()).toMatchObject({ done: true })
      expect(await endAfterLook(stream)).toBe('SESSION_ENDED')
    })

    it('ends when its session has run out', async () => {
      const { browser, stream } = await watching(ground, listen)
      const past = { expiresAt: ground.app.clock.now() }
      await ground.prisma.session.update({ where: { id: await currentSession(browser) }, data: past })

      expect(await endAfterLook(stream)).toBe('SESSION_ENDED')
    })

    it('ends when nobody has used its session for too long: watching is no use', async () => {
      const { browser, stream, tour, step } = await watching(ground, listen)
      const long = { expiresAt: new Date(ground.app.clock.now().getTime() + 9 * day * 1000) }
      await ground.prisma.execution.updateMany({ data: long })
      const next = nextStep(stream)
      ground.app.clock.advance(day - 1)
      await ground.app.app.remind()
      await ground.prisma.execution.update({ where: { id: step.id }, data: { sequence: { increment: 1 } } })
      await ground.app.app.remind()
      expect((await next).sequence).toBe(step.sequence + 1)

      ground.app.clock.advance(1)

      expect(await endAfterLook(stream)).toBe('SESSION_ENDED')
      expect((await browser.start(tour)).id).not.toBe(step.id)
    })

    it('ends when the account is closed', async () => {
      const { ada, stream } = await watching(ground, listen)

      await ground.prisma.user.update({ where: { id: ada.id }, data: { isActive: false } })

      expect(await endAfterLook(stream)).toBe('SESSION_ENDED')
    })

    it('ends with another word when its execution has run out', async () => {
      const { stream, step } = await watching(ground, listen)

      await ground.prisma.execution.update({ where: { id: step.id }, data: { expiresAt: ground.app.clock.now() } })

      expect(await endAfterLook(stream)).toBe('EXECUTION_EXPIRED')
    })

    it('ends with another word when its execution had to make room for newer ones', async () => {
      const { browser, stream, tour } = await watching(ground, listen)

      for (let index = 0; index < 20; index += 1) {
        ground.app.clock.advance(1)
        await browser.start(tour)
      }

      expect(await endAfterLook(stream)).toBe('EXECUTION_NOT_FOUND')
    })

    it('goes on when other sessions of the person are revoked', async () => {
      const { browser, stream, signIn, ada, step } = await watching(ground, listen)
      const elsewhere = new Browser(ground.app.url)
      await elsewhere.signIn(signIn, ada)
      await browser.graphql(revoke, { id: await currentSession(elsewhere) })
      await ground.app.app.remind()

      const finished = await browser.answer(step, { dummy: {} })

      expect(await nextStep(stream)).toEqual(finished)
    })
  })

  it('of which there are many costs one look at the store at a time, and a read each that concerns one of them', async () => {
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })
    const browsers = Array.from({ length: 40 }, () => new Browser(ground.app.url))
    const [way] = streamWays
    const streams = await Promise.all(
      browsers.map(async (browser) => {
        const stream = await way.listen(browser, (await browser.start(slug)).id)
        await nextStep(stream)
        return stream
      }),
    )
    const { counts } = ground.app.database.sql
    const before = counts.reads

    await ground.app.app.remind()
    await ground.app.app.remind()

    expect(counts.reads - before).toBe(2)
    for (const stream of streams) await stream.return?.()
  })
})
