import { expect, it } from 'vitest'
import { Browser } from '../support/browser-requests.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { describeJourneys } from '../support/journeys.ts'

const stages = [{ kind: 'dummy' }]

describeJourneys('the flow that serves a purpose', (ground) => {
  const led = async (path: string) => {
    const response = await new Browser(ground.app.url).send('GET', path)
    return response.headers.get('location') ?? response.status
  }
  const chosen = async (designation: string) => {
    const client = new GraphQLJourney(ground.app.url)
    return (await client.startFor(designation)).problem?.code ?? client.step?.flow.slug
  }

  it.each(['authentication', 'invalidation'] as const)(
    'is the first by its slug that lets the visitor in: %s',
    async (designation) => {
      const path = `/flows/-/default/${designation}/`
      expect(await led(path)).toBe(404)
      expect(await chosen(designation.toUpperCase())).toBe('FLOW_NOT_FOUND')

      const last = await ground.flow({ slug: `z-${designation}`, flow: { designation }, stages })
      expect(await led(path)).toBe(`/if/flow/${last.slug}/`)
      expect(await led(`${path}?next=%2Fapps%2F&a=b`)).toBe(`/if/flow/${last.slug}/?next=%2Fapps%2F&a=b`)

      const first = await ground.flow({ slug: `a-${designation}`, flow: { designation }, stages, policies: [{ result: false }] })
      expect(await led(path)).toBe(`/if/flow/${last.slug}/`)
      expect(await chosen(designation.toUpperCase())).toBe(last.slug)

      await ground.decide(first.policyIds[0], true)
      expect(await led(path)).toBe(`/if/flow/${first.slug}/`)
      expect(await chosen(designation.toUpperCase())).toBe(first.slug)
    },
  )
})

describeJourneys('the flow that a brand names', (ground) => {
  it('serves its purpose even where its policies refuse', async () => {
    const [other, refusing] = [
      await ground.flow({ slug: 'a', stages }),
      await ground.flow({ slug: 'b', stages, policies: [{ result: false }] }),
    ]
    const leaving = await ground.flow({ flow: { designation: 'invalidation' }, stages: [{ kind: 'user_logout' }] })
    await ground.prisma.brand.create({
      data: {
        domain: 'brand.test',
        default: true,
        attributes: {},
        flowAuthenticationId: refusing.id,
        flowInvalidationId: leaving.id,
      },
    })
    const browser = new Browser(ground.app.url)
    const graphql = new GraphQLJourney(ground.app.url)

    const response = await browser.send('GET', '/flows/-/default/authentication/')
    expect(response.headers.get('location')).toBe(`/if/flow/${refusing.slug}/`)
    expect(await graphql.startFor('AUTHENTICATION')).toMatchObject({ denied: 'dummy' })

    await ground.prisma.brand.updateMany({ data: { flowAuthenticationId: other.id } })
    expect(await graphql.startFor('AUTHENTICATION')).toMatchObject({ kind: 'dummy' })
    const out = await browser.send('GET', '/flows/-/default/invalidation/')
    expect(out.headers.get('location')).toBe(`/if/flow/${leaving.slug}/`)
  })
})
