import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyFlows } from '../support/default-flows.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { startMailServer } from '../support/mail-server.ts'
import { linkIn } from '../support/mailed-links.ts'
import { setUpTotp } from '../support/second-factors.ts'

const recovery = 'default-recovery-flow'
const sign = 'default-authentication-flow'
const chosen = 'seventeen quiet harbours'

const mails = await startMailServer()
afterAll(() => mails.close())

describeJourneys(
  'recovery by mail',
  (ground) => {
    beforeAll(() => applyFlows(ground.app))

    const ask = async (client: JourneyClient, name: string) => {
      await client.start(recovery)
      return client.answer('identification', { uidField: name })
    }
    const open = async (client: JourneyClient) => {
      const { slug, query } = linkIn(await mails.next())
      const asked = await client.start(slug, query)
      return client.answer('consent', { token: asked.fields.token })
    }
    const resend = (client: JourneyClient) => {
      // An equal answer that comes at once is a repeat of the last one, where no step token tells.
      ground.app.clock.advance(6)
      return client.answer('email')
    }
    const choose = (client: JourneyClient, password = chosen) => client.answer('prompt', { password, password_repeat: password })

    describe.each(faces)('over %s', (_, Client) => {
      it('gives a new password to who opens the link, and ends the sessions of who had the old one', async () => {
        const ada = await ground.person()
        const old = new Client(ground.app.url)
        await signIn(old, sign, ada)
        expect(await old.whoAmI()).toBe(ada.username)
        expect(await ask(new Client(ground.app.url), ada.email)).toMatchObject({ kind: 'email' })

        const client = new Client(ground.app.url)
        expect(await open(client)).toMatchObject({ kind: 'prompt' })
        expect(await choose(client)).toMatchObject({ kind: 'redirect', to: '/' })

        expect(await client.whoAmI()).toBe(ada.username)
        expect(await old.whoAmI()).toBeUndefined()
        const again = new Client(ground.app.url)
        expect(await signIn(again, sign, ada)).toMatchObject({ kind: 'password' })
        expect(await again.answer('password', { password: chosen })).toMatchObject({ kind: 'redirect' })
      })

      it('refuses a weak password, and two that differ, and keeps the old one meanwhile', async () => {
        const ada = await ground.person()
        await ask(new Client(ground.app.url), ada.username)
        const client = new Client(ground.app.url)
        await open(client)

        for (const weak of ['short', 'password1', `${ada.username}12`]) {
          const refused = await choose(client, weak)
          expect(refused).toMatchObject({ kind: 'prompt' })
          expect(new Set(refused.errors.map(({ field }) => field))).toEqual(new Set(['nonFieldErrors']))
        }
        expect(await client.answer('prompt', { password: chosen, password_repeat: `${chosen}s` })).toMatchObject({
          errors: [{ field: 'nonFieldErrors', message: "Passwords don't match." }],
        })
        expect(await signIn(new Client(ground.app.url), sign, ada)).toMatchObject({ kind: 'redirect' })
      })

      it('does not go round a second factor', async () => {
        const ada = await ground.person()
        const { codeNow } = await setUpTotp(ground, ada)
        await ask(new Client(ground.app.url), ada.email)
        const client = new Client(ground.app.url)

        expect(await open(client)).toMatchObject({ kind: 'authenticator_validate' })
        expect(await client.answer('authenticator_validate', { code: '000000' })).toMatchObject({
          kind: 'authenticator_validate',
        })
        expect(await client.whoAmI()).toBeUndefined()
        ground.app.clock.advance(120)
        expect(await client.answer('authenticator_validate', { code: codeNow() })).toMatchObject({ kind: 'prompt' })
      })

      it('says the same to who has no account, with no mail', async () => {
        const ada = await ground.person()
        const known = await ask(new Client(ground.app.url), ada.email)
        const stranger = new Client(ground.app.url)
        const unknown = await ask(stranger, 'nobody@example.test')
        await mails.next()
        const count = mails.mails.length

        expect(unknown).toEqual(known)
        const [again, oncemore] = [await resend(stranger), await resend(stranger)]
        expect(again).toMatchObject({ kind: 'email', errors: [{ code: 'email-sent' }] })
        expect(oncemore).toEqual(again)
        // Whatever waits goes out before the next mail does.
        await ask(new Client(ground.app.url), ada.email)
        expect((await mails.next()).to).toEqual([ada.email])
        expect(mails.mails).toHaveLength(count + 1)
      })

      it('mails again when asked to, until that is enough, and says the same then', async () => {
        const ada = await ground.person()
        const client = new Client(ground.app.url)
        await ask(client, ada.email)
        const first = linkIn(await mails.next())
        const replies = []
        for (let time = 0; time < 7; time += 1) replies.push(await resend(client))
        const links = []
        for (let time = 0; time < 5; time += 1) links.push(linkIn(await mails.next()))

        expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1)
        expect(new Set([first, ...links].map(({ query }) => query)).size).toBe(6)
        const count = mails.mails.length
        await ask(new Client(ground.app.url), (await ground.person()).email)
        await mails.next()
        expect(mails.mails).toHaveLength(count + 1)
      })

      it('ends every link that was mailed before, once the password is new', async () => {
        const ada = await ground.person()
        const asking = new Client(ground.app.url)
        await ask(asking, ada.email)
        await resend(asking)
        const [early] = [linkIn(await mails.next())]
        const client = new Client(ground.app.url)
        await open(client)
        await choose(client)

        const late = new Client(ground.app.url)
        expect(await late.start(early.slug, early.query)).toMatchObject({
          denied: 'Link was already used, please request a new link.',
        })
      })

      it('forgets a link that has run out', async () => {
        const ada = await ground.person()
        await ask(new Client(ground.app.url), ada.email)
        const { slug, query } = linkIn(await mails.next())
        ground.app.clock.advance(31 * 60 + 1)

        expect(await new Client(ground.app.url).start(slug, query)).toMatchObject({ kind: 'identification' })
      })
    })
  },
  mails.env,
)
