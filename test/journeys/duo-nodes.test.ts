import { afterAll, beforeAll, expect, it } from 'vitest'
import { onceAsked, onceAt, pushed, withDuo } from '../support/duo-journey.ts'
import { startDuoServer } from '../support/duo-server.ts'
import { describeJourneys } from '../support/journeys.ts'
import { nextStep, overSocket } from '../support/streams.ts'
import { startTestApp } from '../support/test-app.ts'

const duo = await startDuoServer()
afterAll(() => duo.close())

describeJourneys(
  'a push with two servers',
  (ground) => {
    beforeAll(() => {
      duo.now = () => ground.app.clock.now()
    })
    const another = () => startTestApp({ beside: ground.app, env: duo.env })
    const versionOf = async (id: string) => (await ground.prisma.authenticator.findUniqueOrThrow({ where: { id } })).version

    /** Requests of other tests may have come before. */
    const untilAskedFor = async (username: string) => {
      const { userId } = duo.user(username)
      while ((await duo.request('/auth/v2/auth')).parameters.user_id !== userId);
    }

    it('is sent once, and its approval counts once, where both wait for it', async () => {
      const signIn = await withDuo(ground, duo)
      const other = await another()
      const { browser, step } = await pushed(signIn, ground.app.url)
      const stream = await overSocket.listen(browser.at(other.url), step.id)
      await nextStep(stream)
      await onceAsked(browser, step)
      await duo.polled(signIn.ada.username)
      duo.approve(signIn.ada.username)

      expect(await onceAt(browser, step)).toMatchObject({ sequence: step.sequence + 3 })
      expect(await onceAt(browser.at(other.url), step)).toMatchObject({ sequence: step.sequence + 3 })
      expect(duo.pushes(signIn.ada.username)).toHaveLength(1)
      expect(await versionOf(signIn.duo)).toBe(2)
      await stream.return?.()
      await other.close()
    })

    it('is heard of by the one that is left when the other one is gone', async () => {
      const signIn = await withDuo(ground, duo)
      const doomed = await another()
      const { browser, step } = await pushed(signIn, doomed.url)
      const asked = await onceAsked(browser, step)
      await doomed.close()
      const stream = await overSocket.listen(browser.at(ground.app.url), step.id, asked.sequence)
      const next = nextStep(stream)
      duo.approve(signIn.ada.username)

      expect(await next).toMatchObject({ challenge: { __typename: 'DummyChallenge' } })
      expect(duo.pushes(signIn.ada.username)).toHaveLength(1)
      await stream.return?.()
    })

    it('is never sent by the one that is left, where the other one may have sent it', async () => {
      const signIn = await withDuo(ground, duo)
      const doomed = await another()
      duo.failNext('/auth/v2/auth', { type: 'hold' })
      const { browser, step } = await pushed(signIn, doomed.url)
      await untilAskedFor(signIn.ada.username)
      await doomed.close()
      const left = browser.at(ground.app.url)
      const stream = await overSocket.listen(left, step.id, step.sequence + 1)
      const next = nextStep(stream)
      await left.read(step)
      ground.app.clock.advance(60)

      // It runs out, and may be asked for again.
      const late = await left.read(step)
      expect(late.challenge.responseErrors).toMatchObject([{ code: 'timeout' }])
      expect(await next).toMatchObject({ sequence: late.sequence })
      const again = await left.act(late, 'RESEND')
      await onceAsked(left, again)
      duo.approve(signIn.ada.username)
      await onceAt(left, step)
      expect(duo.pushes(signIn.ada.username)).toHaveLength(1)
      await stream.return?.()
    })
  },
  duo.env,
)
