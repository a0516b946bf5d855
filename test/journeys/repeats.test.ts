import { describe, expect, it } from 'vitest'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, oneScreenSignIn, signIn } from '../support/journeys.ts'
import { meetAtWrite } from '../support/meet-at-write.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { signInStages } from '../support/seed.ts'

describeJourneys('the same answer sent again', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const together = [
      ['after the first one was answered', false],
      ['while the first one is being judged', true],
    ] as const

    it.each(together)('passes one stage, and gets the same reply, %s', async (_when, atOnce) => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'dummy' }, { kind: 'dummy' }] })
      const client = new Client(ground.app.url)
      await client.start(slug)
      if (atOnce) meetAtWrite(ground.app.database, 2)

      const replies = await twice(client, atOnce, (sender) => sender.submit('dummy'))

      expect(replies[1]).toEqual(replies[0])
      expect((await planOf(slug)).bindings).toHaveLength(2)
    })

    it.each(together)('is one attempt at the password, and says the same about it, %s', async (_when, atOnce) => {
      const [{ slug, bindingIds }, ada] = [await ground.flow(), await ground.person()]
      const client = new Client(ground.app.url)
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
      if (atOnce) meetAtWrite(ground.app.database, 2)

      const replies = await twice(client, atOnce, (sender) => sender.submit('password', { password: 'a guess' }))

      expect(replies[0]).toMatchObject({ kind: 'password', errors: [{ message: 'Invalid password' }] })
      expect(replies[1]).toEqual(replies[0])
      expect((await planOf(slug)).attempts).toEqual({ [String(bindingIds[1])]: 1 })
      expect(await ground.events('login_failed', ada.id)).toBe(1)
    })

    it.each(together)('signs in once, even with the cookie of before, %s', async (_when, atOnce) => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const client = new Client(ground.app.url)
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
      if (atOnce) meetAtWrite(ground.app.database, 2)

      const senders: JourneyClient[] = []
      const replies = await twice(client, atOnce, (sender) => {
        senders.push(sender)
        return sender.submit('password', { password: ada.password })
      })

      expect(replies[0]).toMatchObject(client instanceof GraphQLJourney ? { kind: 'redirect', to: '/' } : { kind: 'moved' })
      expect(replies[1]).toEqual(replies[0])
      expect(await ground.events('login', ada.id)).toBe(1)
      expect(await ground.prisma.session.count({ where: { userId: ada.id } })).toBe(1)
      // Whichever reply was lost, the other one carries the new session handle.
      for (const sender of senders) expect(await sender.whoAmI()).toBe(ada.username)
    })

    it('is worth nothing with the cookie of before, once the reply can no longer have been lost', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const client = new Client(ground.app.url)
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
      const late = client.twin()
      await client.submit('password', { password: ada.password })

      ground.app.clock.advance(61)
      const refused = await late.submit('password', { password: ada.password })

      expect(refused).not.toMatchObject({ kind: 'redirect' })
      expect(await late.whoAmI()).toBeUndefined()
      expect(await ground.events('login', ada.id)).toBe(1)
    })

    it('lets nobody look around with the cookie of before', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const client = new Client(ground.app.url)
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
      const thief = client.twin()
      await client.answer('password', { password: ada.password })

      expect(await thief.whoAmI()).toBeUndefined()
      expect((await thief.read()).kind).toMatch(/^(problem|identification)$/)
      expect(await thief.whoAmI()).toBeUndefined()
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it('lets nobody go on with the cookie of before, who knows the step that stands now', async () => {
      const ada = await ground.person()
      const { slug } = await ground.flow({ stages: [...signInStages, { kind: 'dummy' }] })
      const client = new Client(ground.app.url)
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
      const thief = client.twin()
      expect(await client.answer('password', { password: ada.password })).toMatchObject({ kind: 'dummy' })
      if (client instanceof GraphQLJourney) Object.assign(thief, { step: client.step })

      const refused = await thief.answer('dummy')

      if (client instanceof GraphQLJourney) expect(refused.problem).toEqual({ code: 'EXECUTION_NOT_FOUND' })
      else expect(refused).toMatchObject({ kind: 'identification' })
      expect(await client.read()).toMatchObject({ kind: 'dummy' })
    })

    it('signs out once', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const leaving = await ground.flow({
        flow: { designation: 'invalidation' },
        stages: [{ kind: 'dummy' }, { kind: 'user_logout' }],
      })
      const client = new Client(ground.app.url)
      await signIn(client, slug, ada)
      await client.start(leaving.slug)

      const replies = await twice(client, false, (sender) => sender.submit('dummy'))

      expect(replies[1]).toEqual(replies[0])
      expect(await ground.events('logout', ada.id)).toBe(1)
      expect(await client.whoAmI()).toBeUndefined()
    })

    it('starts a flow over once', async () => {
      const config = { userFields: ['username'], pretendUserExists: false }
      const binding = { invalidResponseAction: 'restart' } as const
      const { slug } = await ground.flow({ stages: [{ kind: 'identification', config, binding }] })
      const client = new Client(ground.app.url)
      await client.start(slug)

      const replies = await twice(client, false, (sender) => sender.submit('identification', { uidField: 'nobody' }))

      expect(replies[1]).toEqual(replies[0])
      expect((await planOf(slug)).restarts).toBe(1)
    })
  })

  describe('over REST', () => {
    it('signs in once, even as the first request about a flow', async () => {
      const ada = await ground.person()
      const { slug } = await ground.flow({ stages: await oneScreenSignIn(ground) })
      const client = new RestJourney(ground.app.url)
      await client.start((await ground.flow()).slug)
      client.path = `/api/v3/flows/executor/${slug}/?query=`
      const again = client.twin()
      meetAtWrite(ground.app.database, 2)
      const answer = { uidField: ada.username, password: ada.password }

      const replies = await Promise.all([client.submit('identification', answer), again.submit('identification', answer)])

      expect(replies[0]).toMatchObject({ kind: 'moved', to: client.path })
      expect(replies[1]).toEqual(replies[0])
      expect(await ground.events('login', ada.id)).toBe(1)
      expect([await client.whoAmI(), await again.whoAmI()]).toEqual([ada.username, ada.username])
    })

    it('does not undo what was answered since, when it was a look at a flow that nobody had begun', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'identification' }] })
      const client = new RestJourney(ground.app.url)
      await client.start((await ground.flow()).slug)
      const late = client.tab()
      const { firstCame } = meetAtWrite(ground.app.database, 2)
      const looked = late.start(slug)
      await firstCame
      const looking = client.start(slug)

      expect(await looked).toEqual(await looking)
      expect(await client.answer('dummy')).toMatchObject({ kind: 'identification' })
      expect(await ground.prisma.execution.count({ where: { flowSlug: slug } })).toBe(1)
    })
  })

  describe('over GraphQL', () => {
    it('gets the same step, token and sequence', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'dummy' }] })
      const client = new GraphQLJourney(ground.app.url)
      await client.start(slug)
      const again = client.twin()

      await client.submit('dummy')
      await again.submit('dummy')

      expect(again.step).toEqual(client.step)
      expect(again.step?.sequence).toBe(2)
    })

    it('gives up once, and restarts once', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })
      for (const action of ['RESTART', 'CANCEL']) {
        const client = new GraphQLJourney(ground.app.url)
        await client.start(slug)
        const again = client.twin()

        const replies = [await client.perform(action), await again.perform(action)]

        expect(replies[1]).toEqual(replies[0])
        expect(again.step).toEqual(client.step)
      }
    })

    it('is another answer once the stage has come round again', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'dummy' }, { kind: 'deny' }] })
      const client = new GraphQLJourney(ground.app.url)
      await client.start(slug)

      await client.submit('dummy')

      expect(await client.submit('dummy')).toMatchObject({ kind: 'access_denied' })
    })
  })

  async function twice<Reply>(client: JourneyClient, atOnce: boolean, send: (sender: JourneyClient) => Promise<Reply>) {
    const again = client.twin()
    return atOnce ? Promise.all([send(client), send(again)]) : [await send(client), await send(again)]
  }

  async function planOf(flowSlug: string) {
    const { plan } = await ground.prisma.execution.findFirstOrThrow({ where: { flowSlug } })
    return plan as { bindings: string[]; attempts: Record<string, number>; restarts: number }
  }
})
