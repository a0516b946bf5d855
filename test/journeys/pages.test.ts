import { expect, it } from 'vitest'
import { Browser } from '../support/browser-requests.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'

const stages = [{ kind: 'dummy' }]

describeJourneys('the way out of a flow', (ground) => {
  it.each([
    ['', '/flows/-/default/invalidation/'],
    ['?next=%2Fapps%2F%3Fa%3D1', '/apps/?a=1'],
    ['?next=https%3A%2F%2Fevil.example', '/flows/-/default/invalidation/'],
    ['?next=%2F%2Fevil.example', '/flows/-/default/invalidation/'],
    ['?next=', '/flows/-/default/invalidation/'],
  ])('ends what is under way, and leads on: %j', async (search, location) => {
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'identification' }] })
    const client = new RestJourney(ground.app.url)
    await client.start(slug)
    expect(await client.answer('dummy')).toMatchObject({ kind: 'identification' })

    const response = await client.send('GET', `/flows/-/cancel/${search}`)

    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe(location)
    expect(await client.read()).toMatchObject({ kind: 'dummy' })
  })

  it('is harmless for who has nothing under way, and for everybody else', async () => {
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'identification' }] })
    const client = new RestJourney(ground.app.url)
    await client.start(slug)
    await client.answer('dummy')

    expect((await new Browser(ground.app.url).send('GET', '/flows/-/cancel/')).status).toBe(302)

    expect(await client.read()).toMatchObject({ kind: 'identification' })
  })

  it('leads through the flow for signing out, where there is one', async () => {
    const [{ slug }, ada] = [await ground.flow(), await ground.person()]
    await ground.flow({ flow: { designation: 'invalidation' }, stages: [{ kind: 'user_logout' }] })
    const client = new RestJourney(ground.app.url)
    await signIn(client, slug, ada)

    const response = await client.send('GET', '/flows/-/default/invalidation/')
    await client.follow({ kind: 'redirect', fields: {}, errors: [], to: response.headers.get('location') ?? '' })

    expect(await client.whoAmI()).toBeUndefined()
  })
})

describeJourneys('the pages around flows', (ground) => {
  it('show a flow without starting it', async () => {
    const { slug } = await ground.flow({ stages, flow: { title: 'Say <hello>' } })
    const browser = new Browser(ground.app.url)

    const response = await browser.send('GET', `/if/flow/${slug}/?next=%2Fapps%2F`)

    expect(response.status).toBe(200)
    expect(await response.text()).toContain('Say &lt;hello&gt;')
    expect(await ground.prisma.execution.count()).toBe(0)
    expect((await browser.send('GET', '/if/flow/no-such-flow/')).status).toBe(404)
  })

  it('ask a stranger to sign in, and greet who has', async () => {
    const [{ slug }, ada] = [await ground.flow(), await ground.person()]
    const client = new RestJourney(ground.app.url)

    const stranger = await client.send('GET', '/')
    expect(stranger.headers.get('location')).toBe('/flows/-/default/authentication/?next=%2F')

    await signIn(client, slug, ada)
    const known = await client.send('GET', '/')
    expect(known.status).toBe(200)
    expect(await known.text()).toContain(ada.username)
  })
})
