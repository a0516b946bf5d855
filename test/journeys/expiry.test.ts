import { describe, expect, it } from 'vitest'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'

const hour = 3600

describeJourneys('an execution that stood still for too long', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    it('goes on for as long as answers keep coming', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'dummy' }, { kind: 'dummy' }] })
      const client = new Client(ground.app.url)
      await client.start(slug)

      for (const kind of ['dummy', 'dummy', 'redirect']) {
        ground.app.clock.advance(hour - 1)
        expect(await client.answer('dummy')).toMatchObject({ kind })
      }
    })

    it('does not judge the answer that comes too late', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const client = new Client(ground.app.url)
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })

      ground.app.clock.advance(hour)
      const late = await client.answer('password', { password: ada.password })

      if (client instanceof RestJourney) expect(late).toMatchObject({ kind: 'identification', errors: [] })
      else expect(late.problem).toEqual({ code: 'EXECUTION_EXPIRED' })
      expect(await client.whoAmI()).toBeUndefined()
      expect(await ground.events('login', ada.id)).toBe(0)
      expect(await signIn(client, slug, ada)).toMatchObject({ kind: 'redirect' })
    })
  })

  it('tells so over GraphQL, and does nothing else any more', async () => {
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })
    const client = new GraphQLJourney(ground.app.url)
    await client.start(slug)

    ground.app.clock.advance(hour)

    expect((await client.read()).problem).toEqual({ code: 'EXECUTION_EXPIRED' })
    expect((await client.perform('RESTART')).problem).toEqual({ code: 'EXECUTION_EXPIRED' })
    expect((await client.perform('CANCEL')).problem).toEqual({ code: 'EXECUTION_EXPIRED' })
  })

  it('begins anew over REST, the answer that came too late being met with a 302', async () => {
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'identification' }] })
    const client = new RestJourney(ground.app.url)
    await client.start(slug)
    await client.answer('dummy')

    ground.app.clock.advance(hour)

    expect(await client.submit('identification', { uidField: 'somebody' })).toMatchObject({ kind: 'moved', to: client.path })
    expect(await client.read()).toMatchObject({ kind: 'dummy', errors: [] })
  })

  it('begins anew over REST for who looks at it again', async () => {
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'identification' }] })
    const client = new RestJourney(ground.app.url)
    await client.start(slug)
    await client.answer('dummy')

    ground.app.clock.advance(hour)

    expect(await client.read()).toMatchObject({ kind: 'dummy' })
  })
})

const [idle, absolute] = [1000, 5000]
const lifetimes = { SESSION_IDLE_SECONDS: String(idle), SESSION_ABSOLUTE_SECONDS: String(absolute) }

describeJourneys(
  'a session',
  (ground) => {
    describe.each(faces)('over %s', (_, Client) => {
      it('ends when nobody uses it', async () => {
        const [{ slug }, ada] = [await ground.flow(), await ground.person()]
        const client = new Client(ground.app.url)
        await signIn(client, slug, ada)

        ground.app.clock.advance(idle - 1)
        expect(await client.whoAmI()).toBe(ada.username)
        ground.app.clock.advance(idle - 1)
        expect(await client.whoAmI()).toBe(ada.username)
        ground.app.clock.advance(idle)
        expect(await client.whoAmI()).toBeUndefined()
      })

      it('ends one day, however much it is used', async () => {
        const [{ slug }, ada] = [await ground.flow(), await ground.person()]
        const client = new Client(ground.app.url)
        await signIn(client, slug, ada)

        for (let passed = 500; passed < absolute; passed += 500) {
          ground.app.clock.advance(500)
          expect(await client.whoAmI()).toBe(ada.username)
        }
        ground.app.clock.advance(500)
        expect(await client.whoAmI()).toBeUndefined()
      })

      it('takes what ran in it with it', async () => {
        const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'identification' }] })
        const client = new Client(ground.app.url)
        await client.start(slug)
        await client.answer('dummy')

        ground.app.clock.advance(idle)
        const view = await client.read()

        if (client instanceof RestJourney) expect(view).toMatchObject({ kind: 'dummy' })
        else expect(view.problem).toEqual({ code: 'EXECUTION_NOT_FOUND' })
      })
    })
  },
  lifetimes,
)
