import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { describeJourneys } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { openSources, pathOf } from '../support/sources.ts'

const sources = await openSources()
afterAll(() => sources.provider.close())
beforeEach(() => sources.forget())

describeJourneys(
  'the ways to a source and back',
  (ground) => {
    describe('somebody who is new', () => {
      it('goes on with the flow that makes accounts, and is known from then on', async () => {
        const enrollment = await ground.flow({
          stages: [{ kind: 'user_write', config: {} }, { kind: 'user_login' }],
          flow: { designation: 'enrollment' },
        })
        const { slug, source } = await sources.sourceFlow(ground, { enrollmentFlow: enrollment.id })
        sources.provider.visitor = 'grace'
        sources.provider.people.set('grace', { preferred_username: `grace-${slug}`, name: 'Grace', email: 'grace@example.test' })
        const client = new GraphQLJourney(ground.app.url)
        await sources.thereAndBack(client, await client.start(slug))

        expect(await client.whoAmI()).toBe(`grace-${slug}`)
        const [connection] = await sources.connectionsOf(ground, source)
        const user = await ground.prisma.user.findFirst({ where: { username: `grace-${slug}` } })
        expect(user).toMatchObject({ name: 'Grace', path: `goauthentik.io/sources/${source.slug}` })
        expect(connection).toEqual({ identifier: 'grace', userId: user?.id })

        const again = new GraphQLJourney(ground.app.url)
        await sources.thereAndBack(again, await again.start(slug))
        expect(await again.whoAmI()).toBe(`grace-${slug}`)
      })
    })

    describe('a login button', () => {
      it('leads straight to the source, and on into its flow', async () => {
        const ada = await ground.person()
        const { slug } = await ground.flow({ stages: [{ kind: 'user_login' }] })
        const flow = await ground.prisma.flow.findUniqueOrThrow({ where: { slug } })
        const source = await sources.newSource(ground, { authenticationFlow: flow.id })
        await sources.known(ground, source, ada.id)
        const client = new RestJourney(ground.app.url)

        const left = await client.send('GET', `/source/oauth/login/${source.slug}/?next=%2Fapps%2F`)
        expect(left.status).toBe(303)
        const back = await client.send('GET', pathOf(await sources.provider.visit(left.headers.get('location') ?? '')))

        expect(back.headers.get('location')).toContain(`/if/flow/${slug}/?next=%2Fapps%2F#`)
        expect(await client.start(slug, 'next=%2Fapps%2F')).toMatchObject({ kind: 'redirect', to: '/apps/' })
        expect(await client.whoAmI()).toBe(ada.username)
      })

      it.each([
        ['is disabled', { enabled: false }],
        ['does not exist', undefined],
      ])('of a source that %s leads nowhere', async (_, config) => {
        const slug = config ? (await sources.newSource(ground, config)).slug : 'no-such-source'

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
        const { slug, source } = await sources.sourceFlow(ground)
        await sources.known(ground, source, (await ground.person()).id)
        const client = new GraphQLJourney(ground.app.url)

        const back = await sources.thereAndBack(
          client,
          await client.start(slug, String(new URLSearchParams({ return_to: address }))),
        )

        expect(back.headers.get('location')).toMatch(expected)
      })
    })
  },
  { CORS_ORIGINS: 'https://app.example.test' },
)
