import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys } from '../support/journeys.ts'
import { openSources, pathOf, publicUrl } from '../support/sources.ts'

const sources = await openSources()
afterAll(() => sources.provider.close())
beforeEach(() => sources.forget())

describeJourneys('a source', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const visit = () => new Client(ground.app.url)

    it('signs in somebody whom it has signed in before', async () => {
      const ada = await ground.person()
      const { slug, source } = await sources.sourceFlow(ground)
      await sources.known(ground, source, ada.id)
      const client = visit()

      const back = await sources.thereAndBack(client, await client.start(slug, 'next=%2Fapps%2F'))

      expect(back.status).toBe(303)
      expect(back.headers.get('location')).toMatch(
        new RegExp(`^${publicUrl}/if/flow/${slug}/\\?next=%2Fapps%2F#execution=[\\w-]+$`),
      )
      expect(await client.read()).toMatchObject({ kind: 'redirect', to: '/apps/', fields: { finalRedirect: true } })
      expect(await client.whoAmI()).toBe(ada.username)
      expect(await ground.events('login', ada.id)).toBe(1)
    })

    it('leads to the same place however often the page is refreshed', async () => {
      const { slug } = await sources.sourceFlow(ground)
      const client = visit()

      const shown = await client.start(slug)

      expect(String(shown.fields.to)).toContain(sources.provider.issuer)
      expect(await client.read()).toEqual(shown)
    })

    it('links an account by its verified address, once', async () => {
      const ada = await ground.person()
      const { slug, source } = await sources.sourceFlow(ground, { userMatchingMode: 'email_link' })
      sources.provider.visitor = 'linked'
      sources.provider.people.set('linked', { email: ada.email, email_verified: true })
      const client = visit()
      await sources.thereAndBack(client, await client.start(slug))

      expect(await client.whoAmI()).toBe(ada.username)
      expect(await sources.connectionsOf(ground, source)).toEqual([{ identifier: 'linked', userId: ada.id }])
      expect(await ground.events('source_linked', ada.id)).toBe(1)

      const again = visit()
      sources.provider.people.set('linked', { email: 'another@example.test', email_verified: true })
      await sources.thereAndBack(again, await again.start(slug))
      expect(await again.whoAmI()).toBe(ada.username)
      expect(await ground.events('source_linked', ada.id)).toBe(1)
    })

    it('links no account by an address that it has not verified', async () => {
      const ada = await ground.person()
      const { slug, source } = await sources.sourceFlow(ground, { userMatchingMode: 'email_link' })
      sources.provider.visitor = 'claims-much'
      sources.provider.people.set('claims-much', { email: ada.email, email_verified: false })
      const client = visit()
      await sources.thereAndBack(client, await client.start(slug))

      expect(await client.read()).toMatchObject({ denied: expect.stringContaining('told too little') })
      expect(await client.whoAmI()).toBeUndefined()
      expect(await sources.connectionsOf(ground, source)).toEqual([])
    })

    it('signs in nobody who has no account here', async () => {
      const { slug } = await sources.sourceFlow(ground)
      sources.provider.visitor = 'nobody-here'
      const client = visit()
      await sources.thereAndBack(client, await client.start(slug))

      expect(await client.read()).toMatchObject({ kind: 'access_denied' })
      expect(await client.whoAmI()).toBeUndefined()
    })

    it('tells somebody who said no there', async () => {
      const { slug } = await sources.sourceFlow(ground)
      const client = visit()

      const back = await sources.thereAndBack(client, await client.start(slug))

      expect(back.status).toBe(303)
      expect(await client.read()).toMatchObject({ denied: expect.stringContaining('did not sign you in') })
    })

    it('may be answered by an app that has caught the address itself', async () => {
      const ada = await ground.person()
      const { slug, source } = await sources.sourceFlow(ground)
      await sources.known(ground, source, ada.id)
      const client = visit()
      const callbackUrl = await sources.provider.visit(String((await client.start(slug)).fields.to))

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
      const { slug, source } = await sources.sourceFlow(ground)
      await sources.known(ground, source, ada.id)
      const attacker = new GraphQLJourney(ground.app.url)
      const victim = new GraphQLJourney(ground.app.url)
      await victim.start(slug)
      const callback = await sources.provider.visit(String((await attacker.start(slug)).fields.to))

      await refused(await victim.send('GET', pathOf(callback)), 'another browser')
      await refused(await new GraphQLJourney(ground.app.url).send('GET', pathOf(callback)), 'another browser')
      expect(await victim.whoAmI()).toBeUndefined()
      // Nothing was used up by it.
      expect((await attacker.send('GET', pathOf(callback))).status).toBe(303)
    })

    it('who comes back with another state, and the sign-in goes on', async () => {
      const ada = await ground.person()
      const { slug, source } = await sources.sourceFlow(ground)
      await sources.known(ground, source, ada.id)
      const client = new GraphQLJourney(ground.app.url)
      const callback = await sources.provider.visit(String((await client.start(slug)).fields.to))

      await refused(await client.send('GET', pathOf(callback).replace(/state=([^.]+)[^&]*/, 'state=$1.x')), 'another sign-in')
      expect(await client.read()).toMatchObject({ kind: 'source' })
      expect((await client.send('GET', pathOf(callback))).status).toBe(303)
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it('who comes back twice', async () => {
      const ada = await ground.person()
      const { slug, source } = await sources.sourceFlow(ground)
      await sources.known(ground, source, ada.id)
      const client = new GraphQLJourney(ground.app.url)
      const callback = await sources.provider.visit(String((await client.start(slug)).fields.to))
      expect((await client.send('GET', pathOf(callback))).status).toBe(303)

      await refused(await client.send('GET', pathOf(callback)), 'gone on already')
      expect(await ground.events('login', ada.id)).toBe(1)
    })

    it('who comes back twice at once, a second time', async () => {
      const ada = await ground.person()
      const { slug, source } = await sources.sourceFlow(ground)
      await sources.known(ground, source, ada.id)
      const client = new GraphQLJourney(ground.app.url)
      const callback = pathOf(await sources.provider.visit(String((await client.start(slug)).fields.to)))
      const twin = client.twin()

      const [one, other] = await Promise.all([client.send('GET', callback), twin.send('GET', callback)])

      expect([one.status, other.status]).toContain(303)
      expect((await Promise.all([client.whoAmI(), twin.whoAmI()])).filter((name) => name === ada.username)).not.toEqual([])
      expect(await ground.events('login', ada.id)).toBe(1)
    })

    it('who comes back too late, but may try again', async () => {
      const ada = await ground.person()
      const { slug, source } = await sources.sourceFlow(ground)
      await sources.known(ground, source, ada.id)
      const client = new GraphQLJourney(ground.app.url)
      const shown = await client.start(slug)
      const callback = await sources.provider.visit(String(shown.fields.to))
      ground.app.clock.advance(601)

      await refused(await client.send('GET', pathOf(callback)), 'took too long')
      const again = await client.read()
      expect(again.fields.to).not.toBe(shown.fields.to)
      await sources.thereAndBack(client, again)
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it('who comes back to another source', async () => {
      const [one, other] = [await sources.sourceFlow(ground), await sources.sourceFlow(ground)]
      const client = new GraphQLJourney(ground.app.url)
      sources.provider.visitor = 'somebody'
      const callback = await sources.provider.visit(String((await client.start(one.slug)).fields.to))

      const path = pathOf(callback).replace(`/${one.source.slug}/`, `/${other.source.slug}/`)
      await refused(await client.send('GET', path), 'another sign-in')
    })

    it.each(['', '?state=', '?state=%00', '?code=c&state=x.y'])('who comes from nowhere: %s', async (query) => {
      const { source } = await sources.sourceFlow(ground)
      const client = new GraphQLJourney(ground.app.url)

      await refused(await client.send('GET', `/source/oauth/callback/${source.slug}/${query}`), 'another browser')
    })
  })
})

async function refused(response: Response, saying: string): Promise<void> {
  expect(response.status).toBe(400)
  expect(response.headers.get('content-type')).toContain('text/html')
  expect(await response.text()).toContain(saying)
}
