import { describe, expect, it } from 'vitest'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'

const queryOf = (next: string) => String(new URLSearchParams({ next }))

describeJourneys('where a flow ends', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const visit = () => new Client(ground.app.url)

    it('is the start page, when nobody asked for another', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })
      const client = visit()
      await client.start(slug)

      expect(await client.answer('dummy')).toMatchObject({ kind: 'redirect', to: '/', fields: { finalRedirect: true } })
      expect(await ground.outcomes(slug)).toEqual(['finished'])
    })

    it('is the start page at once, when there is no stage to pass', async () => {
      const { slug } = await ground.flow({ stages: [] })

      expect(await visit().start(slug)).toMatchObject({ kind: 'redirect', to: '/', fields: { finalRedirect: true } })
    })

    it.each(['/', '/apps/', '/apps/?a=1&b=%2F#top', '/ünïcode', '/a/../b', '/%5Cevil.example', '/%2Fevil.example'])(
      'is the path that the page was opened with: %s',
      async (next) => {
        const [{ slug }, ada] = [await ground.flow(), await ground.person()]
        const client = visit()

        const done = await signIn(client, slug, ada, queryOf(next))

        expect(done).toMatchObject({ kind: 'redirect', to: next, fields: { finalRedirect: true } })
      },
    )

    it.each([
      'https://evil.example/',
      '//evil.example/',
      '///evil.example/',
      '/\\evil.example/',
      '\\\\evil.example/',
      '/\t/evil.example/',
      '/\n/evil.example/',
      '\t//evil.example/',
      ' /apps/',
      'javascript:alert(1)',
      'apps/',
      `/${'a'.repeat(2048)}`,
      '',
    ])('is nowhere else: %j', async (next) => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })
      const client = visit()
      expect(await client.start(slug, queryOf(next))).toMatchObject({ kind: 'dummy' })

      const refused = await client.answer('dummy')

      expect(refused).toMatchObject({ kind: 'access_denied', denied: 'Invalid next URL' })
      expect(refused).not.toHaveProperty('to')
    })

    it('takes the last of several', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })
      const client = visit()
      await client.start(slug, 'next=%2Ffirst&next=%2Flast')

      expect(await client.answer('dummy')).toMatchObject({ to: '/last' })
    })

    it('is for the server alone to move to another host', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })
      const client = visit()
      const target = encodeURIComponent('https://evil.example/')
      await client.start(slug, `redirect=${target}&context.redirect=${target}&context[redirect]=${target}&next=%2Fhome`)

      expect(await client.answer('dummy')).toMatchObject({ to: '/home' })
    })

    it('is known to the way out as well', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })

      expect(await visit().start(slug)).toMatchObject({ cancelUrl: '/flows/-/cancel/' })
      expect(await visit().start(slug, queryOf('/apps/?a=1'))).toMatchObject({
        cancelUrl: '/flows/-/cancel/?next=%2Fapps%2F%3Fa%3D1',
      })
    })
  })

  describe('over REST', () => {
    it('is what the last request says: one that forgets the query forgets where it leads', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'dummy' }] })
      const client = new RestJourney(ground.app.url)
      await client.start(slug, queryOf('/apps/'))
      expect(await client.answer('dummy')).toMatchObject({ kind: 'dummy' })

      client.path = `/api/v3/flows/executor/${slug}/`

      expect(await client.answer('dummy')).toMatchObject({ kind: 'redirect', to: '/' })
    })

    it('is not for an answer to say', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })
      const client = new RestJourney(ground.app.url)
      await client.start(slug)

      const done = await client.answer('dummy', {
        redirect: 'https://evil.example/',
        next: '/elsewhere',
        context: { redirect: 'https://evil.example/' },
        to: 'https://evil.example/',
      })

      expect(done).toMatchObject({ to: '/' })
    })

    it('is not for the outer query to say', async () => {
      const { slug } = await ground.flow({ stages: [] })

      expect(await new RestJourney(ground.app.url).open(`/api/v3/flows/executor/${slug}/?next=/unique`)).toMatchObject({
        to: '/',
      })
    })
  })
})
