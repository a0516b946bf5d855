import { describe, expect, it } from 'vitest'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { meetAtWrite } from '../support/meet-at-write.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { signInStages } from '../support/seed.ts'

describeJourneys('two different answers to one step', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    it('are one attempt: the late one is not judged, and is shown what stands', async () => {
      const [{ slug, bindingIds }, ada] = [await ground.flow(), await ground.person()]
      const client = new Client(ground.app.url)
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
      const other = client.twin()
      meetAtWrite(ground.app.database, 2)

      const replies = await Promise.all([
        client.submit('password', { password: 'a guess' }),
        other.submit('password', { password: 'another guess' }),
      ])

      const [judged, late] = replies.toSorted((a, b) => b.errors.length - a.errors.length)
      expect(judged?.errors).toMatchObject([{ message: 'Invalid password' }])
      if (client instanceof RestJourney) expect(late).toMatchObject({ kind: 'password', errors: [] })
      else expect(late?.problem).toMatchObject({ code: 'STALE_STEP', current: { kind: 'password' } })
      const { plan } = await ground.prisma.execution.findFirstOrThrow({ where: { flowSlug: slug } })
      expect(plan).toMatchObject({ attempts: { [String(bindingIds[1])]: 1 } })
      expect(await ground.events('login_failed', ada.id)).toBe(1)
    })

    it.each([
      ['right', 'wrong'],
      ['wrong', 'right'],
    ] as const)('have the effects of the first one: the %s password, not the %s one', async (first, second) => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const passwords = { right: ada.password, wrong: 'a guess' }
      const client = new Client(ground.app.url)
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
      const other = client.twin()

      const { firstCame } = meetAtWrite(ground.app.database, 2)
      const winner = client.submit('password', { password: passwords[first] })
      await firstCame
      const late = await other.submit('password', { password: passwords[second] })
      await winner

      expect(await client.whoAmI()).toBe(first === 'right' ? ada.username : undefined)
      expect(await ground.events('login', ada.id)).toBe(first === 'right' ? 1 : 0)
      expect(await ground.events('login_failed', ada.id)).toBe(first === 'right' ? 0 : 1)
      const stands = first === 'right' ? { kind: 'redirect', to: '/' } : { kind: 'password', errors: [] }
      if (client instanceof RestJourney) expect(late).toMatchObject(stands)
      else expect(late.problem).toMatchObject({ code: 'STALE_STEP', current: { kind: stands.kind } })
    })
  })

  it('are answered in the order they came, where a client names the step', async () => {
    const [{ slug }, ada] = [await ground.flow(), await ground.person()]
    const client = new GraphQLJourney(ground.app.url)
    await client.start(slug)
    const late = client.twin()
    await client.answer('identification', { uidField: ada.username })

    const { problem } = await late.answer('identification', { uidField: 'nobody' })

    expect(problem).toMatchObject({ code: 'STALE_STEP', current: { kind: 'password', fields: { pendingUser: ada.username } } })
    expect(await client.answer('password', { password: ada.password })).toMatchObject({ kind: 'redirect' })
  })

  it('cannot be an answer and a retreat', async () => {
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'dummy' }] })
    const client = new GraphQLJourney(ground.app.url)
    await client.start(slug)
    const other = client.twin()
    meetAtWrite(ground.app.database, 2)

    const replies = await Promise.all([client.submit('dummy'), other.perform('CANCEL')])

    expect(replies.filter(({ problem }) => problem?.code === 'STALE_STEP')).toHaveLength(1)
    expect(await client.read()).toEqual(replies.find(({ kind }) => kind !== 'problem'))
  })

  it('of another kind are not judged, and are told which kind is awaited', async () => {
    const [{ slug }, ada] = [await ground.flow(), await ground.person()]
    const client = new GraphQLJourney(ground.app.url)
    await client.start(slug)

    const { problem } = await client.answer('password', { password: ada.password })

    expect(problem).toMatchObject({ code: 'UNEXPECTED_RESPONSE', current: { kind: 'identification', errors: [] } })
    expect(await client.answer('identification', { uidField: ada.username })).toMatchObject({ kind: 'password' })
  })

  it('over REST need not name their kind: what stands judges them', async () => {
    const { slug } = await ground.flow()
    const client = new RestJourney(ground.app.url)
    await client.start(slug)

    const refused = await client.answer('password', { password: 'a guess' })

    expect(refused).toMatchObject({ kind: 'identification', errors: [{ message: 'No identification data provided.' }] })
  })
})

describeJourneys('two looks at one step', (ground) => {
  it.each(faces)('over %s sign somebody in once, where nothing else is left to do, and both are told', async (_, Client) => {
    const ada = await ground.person()
    const [identification, password, login] = signInStages
    const { slug, policyIds } = await ground.flow({
      stages: [identification, password, { kind: 'dummy', policies: [{ result: true }] }, login].flatMap((stage) => stage ?? []),
    })
    const client = new Client(ground.app.url)
    expect(await signIn(client, slug, ada)).toMatchObject({ kind: 'dummy' })
    await ground.decide(policyIds[0], false)
    const other = client.twin()
    meetAtWrite(ground.app.database, 2)

    const views = await Promise.all([client.read(), other.read()])

    for (const view of views) expect(view).toMatchObject({ kind: 'redirect', to: '/' })
    expect(await ground.events('login', ada.id)).toBe(1)
    expect([await client.whoAmI(), await other.whoAmI()]).toEqual([ada.username, ada.username])
  })
})
