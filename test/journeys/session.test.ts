import { describe, expect, it } from 'vitest'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'

const hour = 3600
const cookie = 'authentik_session'

describeJourneys('a session that is signed in', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const visit = () => new Client(ground.app.url)

    it('is the one from before under another handle', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const client = visit()
      await client.start(slug)
      const before = await sessionRow(ground, slug)
      await client.answer('identification', { uidField: ada.username })
      expect((await sessionRow(ground, slug)).handleHash).toBe(before.handleHash)

      await client.answer('password', { password: ada.password })

      const after = await sessionRow(ground, slug)
      expect(after).toMatchObject({ id: before.id, userId: ada.id, authMethod: 'password' })
      expect(after.handleHash).not.toBe(before.handleHash)
      expect(await ground.prisma.user.findUnique({ where: { id: ada.id } })).toMatchObject({
        lastLoginAt: ground.app.clock.now(),
      })
    })

    it.each([
      { sessionDuration: 'seconds=0', remembered: false, seconds: undefined },
      { sessionDuration: 'seconds=0', remembered: true, seconds: 24 * hour },
      { sessionDuration: 'hours=1', remembered: false, seconds: hour },
      { sessionDuration: 'hours=1', remembered: true, seconds: 25 * hour },
    ])('lasts $seconds seconds ($sessionDuration, remembered: $remembered)', async ({ sessionDuration, remembered, seconds }) => {
      const [slug, ada] = [await flowWithLogin(ground, { sessionDuration, rememberMeOffset: 'days=1' }), await ground.person()]
      const client = visit()
      expect(await signIn(client, slug, ada)).toMatchObject({ kind: 'user_login', fields: { pendingUser: ada.username } })
      expect(await client.whoAmI()).toBeUndefined()

      await client.answer('user_login', { rememberMe: remembered })

      expect(await client.whoAmI()).toBe(ada.username)
      expect(maxAge(client)).toBe(seconds)
      ground.app.clock.advance((seconds ?? 24 * hour) - 1)
      expect(await client.whoAmI()).toBe(ada.username)
      ground.app.clock.advance(seconds === undefined ? 24 * hour : 1)
      expect(await client.whoAmI()).toBeUndefined()
    })

    it('lasts as long as it is told to, without a question', async () => {
      const [slug, ada] = [await flowWithLogin(ground, { sessionDuration: 'minutes=90' }), await ground.person()]
      const client = visit()

      expect(await signIn(client, slug, ada)).toMatchObject({ kind: 'redirect' })

      expect(maxAge(client)).toBe(5400)
      const { expiresAt, persistent } = await sessionRow(ground, slug)
      expect({ expiresAt, persistent }).toEqual({
        expiresAt: new Date(ground.app.clock.now().getTime() + 5_400_000),
        persistent: true,
      })
    })

    it('ends all others of its person where that is configured, with what runs in them', async () => {
      const [{ slug }, strict] = [await ground.flow(), await flowWithLogin(ground, { terminateOtherSessions: true })]
      const settings = await ground.flow({ flow: { designation: 'stage_configuration' }, stages: [{ kind: 'dummy' }] })
      const [ada, bob] = [await ground.person(), await ground.person()]
      const [old, other, fresh] = [visit(), visit(), visit()]
      await signIn(old, slug, ada)
      await old.start(settings.slug)
      await signIn(other, slug, bob)

      await signIn(fresh, strict, ada)

      expect(await old.whoAmI()).toBeUndefined()
      expect(await fresh.whoAmI()).toBe(ada.username)
      expect(await other.whoAmI()).toBe(bob.username)
      expect(await ground.prisma.execution.count({ where: { flowSlug: settings.slug } })).toBe(0)
    })

    it('leaves the others of its person alone otherwise', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const [desk, phone] = [visit(), visit()]
      await signIn(desk, slug, ada)
      await signIn(phone, slug, ada)

      expect([await desk.whoAmI(), await phone.whoAmI()]).toEqual([ada.username, ada.username])
    })

    it("becomes nobody's when its person signs out", async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const client = visit()
      await signIn(client, slug, ada)
      const signedIn = await sessionRow(ground, slug)
      const settings = await ground.flow({ flow: { designation: 'stage_configuration' }, stages: [{ kind: 'dummy' }] })
      const tab = client.tab()
      await tab.start(settings.slug)
      const thief = client.twin()

      const left = await client.start((await leaving(ground)).slug)

      expect(left).toMatchObject({ kind: 'redirect', to: '/', fields: { finalRedirect: true } })
      expect(await client.whoAmI()).toBeUndefined()
      expect(await thief.whoAmI()).toBeUndefined()
      ground.app.clock.advance(61)
      expect(await thief.whoAmI()).toBeUndefined()
      expect(await ground.events('logout', ada.id)).toBe(1)
      const row = await ground.prisma.session.findUniqueOrThrow({ where: { id: signedIn.id } })
      expect(row.userId).toBeNull()
      expect(row.handleHash).not.toBe(signedIn.handleHash)
      expect(await ground.prisma.execution.count({ where: { flowSlug: settings.slug } })).toBe(0)
      expect(maxAge(client)).toBeUndefined()
    })

    it('can be signed in again, as somebody else', async () => {
      const [{ slug }, ada, bob] = [await ground.flow(), await ground.person(), await ground.person()]
      const client = visit()
      await signIn(client, slug, ada)
      await client.start((await leaving(ground)).slug)

      await signIn(client, slug, bob)

      expect(await client.whoAmI()).toBe(bob.username)
    })

    it('changes hands when somebody else signs in: what ran for the first person is gone', async () => {
      const [{ slug }, ada, bob] = [await ground.flow(), await ground.person(), await ground.person()]
      const settings = await ground.flow({ flow: { designation: 'stage_configuration' }, stages: [{ kind: 'dummy' }] })
      const client = visit()
      await signIn(client, slug, ada)
      await client.tab().start(settings.slug)
      expect(await ground.prisma.execution.count({ where: { flowSlug: settings.slug } })).toBe(1)

      await signIn(client, slug, bob)

      expect(await client.whoAmI()).toBe(bob.username)
      expect(await ground.events('logout', ada.id)).toBe(1)
      expect(await ground.prisma.execution.count({ where: { flowSlug: settings.slug } })).toBe(0)
    })

    it('keeps what runs in it when the same person signs in again', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const settings = await ground.flow({ flow: { designation: 'stage_configuration' }, stages: [{ kind: 'dummy' }] })
      const client = visit()
      await signIn(client, slug, ada)
      const tab = client.tab()
      await tab.start(settings.slug)

      await signIn(client, slug, ada)

      expect(await tab.answer('dummy')).toMatchObject({ kind: 'redirect' })
      expect(await ground.events('logout', ada.id)).toBe(0)
    })

    it('may sign out in the middle of a flow, which goes on as nobody', async () => {
      const [{ slug }, ada] = [await ground.flow(), await ground.person()]
      const flow = { designation: 'unenrollment', title: 'Farewell %(user)s' } as const
      const farewell = await ground.flow({ flow, stages: [{ kind: 'dummy' }, { kind: 'user_logout' }, { kind: 'dummy' }] })
      const client = visit()
      await signIn(client, slug, ada)
      expect(await client.start(farewell.slug)).toMatchObject({ title: `Farewell ${ada.username}` })

      expect(await client.answer('dummy')).toMatchObject({ kind: 'dummy', title: 'Farewell ' })

      expect(await client.whoAmI()).toBeUndefined()
      expect(await client.answer('dummy')).toMatchObject({ kind: 'redirect' })
    })

    it('is left as it is by who signs out without being signed in', async () => {
      const client = visit()

      expect(await client.start((await leaving(ground)).slug)).toMatchObject({ kind: 'redirect', to: '/' })
      expect(await client.whoAmI()).toBeUndefined()
    })

    it('stays anonymous when a flow without a login stage is passed', async () => {
      const ada = await ground.person()
      const { slug } = await ground.flow({ stages: [{ kind: 'identification' }, { kind: 'password' }] })
      const client = visit()

      expect(await signIn(client, slug, ada)).toMatchObject({ kind: 'redirect', to: '/' })
      expect(await client.whoAmI()).toBeUndefined()
    })

    it('is not signed in by a flow that does not know whom', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'user_login' }] })

      expect(await visit().start(slug)).toMatchObject({ denied: 'Unknown error' })
    })
  })

  it('over REST must say whether it is to be remembered', async () => {
    const [slug, ada] = [await flowWithLogin(ground, { rememberMeOffset: 'days=1' }), await ground.person()]
    const client = new RestJourney(ground.app.url)
    await signIn(client, slug, ada)

    expect(await client.answer('user_login', {})).toMatchObject({
      kind: 'user_login',
      errors: [{ field: 'rememberMe', message: 'This field is required.', code: 'required' }],
    })
    expect(await client.answer('user_login', { rememberMe: 'perhaps' })).toMatchObject({
      errors: [{ field: 'rememberMe', message: 'Must be a valid boolean.', code: 'invalid' }],
    })
    expect(await client.whoAmI()).toBeUndefined()
  })

  it('is a list that its person can shorten', async () => {
    const [{ slug }, ada] = [await ground.flow(), await ground.person()]
    const [desk, phone] = [new GraphQLJourney(ground.app.url), new GraphQLJourney(ground.app.url)]
    await signIn(desk, slug, ada)
    await signIn(phone, slug, ada)
    const { data } = await desk.query('{ viewer { sessions { id current } } }')
    const sessions = (data?.viewer as { sessions: { id: string; current: boolean }[] } | undefined)?.sessions ?? []
    expect(sessions.map(({ current }) => current).toSorted()).toEqual([false, true])

    const other = sessions.find(({ current }) => !current)
    await desk.query('mutation ($id: ID!) { revokeSession(id: $id) }', { id: other?.id })

    expect(await phone.whoAmI()).toBeUndefined()
    expect(await desk.whoAmI()).toBe(ada.username)
  })
})

async function flowWithLogin(ground: Ground, config: object): Promise<string> {
  const stages = [{ kind: 'identification' }, { kind: 'password' }, { kind: 'user_login', config }]
  return (await ground.flow({ stages })).slug
}

function leaving(ground: Ground) {
  return ground.flow({ flow: { designation: 'invalidation' }, stages: [{ kind: 'user_logout' }] })
}

/** The session in which a flow was last run. */
function sessionRow({ prisma }: Ground, flowSlug: string) {
  return prisma.session.findFirstOrThrow({ where: { executions: { some: { flowSlug } } } })
}

function maxAge({ jar }: JourneyClient): number | undefined {
  const [, seconds] = /; max-age=(\d+)/i.exec(jar.lastSet(cookie) ?? '') ?? []
  return seconds === undefined ? undefined : Number(seconds)
}
