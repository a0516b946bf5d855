import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atDuo, onceAsked, onceAt, onceRefused, pushed, withDuo } from '../support/duo-journey.ts'
import { startDuoServer } from '../support/duo-server.ts'
import { describeJourneys } from '../support/journeys.ts'
import { nextStep, overSocket, overSse, type StepStream, streamWays } from '../support/streams.ts'
import type { WaitingStep } from '../support/waiting-journey.ts'

const duo = await startDuoServer()
afterAll(() => duo.close())

/** The next step that is no more of the same wait. */
async function outcome(stream: StepStream): Promise<WaitingStep> {
  for (;;) {
    const step = (await nextStep(stream)) as unknown as WaitingStep
    if (step.challenge.__typename !== 'AuthenticatorValidateChallenge' || step.challenge.responseErrors.length > 0) return step
  }
}

describeJourneys(
  'a push of Duo',
  (ground) => {
    beforeAll(() => {
      duo.now = () => ground.app.clock.now()
    })

    it('is waited for at once, and tells the person what it is about', async () => {
      const signIn = await withDuo(ground, duo)
      const { step } = await pushed(signIn, ground.app.url)
      const push = await duo.asked(signIn.ada.username)

      expect(step).toMatchObject({
        challenge: { __typename: 'AuthenticatorValidateChallenge', responseErrors: [] },
        waiting: { reason: 'APPROVAL', pollAfter: 3, until: new Date(ground.app.clock.now().getTime() + 60_000).toISOString() },
      })
      expect(step.actions.map(({ type }) => type)).toEqual(['SUBMIT', 'CHOOSE_ANOTHER', 'BACK', 'RESTART', 'CANCEL'])
      expect(push).toMatchObject({
        factor: 'auto',
        device: expect.stringMatching(/^DP/),
        title: 'Stagedoor Login request',
        displayUsername: signIn.ada.username,
        pushInfo: { Domain: '127.0.0.1', Flow: 'Welcome to Acme' },
        clientIp: '127.0.0.1',
      })
    })

    describe.each(streamWays)('over $name', ({ listen }) => {
      it('leads on the moment that it is approved', async () => {
        const signIn = await withDuo(ground, duo)
        const { browser, step } = await pushed(signIn, ground.app.url)
        const stream = await listen(browser, step.id, step.sequence)
        await duo.asked(signIn.ada.username)
        const next = outcome(stream)

        duo.approve(signIn.ada.username)

        expect(await next).toMatchObject({ challenge: { __typename: 'DummyChallenge' } })
        await stream.return?.()
      })

      it.each([
        ['denied', 'deny', 'Duo denied access', 'denied'],
        ['reported as fraud', 'fraud', 'Duo denied access', 'denied'],
        ['let pass by', 'timeOut', 'The request was not approved in time.', 'timeout'],
      ] as const)('is told to have been %s, and is not sent again', async (_, does, message, code) => {
        const signIn = await withDuo(ground, duo)
        const { browser, step } = await pushed(signIn, ground.app.url)
        const stream = await listen(browser, step.id, step.sequence)
        await duo.asked(signIn.ada.username)
        const next = outcome(stream)

        duo[does](signIn.ada.username)

        expect((await next).challenge.responseErrors).toEqual([expect.objectContaining({ message, code })])
        const standing = await browser.read(step)
        expect(standing.waiting).toBeNull()
        expect(standing.actions[1]).toEqual({ type: 'RESEND', enabled: true, availableAt: null })
        expect(duo.pushes(signIn.ada.username)).toHaveLength(1)
        await stream.return?.()
      })
    })

    it('leads on for who polls', async () => {
      const signIn = await withDuo(ground, duo)
      const { browser, step } = await pushed(signIn, ground.app.url)
      await duo.asked(signIn.ada.username)
      duo.approve(signIn.ada.username)

      await onceAt(browser, step)
    })

    it('signs in with the request that comes for it', async () => {
      const signIn = await withDuo(ground, duo, { behind: [{ kind: 'user_login' }] })
      const { browser, step } = await pushed(signIn, ground.app.url)
      const stream = await overSocket.listen(browser, step.id, step.sequence)
      await duo.asked(signIn.ada.username)
      const next = outcome(stream)
      duo.approve(signIn.ada.username)

      expect(await next).toMatchObject({ challenge: { __typename: 'ContinueChallenge' } })
      expect(await browser.viewer()).toBeUndefined()
      expect(await browser.read(step)).toMatchObject({ status: 'FINISHED' })
      expect(await browser.viewer()).toBe(signIn.ada.username)
      const logins = await ground.prisma.event.findMany({ where: { action: 'login', userId: signIn.ada.id } })
      expect(logins).toMatchObject([{ context: { auth_method: 'password' } }])
      await stream.return?.()
    })

    it('that is the first proof leads on with another session handle', async () => {
      const signIn = await withDuo(ground, duo, { before: [] })
      const { browser, asked } = await atDuo(signIn, ground.app.url)
      const before = await browser.cookieHeader()
      await browser.reply(asked, { authenticatorValidate: { duo: signIn.duo } })
      await duo.asked(signIn.ada.username)
      duo.approve(signIn.ada.username)

      await onceAt(browser, asked)
      expect(await browser.cookieHeader()).not.toBe(before)
    })

    it('is sent again when the person wants it', async () => {
      const signIn = await withDuo(ground, duo)
      const { browser, step } = await pushed(signIn, ground.app.url)
      await duo.asked(signIn.ada.username)
      duo.deny(signIn.ada.username)

      const again = await browser.act(await onceRefused(browser, step), 'RESEND')
      expect(again.waiting).toMatchObject({ reason: 'APPROVAL' })
      await duo.asked(signIn.ada.username)
      duo.approve(signIn.ada.username)
      await onceAt(browser, step)
    })

    it('is over after a minute, whatever comes later', async () => {
      const signIn = await withDuo(ground, duo)
      const { browser, step } = await pushed(signIn, ground.app.url)
      const stream = await overSse.listen(browser, step.id, step.sequence)
      await onceAsked(browser, step)
      const next = outcome(stream)
      ground.app.clock.advance(60)

      const late = await browser.read(step)
      expect(late.challenge.responseErrors).toEqual([{ message: 'The request was not approved in time.', code: 'timeout' }])
      expect((await next).challenge.responseErrors).toMatchObject([{ code: 'timeout' }])
      duo.approve(signIn.ada.username)
      expect(await browser.read(step)).toEqual(late)
      await stream.return?.()
    })

    it('is told to every tab, step by step', async () => {
      const signIn = await withDuo(ground, duo)
      const { browser, step } = await pushed(signIn, ground.app.url)
      const tabs = [
        await overSocket.listen(browser, step.id, step.sequence),
        await overSse.listen(browser, step.id, step.sequence),
      ]
      const all = Promise.all(tabs.map(untilDummy))
      await duo.asked(signIn.ada.username)
      duo.approve(signIn.ada.username)
      const [one, other] = await all

      expect(one).toEqual(other)
      expect(one?.map(({ sequence }) => sequence)).toEqual(one?.map((_, index) => step.sequence + 1 + index))
    })

    it('is one, however often somebody clicks', async () => {
      const signIn = await withDuo(ground, duo)
      const { browser, asked } = await atDuo(signIn, ground.app.url)
      const answer = { authenticatorValidate: { duo: signIn.duo } }
      const [one, other] = await Promise.all([browser.reply(asked, answer), browser.reply(asked, answer)])
      await duo.asked(signIn.ada.username)
      const third = await browser.reply(await onceAsked(browser, one), answer)

      expect([other.id, other.waiting]).toEqual([one.id, one.waiting])
      expect(third.waiting).toEqual(one.waiting)

      duo.approve(signIn.ada.username)
      await onceAt(browser, asked)
      expect(duo.pushes(signIn.ada.username)).toHaveLength(1)
    })
  },
  duo.env,
)

/** What a stream sends until the flow has gone on. */
async function untilDummy(stream: StepStream): Promise<WaitingStep[]> {
  const steps: WaitingStep[] = []
  do steps.push((await nextStep(stream)) as unknown as WaitingStep)
  while (steps.at(-1)?.challenge.__typename !== 'DummyChallenge')
  await stream.return?.()
  return steps
}
