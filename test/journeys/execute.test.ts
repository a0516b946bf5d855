import { expect, it } from 'vitest'
import { Browser } from '../support/browser-requests.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'

describeJourneys('a flow that an administrator executes', (ground) => {
  const execute = (client: Browser, slug: string) => client.send('GET', `/api/v3/flows/instances/${slug}/execute/`)
  const administrator = async () => {
    const [login, root] = [await ground.flow(), await ground.person({ superuser: true })]
    const client = new RestJourney(ground.app.url)
    await signIn(client, login.slug, root)
    return { client, root }
  }

  it('is planned about the administrator, and waits at its page', async () => {
    const { client, root } = await administrator()
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'password' }] })

    const response = await execute(client, slug)

    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ link: `${ground.app.url}/if/flow/${slug}/` })
    expect(await client.start(slug)).toMatchObject({ kind: 'dummy' })
    expect(await client.answer('dummy')).toMatchObject({ kind: 'password', fields: { pendingUser: root.username } })
  })

  it.each([
    ['is only for people who are not signed in', { flow: { authentication: 'require_unauthenticated' as const } }],
    ['takes nobody who was not led there', { flow: { authentication: 'require_redirect' as const } }],
    ['refuses everybody', { policies: [{ result: false }] }],
  ])('is refused where it %s, and leaves what is under way alone', async (_why, flow) => {
    const { client } = await administrator()
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }], ...flow })

    const response = await execute(client, slug)

    expect(response.status).toBe(400)
    expect(await ground.prisma.execution.count({ where: { flowSlug: slug } })).toBe(0)
  })

  it('is not for others, and not one that nobody has', async () => {
    const { client } = await administrator()
    const [login, ada] = [await ground.flow(), await ground.person()]
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })
    const somebody = new RestJourney(ground.app.url)
    await signIn(somebody, login.slug, ada)

    expect((await execute(new Browser(ground.app.url), slug)).status).toBe(403)
    expect((await execute(somebody, slug)).status).toBe(403)
    expect((await execute(client, 'no-such-flow')).status).toBe(404)
  })
})
