import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, type Ground } from '../support/journeys.ts'
import { type OpenIdProvider, providerClient, startOpenIdProvider } from '../support/openid-provider.ts'
import { RestJourney } from '../support/rest-journey.ts'
import type { SeedStage } from '../support/seed.ts'

/** Where the server thinks that it is. */
const publicUrl = 'http://localhost:9000'
const slugs = Array.from({ length: 100 }, (_, index) => `corp${index}`)
let made = 0
let provider: OpenIdProvider

beforeAll(async () => {
  provider = await startOpenIdProvider(slugs.map((slug) => `${publicUrl}/source/oauth/callback/${slug}/`))
})
afterAll(() => provider.close())
beforeEach(() => {
  provider.visitor = undefined
  provider.tampering.clear()
})

describeJourneys(
  'a source',
  (ground) => {
    describe.each(faces)('over %s', (_, Client) => {
      const visit = () => new Client(ground.app.url)

      it('signs in somebody whom it has signed in before', async () => {
        const ada = await ground.person()
        const { slug, source } = await sourceFlow(ground)
        await known(ground, source, ada.id)
        const client = visit()

        const back = await thereAndBack(client, await client.start(slug, 'next=%2Fapps%2F'))

        expect(back.status).toBe(303)
        expect(back.headers.get('location')).toMatch(
          new RegExp(`^${publicUrl}/if/flow/${slug}/\\?next=%2Fapps%2F#execution=[\\w-]+$`),
        )
        expect(await client.read()).toMatchObject({ kind: 'redirect', to: '/apps/', fields: { finalRedirect: true } })
        expect(await client.whoAmI()).toBe(ada.username)
        expect(await ground.events('login', ada.id)).toBe(1)
      })

      it('leads to the same place however often the page is refreshed', async () => {
        const { slug } = await sourceFlow(ground)
        const client = visit()

        const shown = await client.start(slug)

        expect(String(shown.fields.to)).toContain(provider.issuer)
        expect(await client.read()).toEqual(shown)
      })

      it('links an account by its verified address, once', async () => {
        const ada = await ground.person()
        const { slug, source } = await sourceFlow(ground, { userMatchingMode: 'email_link' })
        provider.visitor = 'linked'
        provider.people.set('linked', { email: ada.email, email_verified: true })
        const client = visit()
        await thereAndBack(client, await client.start(slug))

        expect(await client.whoAmI()).toBe(ada.username)
        expect(await connectionsOf(ground, source)).toEqual([{ identifier: 'linked', userId: ada.id }])
        expect(await ground.events('source_linked', ada.id)).toBe(1)

        const again = visit()
        provider.people.set('linked', { email: 'another@example.test', email_verified: true })
        await thereAndBack(again, await again.start(slug))
        expect(await again.whoAmI()).toBe(ada.username)
        expect(await ground.events('source_linked', ada.id)).toBe(1)
      })

      it('links no account by an address that it has not verified', async () => {
        const ada = await ground.person()
        const { slug, source } = await sourceFlow(ground, { userMatchingMode: 'email_link' })
        provider.visitor = 'claims-much'
        provider.people.set('claims-much', { email: ada.email, email_verified: false })
        const client = visit()
        await thereAndBack(client, await client.start(slug))

        expect(await client.read()).toMatchObject({ denied: expect.stringContaining('told too little') })
        expect(await client.whoAmI()).toBeUndefined()
        expect(await connectionsOf(ground, source)).toEqual([])
      })

      it('signs in nobody who has no account here', async () => {
        const { slug } = await sourceFlow(ground)
        provider.visitor = 'nobody-here'
        const client = visit()
        await thereAndBack(client, await client.start(slug))

        expect(await client.read()).toMatchObject({ kind: 'access_denied' })
        expect(await client.whoAmI()).toBeUndefined()
      })

      it('tells somebody who said no there', async () => {
        const { slug } = await sourceFlow(ground)
        const client = visit()

        const back = await thereAndBack(client, await client.start(slug))

        expect(back.status).toBe(303)
        expect(await client.read()).toMatchObject({ denied: expect.stringContaining('did not sign you in') })
      })

      it('may be answered by an app that has caught the address itself', async () => {
        const ada = await ground.person()
        const { slug, source } = await sourceFlow(ground)
        await known(ground, source, ada.id)
        const client = visit()
        const callbackUrl = await provider.visit(String((await client.start(slug)).fields.to))

        expect(await client.submit('source', { callbackUrl: callbackUrl.replace('state=', 'state=x') })).toMatchObject({
          errors: [{ field: 'callbackUrl', code: 'state_mismatch' }],
        })
        expect(await client.answer('source', { callbackUrl })).toMatchObject({ kind: 'redirect', to: '/' })
        expect(await client.whoAmI()).toBe(ada.username)
      })
    })

    describe('nobody gets in', () => {
      it('who comes back in another browser', async () => {
        const ada = await ground.person()
        const { slug, source } = await sourceFlow(ground)
        await known(ground, source, ada.id)
        const attacker = new GraphQLJourney(ground.app.url)
        const victim = new GraphQLJourney(ground.app.url)
        await victim.start(slug)
        const callback = await provider.visit(String((await attacker.start(slug)).fields.to))

        await refused(await victim.send('GET', pathOf(callback)), 'another browser')
        await refused(await new GraphQLJourney(ground.app.url).send('GET', pathOf(callback)), 'another browser')
        expect(await victim.whoAmI()).toBeUndefined()
        // Nothing was used up by it.
        expect((await attacker.send('GET', pathOf(callback))).status).toBe(303)
      })

      it('who comes back with another state, and the sign-in goes on', async () => {
        const ada = await ground.person()
        const { slug, source } = await sourceFlow(ground)
        await known(ground, source, ada.id)
        const client = new GraphQLJourney(ground.app.url)
        const callback = await provider.visit(String((await client.start(slug)).fields.to))

        await refused(await client.send('GET', pathOf(callback).replace(/state=([^.]+)[^&]*/, 'state=$1.x')), 'another sign-in')
        expect(await client.read()).toMatchObject({ kind: 'source' })
        expect((await client.send('GET', pathOf(callback))).status).toBe(303)
        expect(await client.whoAmI()).toBe(ada.username)
      })

      it('who comes back twice', async () => {
        const ada = await ground.person()
        const { slug, source } = await sourceFlow(ground)
        await known(ground, source, ada.id)
        const client = new GraphQLJourney(ground.app.url)
        const callback = await provider.visit(String((await client.start(slug)).fields.to))
        expect((await client.send('GET', pathOf(callback))).status).toBe(303)

        await refused(await client.send('GET', pathOf(callback)), 'gone on already')
        expect(await ground.events('login', ada.id)).toBe(1)
      })

      it('who comes back twice at once, a second time', async () => {
        const ada = await ground.person()
        const { slug, source } = await sourceFlow(ground)
        await known(ground, source, ada.id)
        const client = new GraphQLJourney(ground.app.url)
        const callback = pathOf(await provider.visit(String((await client.start(slug)).fields.to)))
        const twin = client.twin()

        const [one, other] = await Promise.all([client.send('GET', callback), twin.send('GET', callback)])

        expect([one.status, other.status]).toContain(303)
        expect((await Promise.all([client.whoAmI(), twin.whoAmI()])).filter((name) => name === ada.username)).not.toEqual([])
        expect(await ground.events('login', ada.id)).toBe(1)
      })

      it('who comes back too late, but may try again', async () => {
        const ada = await ground.person()
        const { slug, source } = await sourceFlow(ground)
        await known(ground, source, ada.id)
        const client = new GraphQLJourney(ground.app.url)
        const shown = await client.start(slug)
        const callback = await provider.visit(String(shown.fields.to))
        ground.app.clock.advance(601)

        await refused(await client.send('GET', pathOf(callback)), 'took too long')
        const again = await client.read()
        expect(again.fields.to).not.toBe(shown.fields.to)
        await thereAndBack(client, again)
        expect(await client.whoAmI()).toBe(ada.username)
      })

      it('who comes back to another source', async () => {
        const [one, other] = [await sourceFlow(ground), await sourceFlow(ground)]
        const client = new GraphQLJourney(ground.app.url)
        provider.visitor = 'somebody'
        const callback = await provider.visit(String((await client.start(one.slug)).fields.to))

        const path = pathOf(callback).replace(`/${one.source.slug}/`, `/${other.source.slug}/`)
        await refused(await client.send('GET', path), 'another sign-in')
      })

      it.each(['', '?state=', '?state=%00', '?code=c&state=x.y'])('who comes from nowhere: %s', async (query) => {
        const { source } = await sourceFlow(ground)
        const client = new GraphQLJourney(ground.app.url)

        await refused(await client.send('GET', `/source/oauth/callback/${source.slug}/${query}`), 'another browser')
      })
    })

    describe('somebody who is new', () => {
      it('goes on with the flow that makes accounts, and is known from then on', async () => {
        const enrollment = await ground.flow({
          stages: [{ kind: 'user_write', config: {} }, { kind: 'user_login' }],
          flow: { designation: 'enrollment' },
        })
        const { slug, source } = await sourceFlow(ground, { enrollmentFlow: enrollment.id })
        provider.visitor = 'grace'
        provider.people.set('grace', { preferred_username: `grace-${slug}`, name: 'Grace', email: 'grace@example.test' })
        const client = new GraphQLJourney(ground.app.url)
        await thereAndBack(client, await client.start(slug))

        expect(await client.whoAmI()).toBe(`grace-${slug}`)
        const [connection] = await connectionsOf(ground, source)
        const user = await ground.prisma.user.findFirst({ where: { username: `grace-${slug}` } })
        expect(user).toMatchObject({ name: 'Grace', path: `goauthentik.io/sources/${source.slug}` })
        expect(connection).toEqual({ identifier: 'grace', userId: user?.id })

        const again = new GraphQLJourney(ground.app.url)
        await thereAndBack(again, await again.start(slug))
        expect(await again.whoAmI()).toBe(`grace-${slug}`)
      })
    })

    describe('a login button', () => {
      it('leads straight to the source, and on into its flow', async () => {
        const ada = await ground.person()
        const { slug } = await ground.flow({ stages: [{ kind: 'user_login' }] })
        const flow = await ground.prisma.flow.findUniqueOrThrow({ where: { slug } })
        const source = await newSource(ground, { authenticationFlow: flow.id })
        await known(ground, source, ada.id)
        const client = new RestJourney(ground.app.url)

        const left = await client.send('GET', `/source/oauth/login/${source.slug}/?next=%2Fapps%2F`)
        expect(left.status).toBe(303)
        const back = await client.send('GET', pathOf(await provider.visit(left.headers.get('location') ?? '')))

        expect(back.headers.get('location')).toContain(`/if/flow/${slug}/?next=%2Fapps%2F#`)
        expect(await client.start(slug, 'next=%2Fapps%2F')).toMatchObject({ kind: 'redirect', to: '/apps/' })
        expect(await client.whoAmI()).toBe(ada.username)
      })

      it.each([
        ['is disabled', { enabled: false }],
        ['does not exist', undefined],
      ])('of a source that %s leads nowhere', async (_, config) => {
        const slug = config ? (await newSource(ground, config)).slug : 'no-such-source'

        expect((await new RestJourney(ground.app.url).send('GET', `/source/oauth/login/${slug}/`)).status).toBe(404)
      })
    })

    describe('a frontend elsewhere', () => {
      it.each([
        [
          'is come back to where it asked',
          'https://app.example.test/back?a=1',
          /^https:\/\/app\.example\.test\/back\?a=1#execution=/,
        ],
        ['that the operator does not list is not', 'https://evil.example.test/', /^http:\/\/localhost:9000\/if\/flow\//],
        ['that is none is not', 'javascript:alert(1)', /^http:\/\/localhost:9000\/if\/flow\//],
      ])('%s', async (_, address, expected) => {
        const { slug, source } = await sourceFlow(ground)
        await known(ground, source, (await ground.person()).id)
        const client = new GraphQLJourney(ground.app.url)

        const back = await thereAndBack(client, await client.start(slug, String(new URLSearchParams({ return_to: address }))))

        expect(back.headers.get('location')).toMatch(expected)
      })
    })
  },
  { CORS_ORIGINS: 'https://app.example.test' },
)

async function newSource({ prisma }: Ground, config: object = {}) {
  const slug = slugs[made] ?? 'too-many'
  made += 1
  const { id } = await prisma.stageObject.create({
    data: {
      name: `Corp ${slug}`,
      kind: 'oauth_source',
      config: {
        slug,
        consumerKey: providerClient.id,
        consumerSecret: providerClient.secret,
        oidcWellKnownUrl: provider.wellKnownUrl,
        ...config,
      },
    },
  })
  return { id, slug }
}

/** A flow that signs in whoever a new source vouches for. */
async function sourceFlow(ground: Ground, config: object = {}, rest: readonly SeedStage[] = [{ kind: 'user_login' }]) {
  const source = await newSource(ground, config)
  const { slug } = await ground.flow({ stages: [{ kind: 'source', config: { source: source.id } }, ...rest] })
  return { slug, source }
}

/** Somebody of ours signs in at the provider next. */
async function known({ prisma }: Ground, { id: source }: { readonly id: string }, userId: number): Promise<void> {
  provider.visitor = `subject-${userId}`
  await prisma.sourceConnection.create({ data: { source, identifier: provider.visitor, userId, createdAt: new Date() } })
}

async function connectionsOf({ prisma }: Ground, { id: source }: { readonly id: string }) {
  return prisma.sourceConnection.findMany({ where: { source }, select: { identifier: true, userId: true } })
}

/** Goes where a view leads to, signs in there, and comes back to this server as a browser does. */
async function thereAndBack(
  client: JourneyClient,
  shown: { readonly fields: Readonly<Record<string, unknown>> },
): Promise<Response> {
  const browser = client as GraphQLJourney | RestJourney
  return browser.send('GET', pathOf(await provider.visit(String(shown.fields.to))))
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

async function refused(response: Response, saying: string): Promise<void> {
  expect(response.status).toBe(400)
  expect(response.headers.get('content-type')).toContain('text/html')
  expect(await response.text()).toContain(saying)
}
