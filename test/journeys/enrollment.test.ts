import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyFlow } from '../support/default-flows.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { startMailServer } from '../support/mail-server.ts'
import { linkIn } from '../support/mailed-links.ts'
import { awaits, postponed, toldOf } from '../support/messages.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { nextStep, overSocket } from '../support/streams.ts'
import { WaitingBrowser } from '../support/waiting-journey.ts'

const flow = 'default-enrollment-flow'
const password = 'a long and winding password'

const mails = await startMailServer()
afterAll(() => mails.close())

describeJourneys(
  'enrolling with a mailed link',
  (ground) => {
    beforeAll(() => applyFlow(ground.app, 'flow-default-enrollment-flow'))

    const fill = async (client: JourneyClient, username: string) => {
      await client.start(flow, 'next=/welcome')
      await client.answer('prompt', { username, password, password_repeat: password })
      return client.answer('prompt', { name: 'Ada', email: `${username}@example.test` })
    }
    let made = 0
    const newName = () => {
      made += 1
      return `newcomer${made}-${ground.app.url.slice(-5)}`
    }

    describe.each(faces)('over %s', (_, Client) => {
      it('makes an account that can sign in once its address is proven', async () => {
        const username = newName()
        const client = new Client(ground.app.url)
        const waiting = await fill(client, username)
        expect(waiting).toMatchObject({ kind: 'email', errors: [] })
        const before = await ground.prisma.user.findUniqueOrThrow({ where: { username } })
        expect(before).toMatchObject({ isActive: false, email: `${username}@example.test`, type: 'external' })

        const { slug, query } = linkIn(await mails.to(`${username}@example.test`))
        expect(slug).toBe(flow)
        expect(new URLSearchParams(query).get('next')).toBe('/welcome')
        const elsewhere = new Client(ground.app.url)
        const asked = await elsewhere.start(slug, query)
        expect(asked).toMatchObject({
          kind: 'consent',
          fields: { headerText: 'Continue to confirm this email address.', pendingUser: username },
        })
        expect(await ground.prisma.user.findUniqueOrThrow({ where: { username } })).toMatchObject({ isActive: false })

        const done = await elsewhere.answer('consent', { token: asked.fields.token })
        expect(done).toMatchObject({ kind: 'redirect', to: '/welcome' })
        expect(await elsewhere.whoAmI()).toBe(username)
        expect(await client.whoAmI()).toBeUndefined()

        const again = new Client(ground.app.url)
        const account = { id: before.id, username, email: '', password }
        const { slug: signInFlow } = await ground.flow()
        expect(await signIn(again, signInFlow, account)).toMatchObject({ kind: 'redirect' })
        expect(await again.whoAmI()).toBe(username)
      })

      it('lets a link be used once', async () => {
        const username = newName()
        await fill(new Client(ground.app.url), username)
        const { slug, query } = linkIn(await mails.to(`${username}@example.test`))
        const first = new Client(ground.app.url)
        const second = new Client(ground.app.url)
        const [asked, askedToo] = [await first.start(slug, query), await second.start(slug, query)]
        expect(askedToo).toMatchObject({ kind: 'consent' })
        await first.answer('consent', { token: asked.fields.token })

        const used = 'Link was already used, please request a new link.'
        expect(await second.answer('consent', { token: askedToo.fields.token })).toMatchObject({ denied: used })
        expect(await new Client(ground.app.url).start(slug, query)).toMatchObject({ denied: used })
        expect(await second.whoAmI()).toBeUndefined()
      })
    })

    it('is told how the mail fares, which is tried for as long as its link is good, and sent again when it was not sent', async () => {
      const username = newName()
      const browser = new WaitingBrowser(ground.app.url)
      const answers = (fields: Record<string, string>) => ({
        prompt: { answers: Object.entries(fields).map(([key, value]) => ({ key, value })) },
      })
      mails.refusal = { at: 'from', code: 451, message: 'not today' }
      const named = await browser.reply(await browser.begin(flow), answers({ username, password, password_repeat: password }))
      const step = await browser.reply(named, answers({ name: 'Ada', email: `${username}@example.test` }))
      expect(toldOf(step)).toEqual(awaits('EmailChallenge', 'CONFIRMATION', 'QUEUED'))
      const stream = await overSocket.listen(browser, step.id, step.sequence)
      const next = nextStep(stream)
      // Another try after 1800 seconds more would find the link run out.
      for (const pause of [10, 60, 300, 900]) {
        await postponed(ground, step.id, pause)
        ground.app.clock.advance(pause)
        ground.app.app.deliver()
      }
      const failed = await next
      expect(toldOf(failed)).toEqual({
        ...awaits('EmailChallenge', 'CONFIRMATION', 'FAILED'),
        errors: [{ message: 'The mail could not be sent.', code: 'delivery-failed' }],
      })

      mails.refusal = undefined
      await browser.act(failed as never, 'RESEND')
      const { slug, query } = linkIn(await mails.to(`${username}@example.test`))
      const elsewhere = new RestJourney(ground.app.url)
      const { fields } = await elsewhere.start(slug, query)
      await elsewhere.answer('consent', { token: fields.token })
      expect(await elsewhere.whoAmI()).toBe(username)
      expect(await browser.viewer()).toBeUndefined()
      await stream.return?.()
    })
  },
  mails.env,
)
