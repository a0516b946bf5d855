import { afterAll, beforeAll, expect, it } from 'vitest'
import { mostRequests, requestWindow } from '../../src/stages/authenticator-validate/duo/start.ts'
import { atDuo, onceAsked, onceRefused, pushed, withDuo } from '../support/duo-journey.ts'
import { startDuoServer } from '../support/duo-server.ts'
import { describeJourneys } from '../support/journeys.ts'
import { WaitingBrowser } from '../support/waiting-journey.ts'

const duo = await startDuoServer()
afterAll(() => duo.close())

describeJourneys(
  'somebody who knows a password, and wants its owner to tire of pushes',
  (ground) => {
    beforeAll(() => {
      duo.now = () => ground.app.clock.now()
    })

    it('gets a few, over all of their browsers, and is told to wait', async () => {
      const signIn = await withDuo(ground, duo)
      for (let made = 0; made < mostRequests; made += 1) await pushed(signIn, ground.app.url)
      const { browser, step } = await pushed(signIn, ground.app.url)

      expect(step.challenge.responseErrors).toEqual([
        { message: expect.stringMatching(/^Too many requests\. Try again in \d+ minutes\.$/), code: 'throttled' },
      ])
      expect(step.waiting).toBeNull()
      expect(step.actions[1]).toMatchObject({ type: 'RESEND', enabled: false, availableAt: expect.any(String) })
      expect(await browser.act(step, 'RESEND')).toMatchObject({ __typename: 'ActionNotAllowedError' })
      for (let made = 0; made < mostRequests; made += 1) await duo.asked(signIn.ada.username)
      expect(duo.pushes(signIn.ada.username)).toHaveLength(mostRequests)
    })

    it('gets no more by changing their mind about the device again and again', async () => {
      const signIn = await withDuo(ground, duo)
      const { browser, step } = await pushed(signIn, ground.app.url)
      let standing = await onceAsked(browser, step)
      for (let made = 1; made < mostRequests; made += 1) {
        const wish = { duo: signIn.duo, duoFactor: made % 2 === 0 ? 'AUTO' : 'PHONE' }
        standing = await onceAsked(browser, await browser.reply(standing, { authenticatorValidate: wish }))
      }
      const refused = await browser.reply(standing, { authenticatorValidate: { duo: signIn.duo, duoFactor: 'PUSH' } })

      expect(refused.challenge.responseErrors).toMatchObject([{ code: 'throttled' }])
      // What is under way goes on.
      expect(refused.waiting).toEqual(standing.waiting)
      expect(duo.pushes(signIn.ada.username)).toHaveLength(mostRequests)
    })

    it('gets no more by choosing another way, starting over or going back in between', async () => {
      const signIn = await withDuo(ground, duo)
      const { browser, asked } = await atDuo(signIn, ground.app.url)
      let standing = asked
      for (let made = 0; made < mostRequests; made += 1) {
        const step = await browser.reply(standing, { authenticatorValidate: { duo: signIn.duo } })
        standing = await browser.act(await onceAsked(browser, step), 'CHOOSE_ANOTHER')
      }

      expect(await browser.reply(standing, { authenticatorValidate: { duo: signIn.duo } })).toMatchObject({
        challenge: { responseErrors: [{ code: 'throttled' }] },
      })
      expect(duo.pushes(signIn.ada.username)).toHaveLength(mostRequests)
    })

    it('ends with their execution when the owner denies again and again', async () => {
      const signIn = await withDuo(ground, duo, { person: { reacts: { result: 'deny' } } })
      const { browser, asked } = await atDuo(signIn, ground.app.url)
      let standing = await browser.reply(asked, { authenticatorValidate: { duo: signIn.duo } })
      for (let made = 1; made < mostRequests; made += 1) {
        standing = await browser.act(await onceRefused(browser, standing), 'RESEND')
      }
      await onceRefused(browser, standing)

      expect(await ground.events('login_failed', signIn.ada.id)).toBe(mostRequests)
      expect((await browser.read(asked)).actions[1]).toMatchObject({ type: 'RESEND', enabled: false })
    })

    it('sends nothing to somebody whose password they do not know', async () => {
      const signIn = await withDuo(ground, duo)
      const browser = new WaitingBrowser(ground.app.url)
      const named = await browser.reply(await browser.begin(signIn.slug), { identification: { uidField: signIn.ada.username } })
      const refused = await browser.reply(named, { authenticatorValidate: { duo: signIn.duo } })

      expect(refused.__typename).toBe('UnexpectedResponseError')
      expect(duo.pushes(signIn.ada.username)).toEqual([])
    })

    it('is reported where the owner says that it is fraud', async () => {
      const signIn = await withDuo(ground, duo)
      const { browser, step } = await pushed(signIn, ground.app.url)
      await duo.asked(signIn.ada.username)
      duo.fraud(signIn.ada.username)
      await onceRefused(browser, step)

      expect(await ground.events('suspicious_request', signIn.ada.id)).toBe(1)
      expect(requestWindow).toBeGreaterThanOrEqual(600)
    })
  },
  duo.env,
)
