import { describe, expect, it } from 'vitest'
import { mostExecutionsPerSession } from '../../src/db/execution-sql.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'

describeJourneys('two flows in one browser', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    it('go on side by side, each with what it was told', async () => {
      const [first, second] = [await ground.flow(), await ground.flow()]
      const [ada, bob] = [await ground.person(), await ground.person()]
      const left = new Client(ground.app.url)
      await left.start(first.slug)
      const right = left.tab()
      await right.start(second.slug)

      await left.answer('identification', { uidField: ada.username })
      await right.answer('identification', { uidField: bob.username })
      const wrong = await left.answer('password', { password: bob.password })

      expect(wrong).toMatchObject({ fields: { pendingUser: ada.username }, errors: [{ message: 'Invalid password' }] })
      expect(await right.read()).toMatchObject({ kind: 'password', fields: { pendingUser: bob.username }, errors: [] })
      expect(await right.answer('password', { password: bob.password })).toMatchObject({ kind: 'redirect' })
      expect(await left.whoAmI()).toBe(bob.username)
      expect(await ground.prisma.session.count({ where: { executions: { some: { flowSlug: second.slug } } } })).toBe(1)
    })

    it('survive the sign-in of the other one', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const waiting = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'dummy' }] })
      const left = new Client(ground.app.url)
      await left.start(waiting.slug)
      await left.answer('dummy')

      await signIn(left.tab(), slug, ada)

      expect(await left.answer('dummy')).toMatchObject({ kind: 'redirect', to: '/' })
    })
  })

  it('can be the same flow twice, where executions have names of their own', async () => {
    const [{ slug }, ada, bob] = [await ground.flow(), await ground.person(), await ground.person()]
    const left = new GraphQLJourney(ground.app.url)
    await left.start(slug)
    const right = left.tab()
    await right.start(slug)

    await left.answer('identification', { uidField: ada.username })
    expect(await right.read()).toMatchObject({ kind: 'identification' })
    await right.answer('identification', { uidField: bob.username })

    expect(await left.read()).toMatchObject({ fields: { pendingUser: ada.username } })
    expect(right.step?.id).not.toBe(left.step?.id)
  })

  it('can be one flow over both faces', async () => {
    const [{ slug }, ada] = [await ground.flow(), await ground.person()]
    const graphql = new GraphQLJourney(ground.app.url)
    await graphql.start(slug)
    const rest = new RestJourney(ground.app.url, graphql.jar)
    expect(await rest.start(slug)).toMatchObject({ kind: 'identification' })

    await rest.answer('identification', { uidField: ada.username })

    expect(await graphql.read()).toMatchObject({ kind: 'identification' })
    expect(await rest.read()).toMatchObject({ kind: 'password' })
  })

  it("are nobody else's: another browser cannot read or answer them", async () => {
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })
    const owner = new GraphQLJourney(ground.app.url)
    await owner.start(slug)
    const stranger = new GraphQLJourney(ground.app.url)
    await stranger.start(slug)
    stranger.step = owner.step

    expect((await stranger.read()).problem).toEqual({ code: 'EXECUTION_NOT_FOUND' })
    expect((await stranger.submit('dummy')).problem).toEqual({ code: 'EXECUTION_NOT_FOUND' })
    expect((await stranger.perform('CANCEL')).problem).toEqual({ code: 'EXECUTION_NOT_FOUND' })
    expect(await owner.read()).toMatchObject({ kind: 'dummy' })
  })

  it('are no more than twenty: the one longest untouched makes room', async () => {
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'dummy' }] })
    const client = new GraphQLJourney(ground.app.url)
    const tabs = Array.from({ length: mostExecutionsPerSession }, () => client.tab())
    for (const tab of tabs) {
      await tab.start(slug)
      ground.app.clock.advance(1)
    }
    const [oldest, second] = tabs
    expect(await oldest?.answer('dummy')).toMatchObject({ kind: 'dummy' })
    ground.app.clock.advance(1)

    await client.start(slug)

    expect((await second?.read())?.problem).toEqual({ code: 'EXECUTION_NOT_FOUND' })
    expect(await oldest?.read()).toMatchObject({ kind: 'dummy' })
    expect(await ground.prisma.execution.count({ where: { flowSlug: slug } })).toBe(mostExecutionsPerSession)
  })
})
