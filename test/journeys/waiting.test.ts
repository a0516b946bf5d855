import { describe, expect, it } from 'vitest'
import { Errands, errandStage } from '../support/errand.ts'
import { describeJourneys, type Ground } from '../support/journeys.ts'
import { meetAtWrite } from '../support/meet-at-write.ts'
import { nextStep, streamWays } from '../support/streams.ts'
import { startTestApp } from '../support/test-app.ts'
import { WaitingBrowser, type WaitingStep } from '../support/waiting-journey.ts'

const errands = new Errands()
const signInAfterErrand = [{ kind: 'identification' }, { kind: 'errand' }, { kind: 'user_login' }]
const tourAfterErrand = [{ kind: 'errand' }, { kind: 'dummy' }]

/** Somebody whose errand is under way. */
async function underWay(ground: Ground, stages: object[] = tourAfterErrand, uidField?: string) {
  const { slug } = await ground.flow({ stages: stages as never })
  const browser = new WaitingBrowser(ground.app.url)
  const first = await browser.begin(slug)
  const asked = uidField === undefined ? first : await browser.reply(first, { identification: { uidField } })
  const step = await browser.reply(asked, { errand: { begin: true } })
  return { slug, browser, step }
}

const told = ({ challenge: { __typename, responseErrors }, waiting, status }: WaitingStep) => ({
  kind: __typename,
  codes: responseErrors.map(({ code }) => code),
  waits: waiting !== null,
  status,
})

describeJourneys(
  'a stage that waits',
  (ground) => {
    it('is told to wait at once, with how long and how often to ask', async () => {
      const { step, browser } = await underWay(ground)

      expect(step.waiting).toEqual({ reason: 'APPROVAL', until: '2026-03-01T12:01:00.000Z', pollAfter: 2, delivery: null })
      expect(step.actions.map(({ type }) => type)).toEqual(['SUBMIT', 'CHOOSE_ANOTHER', 'RESTART', 'CANCEL'])
      expect(await browser.read(step)).toEqual(step)
    })

    describe.each(streamWays)('over $name', ({ listen }) => {
      it('leads on the moment that it is done', async () => {
        const { browser, step } = await underWay(ground)
        const stream = await listen(browser, step.id, step.sequence)
        const next = nextStep(stream)

        errands.settle(step.id, 'done')

        expect(await next).toMatchObject({ sequence: step.sequence + 1, challenge: { __typename: 'DummyChallenge' } })
        await stream.return?.()
      })

      it('leads to a sign-in that only a request can carry, and then to its end', async () => {
        const ada = await ground.person()
        const { browser, step } = await underWay(ground, signInAfterErrand, ada.username)
        const stream = await listen(browser, step.id, step.sequence)
        const next = nextStep(stream)

        errands.settle(step.id, 'done')

        expect(await next).toMatchObject({ status: 'ACTIVE', challenge: { __typename: 'ContinueChallenge' } })
        expect(await browser.viewer()).toBeUndefined()
        const last = nextStep(stream)
        expect(await browser.read(step)).toMatchObject({ status: 'FINISHED', challenge: { to: '/' } })
        expect(await browser.viewer()).toBe(ada.username)
        expect(await last).toMatchObject({ status: 'FINISHED', challenge: { to: '/' } })
        expect(await stream.next()).toMatchObject({ done: true })
      })
    })

    it('leads on for who polls and does not listen', async () => {
      const { browser, step } = await underWay(ground)
      errands.settle(step.id, 'done')

      await expect.poll(async () => (await browser.read(step)).challenge.__typename).toBe('DummyChallenge')
    })

    it('signs nobody in who does not come back for it', async () => {
      const ada = await ground.person()
      const { step } = await underWay(ground, signInAfterErrand, ada.username)
      errands.settle(step.id, 'done')

      await expect.poll(async () => (await ground.prisma.execution.findUnique({ where: { id: step.id } }))?.sequence).toBe(4)
      expect(await ground.prisma.session.count({ where: { userId: ada.id } })).toBe(0)
    })

    it('keeps what a browser must keep for the request that can carry it', async () => {
      const { browser, step } = await underWay(ground, [{ kind: 'errand', config: { remembers: true } }, { kind: 'dummy' }])
      errands.settle(step.id, 'done')
      await expect.poll(async () => (await ground.prisma.execution.findUnique({ where: { id: step.id } }))?.sequence).toBe(3)

      expect(await browser.cookieHeader()).not.toContain('authentik_mfa')
      expect(told(await browser.read(step))).toMatchObject({ kind: 'DummyChallenge' })
      expect(await browser.cookieHeader()).toContain('authentik_mfa')
    })

    it('tells a refusal, ends with it, and offers to try again after a while', async () => {
      const { browser, step } = await underWay(ground)
      errands.settle(step.id, 'refused')
      await expect.poll(async () => (await browser.read(step)).waiting).toBeNull()

      const refused = await browser.read(step)

      expect(told(refused)).toEqual({ kind: 'ErrandChallenge', codes: ['refused'], waits: false, status: 'ACTIVE' })
      expect(refused.actions[1]).toEqual({ type: 'RESEND', enabled: true, availableAt: null })
    })

    it('counts refusals, and denies who is refused too often', async () => {
      const { browser, step } = await underWay(ground)
      errands.settle(step.id, 'refused')
      let standing = step
      for (const expected of ['ErrandChallenge', 'ErrandChallenge', 'AccessDeniedChallenge']) {
        await expect.poll(async () => (await browser.read(step)).waiting).toBeNull()
        standing = await browser.read(step)
        expect(standing.challenge.__typename).toBe(expected)
        if (standing.status === 'ACTIVE') await browser.act(standing, 'RESEND')
      }
      expect(standing.status).toBe('DENIED')
    })

    it('ends where the person may not go on', async () => {
      const { browser, step } = await underWay(ground)
      errands.settle(step.id, 'forbidden')

      await expect.poll(async () => (await browser.read(step)).status).toBe('DENIED')
    })

    it('goes on waiting when it cannot be asked about, and the log says why', async () => {
      const { browser, step } = await underWay(ground)
      errands.settle(step.id, 'broken')

      await expect.poll(() => ground.app.logged.some((line) => line.includes('cannot be asked about'))).toBe(true)
      expect(await browser.read(step)).toEqual(step)
      await browser.act(step, 'CANCEL')
    })

    it('begins without starting the flow over, where refused answers do that', async () => {
      const restarts = { kind: 'errand', binding: { invalidResponseAction: 'restart' } }
      const { browser, step } = await underWay(ground, [restarts, { kind: 'dummy' }])
      errands.settle(step.id, 'refused')

      expect(told(step)).toMatchObject({ kind: 'ErrandChallenge', waits: true })
      await expect.poll(async () => told(await browser.read(step)).waits).toBe(false)
      expect(told(await browser.read(step)).codes).toEqual([])
    })

    it('lets an answer in meanwhile, which changes nothing about it', async () => {
      const { browser, step } = await underWay(ground)
      const refused = await browser.reply(step, { errand: { begin: false } })

      expect(told(refused)).toMatchObject({ codes: ['invalid'], waits: true })
      expect(refused.waiting).toEqual(step.waiting)
      errands.settle(step.id, 'done')
      await expect.poll(async () => told(await browser.read(step)).kind).toBe('DummyChallenge')
    })

    it('is heard where a wrong answer comes at the same moment', async () => {
      const { browser, step } = await underWay(ground)
      await errands.until(step.id, 1)
      const { firstCame } = meetAtWrite(ground.app.database, 2)
      const wrong = browser.reply(step, { errand: { begin: false } })
      await firstCame
      errands.settle(step.id, 'done')

      expect(told(await wrong)).toMatchObject({ codes: ['invalid'], waits: true })
      await expect.poll(async () => told(await browser.read(step)).kind).toBe('DummyChallenge')
      expect(errands.count(step.id)).toBe(1)
    })

    it('is over for good once the person has chosen something else', async () => {
      const { browser, step } = await underWay(ground)
      await errands.until(step.id, 1)
      const chosen = await browser.act(step, 'CHOOSE_ANOTHER')
      await errands.until(step.id, 0)

      errands.settle(step.id, 'done')

      expect(told(chosen)).toEqual({ kind: 'ErrandChallenge', codes: [], waits: false, status: 'ACTIVE' })
      expect(await browser.read(step)).toEqual(chosen)
    })

    it.each(['CANCEL', 'RESTART'])('is asked about no more after %s', async (action) => {
      const { browser, step } = await underWay(ground)
      await errands.until(step.id, 1)

      const left = await browser.act(step, action)
      await errands.until(step.id, 0)

      expect(left.waiting).toBeNull()
    })

    it('shows the same steps to all who listen', async () => {
      const { browser, step } = await underWay(ground)
      const [first, second] = await Promise.all(streamWays.slice(0, 2).map(({ listen }) => listen(browser, step.id)))
      if (!first || !second) throw new Error('There are two ways at least.')
      const standing = [await nextStep(first), await nextStep(second)]
      const next = Promise.all([nextStep(first), nextStep(second)])
      errands.settle(step.id, 'refused')
      const [one, other] = await next

      expect(standing[0]).toEqual(standing[1])
      expect(one).toEqual(other)
      expect(one).toMatchObject({ sequence: step.sequence + 1 })
      await Promise.all([first.return?.(), second.return?.()])
    })

    it('changes once where two servers wait for it, and goes on where one of them is left', async () => {
      const { browser, step } = await underWay(ground)
      const other = await startTestApp({ beside: ground.app, kinds: [errandStage(errands)] })
      const there = browser.at(other.url)
      const stream = await streamWays[0].listen(there, step.id, step.sequence)
      await errands.until(step.id, 2)

      errands.settle(step.id, 'done')
      await expect.poll(async () => told(await there.read(step)).kind).toBe('DummyChallenge')
      await errands.until(step.id, 0)

      expect(await browser.read(step)).toMatchObject({ sequence: step.sequence + 1 })
      await stream.return?.()
      await other.close()
    })

    it('is taken up from what is stored by who listens, when the server that began it is gone', async () => {
      const { slug } = await ground.flow({ stages: tourAfterErrand })
      const doomed = await startTestApp({ beside: ground.app, kinds: [errandStage(errands)] })
      const browser = new WaitingBrowser(doomed.url)
      const step = await browser.reply(await browser.begin(slug), { errand: { begin: true } })
      await errands.until(step.id, 1)
      await doomed.close()
      await errands.until(step.id, 0)

      const stream = await streamWays[0].listen(browser.at(ground.app.url), step.id, step.sequence)
      const next = nextStep(stream)
      errands.settle(step.id, 'done')

      expect(await next).toMatchObject({ challenge: { __typename: 'DummyChallenge' } })
      await stream.return?.()
    })

    it('is over when its time is, whoever looks first', async () => {
      const { browser, step } = await underWay(ground)
      const watched = await underWay(ground)
      const stream = await streamWays[0].listen(watched.browser, watched.step.id, watched.step.sequence)
      const next = nextStep(stream)
      ground.app.clock.advance(61)

      expect(told(await browser.read(step))).toEqual({
        kind: 'ErrandChallenge',
        codes: ['timeout'],
        waits: false,
        status: 'ACTIVE',
      })
      await watched.browser.read(watched.step)
      expect(await next).toMatchObject({ challenge: { responseErrors: [{ code: 'timeout' }] } })
      const late = await browser.read(step)
      errands.settle(step.id, 'done')
      expect(await browser.read(step)).toEqual(late)
      await stream.return?.()
    })
  },
  {},
  [errandStage(errands)],
)
