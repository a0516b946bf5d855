import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../support/browser-requests.ts'
import { applyFlows } from '../support/default-flows.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { startMailServer } from '../support/mail-server.ts'
import { linkIn } from '../support/mailed-links.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { setUpTotp } from '../support/second-factors.ts'
import type { Account } from '../support/test-app.ts'

const recovery = 'default-recovery-flow'
const sign = 'default-authentication-flow'
const chosen = 'seventeen quiet harbours'
const used = 'Link was already used, please request a new link.'

const mails = await startMailServer()
afterAll(() => mails.close())

describeJourneys(
  'a mailed link',
  (ground) => {
    beforeAll(() => applyFlows(ground.app))

    const visit = () => new GraphQLJourney(ground.app.url)
    const unused = (userId: number) => ground.prisma.flowToken.count({ where: { userId, usedAt: null } })
    const canSignIn = async (person: Account, password: string) => {
      const client = visit()
      await signIn(client, sign, { ...person, password })
      return (await client.whoAmI()) === person.username
    }

    async function linkFor({ email }: Account) {
      const client = visit()
      await client.start(recovery)
      await client.answer('identification', { uidField: email })
      return linkIn(await mails.next())
    }

    describe.each(faces)('over %s', (_, Client) => {
      const confirm = async (client: JourneyClient, { slug, query }: { slug: string; query: string }) => {
        const { fields } = await client.start(slug, query)
        return client.answer('consent', { token: fields.token })
      }
      const choose = (client: JourneyClient, password = chosen) =>
        client.answer('prompt', { password, password_repeat: password })

      it('is used up by nobody who only opens it, as programs do that look at mails', async () => {
        const ada = await ground.person()
        const { slug, query } = await linkFor(ada)
        const path = `/api/v3/flows/executor/${slug}/?${new URLSearchParams({ query })}`
        for (let time = 0; time < 3; time += 1) {
          const scanner = new Browser(ground.app.url)
          for (const method of ['GET', 'HEAD', 'OPTIONS']) {
            await scanner.send(method, `/if/flow/${slug}/?${query}`)
            await scanner.send(method, path)
          }
          await new RestJourney(ground.app.url).start(slug, query)
          await visit().start(slug, query)
          // Some press what there is to press, with nothing in it.
          await scanner.send('POST', path, { json: {} })
        }

        expect(await unused(ada.id)).toBe(1)
        const client = new Client(ground.app.url)
        expect(await confirm(client, { slug, query })).toMatchObject({ kind: 'prompt' })
        expect(await unused(ada.id)).toBe(0)
      })

      it('leads one person on, of two who confirm it', async () => {
        const ada = await ground.person()
        const link = await linkFor(ada)
        const [first, second] = [new Client(ground.app.url), new Client(ground.app.url)]
        const opened = await second.start(link.slug, link.query)
        expect(await confirm(first, link)).toMatchObject({ kind: 'prompt' })

        expect(await second.answer('consent', { token: opened.fields.token })).toMatchObject({ denied: used })
        expect(await new Client(ground.app.url).start(link.slug, link.query)).toMatchObject({ denied: used })
        await choose(second, 'the password of a thief')
        expect(await canSignIn(ada, 'the password of a thief')).toBe(false)
      })

      it('leads nowhere once the password is new, however it was changed, nor does one that was begun before', async () => {
        const ada = await ground.person()
        const [early, late] = [await linkFor(ada), await linkFor(ada)]
        const begun = new Client(ground.app.url)
        const { fields } = await begun.start(early.slug, early.query)
        const client = new Client(ground.app.url)
        await confirm(client, late)
        expect(await choose(client)).toMatchObject({ kind: 'redirect' })

        expect(await begun.answer('consent', { token: fields.token })).toMatchObject({ denied: used })
        expect(await canSignIn(ada, chosen)).toBe(true)
      })

      it('leads nowhere under another name, with another token, or once the account is closed', async () => {
        const ada = await ground.person()
        const { slug, query } = await linkFor(ada)
        const flowToken = new URLSearchParams(query).get('flow_token') ?? ''
        const others = [flowToken.slice(0, -1), `${flowToken}a`, flowToken.toUpperCase(), `%00${flowToken}`, '']
        for (const token of others)
          expect((await new Client(ground.app.url).start(slug, `flow_token=${token}`)).kind).toBe('identification')
        expect((await new Client(ground.app.url).start('default-enrollment-flow', query)).kind).not.toBe('consent')
        await ground.prisma.user.update({ where: { id: ada.id }, data: { isActive: false } })
        const client = new Client(ground.app.url)
        await confirm(client, { slug, query })
        await choose(client)

        expect(await client.whoAmI()).toBeUndefined()
      })

      it('is not enough for who has a second factor, whatever is tried', async () => {
        const ada = await ground.person()
        const { codeNow } = await setUpTotp(ground, ada)
        const link = await linkFor(ada)
        const client = new Client(ground.app.url)
        expect(await confirm(client, link)).toMatchObject({ kind: 'authenticator_validate' })

        await choose(client)
        await client.submit('authenticator_validate', {})
        await client.submit('email')
        await client.read()
        if (client instanceof GraphQLJourney) {
          expect(await client.perform('RESTART')).toMatchObject({ kind: 'identification' })
          await choose(client)
          await client.answer('identification', { uidField: ada.username })
          expect(await client.read()).toMatchObject({ kind: 'email' })
          await client.answer('email')
          expect(await client.read()).toMatchObject({ kind: 'email' })
          // Two mails went out on the way, which are not for the next test.
          for (let mail = 0; mail < 2; mail += 1) await mails.next()
        } else expect(await client.start(link.slug, link.query)).toMatchObject({ kind: 'authenticator_validate' })

        expect(await client.whoAmI()).toBeUndefined()
        const { passwordChangedAt, createdAt } = await ground.prisma.user.findUniqueOrThrow({ where: { id: ada.id } })
        expect(passwordChangedAt.getTime() - createdAt.getTime()).toBeLessThan(1000)
        expect(await canSignIn(ada, chosen)).toBe(false)
        expect(codeNow()).toMatch(/^\d{6}$/)
      })
    })
  },
  mails.env,
)
