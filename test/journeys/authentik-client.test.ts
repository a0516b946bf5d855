import { expect, it } from 'vitest'
import { describeJourneys, type Ground, oneScreenSignIn, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'

describeJourneys('a client written for authentik', (ground) => {
  const open = async (slug: string) => {
    const client = new RestJourney(ground.app.url)
    return { client, first: await client.start(slug) }
  }

  it('passes dummy stages with empty bodies, fetching in between', async () => {
    const { slug, client, first } = await dummies(ground, 3)

    const names = [first.fields.name]
    for (const _ of [2, 3]) {
      expect(await client.submit('dummy')).toMatchObject({ kind: 'moved', to: client.path })
      names.push((await client.read()).fields.name)
    }

    expect(names).toEqual([1, 2, 3].map((number) => `${slug} ${number}`))
    expect(await client.submit('dummy')).toMatchObject({
      component: 'xak-flow-redirect',
      to: '/',
      fields: { finalRedirect: true },
    })
  })

  it('need not say which component it answers, nor send a body at all', async () => {
    const { client } = await dummies(ground, 3)

    const empty = await client.send('POST', client.path)
    expect(empty.status).toBe(302)
    expect(await empty.text()).toBe('')
    await client.read()
    expect(await client.submit('dummy', { component: 'ak-stage-something-else', unheardOf: true })).toMatchObject({
      kind: 'moved',
    })
  })

  it('finds an equal body within five seconds taken for a repeat, and later for an answer', async () => {
    const { slug, client } = await dummies(ground, 3)

    await client.submit('dummy')
    ground.app.clock.advance(5)
    expect(await client.submit('dummy')).toMatchObject({ kind: 'moved' })
    expect(await bindingsLeft(slug)).toBe(2)
    ground.app.clock.advance(0.001)
    expect(await client.submit('dummy')).toMatchObject({ kind: 'moved' })
    expect(await bindingsLeft(slug)).toBe(1)
  })

  it('finds a different body taken for an answer at once', async () => {
    const { slug, client } = await dummies(ground, 3)

    await client.submit('dummy', { click: 1 })
    await client.submit('dummy', { click: 2 })

    expect(await bindingsLeft(slug)).toBe(1)
  })

  it('may look as often as it likes', async () => {
    const { slug, client, first } = await dummies(ground, 2)
    const before = await executionOf(slug)

    expect([await client.read(), await client.read()]).toEqual([first, first])

    expect(await executionOf(slug)).toEqual(before)
  })

  it('may answer first, without a cookie', async () => {
    const { slug } = await dummies(ground, 2)
    const client = new RestJourney(ground.app.url)
    client.path = `/api/v3/flows/executor/${slug}/?query=`

    expect(await client.submit('dummy')).toMatchObject({ kind: 'moved', to: client.path })
    expect(await client.read()).toMatchObject({ fields: { name: `${slug} 2` } })
    expect(await client.answer('dummy')).toMatchObject({ kind: 'redirect', to: '/' })
  })

  it('may end a flow with its first answer', async () => {
    const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }] })
    const client = new RestJourney(ground.app.url)
    client.path = `/api/v3/flows/executor/${slug}/?query=next%3D%252Fapps%252F`

    expect(await client.submit('dummy')).toMatchObject({ kind: 'redirect', to: '/apps/' })
  })

  it('may sign in with its first answer', async () => {
    const ada = await ground.person()
    const { slug } = await ground.flow({ stages: await oneScreenSignIn(ground) })
    const client = new RestJourney(ground.app.url)
    client.path = `/api/v3/flows/executor/${slug}/?query=`

    const done = await client.answer('identification', { uidField: ada.username, password: ada.password })

    expect(done).toMatchObject({ kind: 'redirect', to: '/' })
    expect(await client.whoAmI()).toBe(ada.username)
  })

  it('is told what is wrong with a first answer', async () => {
    const { slug } = await ground.flow()
    const client = new RestJourney(ground.app.url)
    client.path = `/api/v3/flows/executor/${slug}/?query=`

    expect(await client.submit('identification', {})).toMatchObject({
      kind: 'identification',
      errors: [{ field: 'nonFieldErrors', message: 'No identification data provided.' }],
    })
  })

  it.each([
    '',
    '?',
    '?query=',
    '?query=next%3D%252Fapps%252F',
    '?query=next=/apps/',
    '?query=next%3d%2fapps%2F&query=a+b%20c',
    '?foo=bar&query=%E4%BD%A0&next=/x',
    '?query=a%2Bb;c~d!(e)*',
    '?query=%zz%',
    '?QUERY=1&query',
  ])('is sent back to exactly where it posted to: %s', async (search) => {
    const { slug } = await dummies(ground, 2)
    const client = new RestJourney(ground.app.url)
    await client.open(`/api/v3/flows/executor/${slug}/${search}`)

    expect(await client.submit('dummy')).toMatchObject({ kind: 'moved', to: `/api/v3/flows/executor/${slug}/${search}` })
  })

  it('is told of errors once: a challenge that it fetches is a fresh one', async () => {
    const { client } = await open((await ground.flow()).slug)

    expect(await client.answer('identification', { uidField: '' })).toMatchObject({ errors: [{ code: 'invalid' }] })

    expect(await client.read()).toMatchObject({ kind: 'identification', errors: [] })
  })

  it('is told of the end of a flow once, and begins anew after it', async () => {
    const { slug, client } = await dummies(ground, 1)
    expect(await client.answer('dummy')).toMatchObject({ kind: 'redirect' })

    expect(await client.read()).toMatchObject({ kind: 'dummy', fields: { name: `${slug} 1` } })
    expect(await ground.outcomes(slug)).toEqual(['finished'])
  })

  it('is met by 404 where there is no such flow, or no slash at the end of its address', async () => {
    const { slug } = await dummies(ground, 1)
    const client = new RestJourney(ground.app.url)

    expect((await client.send('GET', '/api/v3/flows/executor/no-such-flow/')).status).toBe(404)
    expect((await client.send('POST', '/api/v3/flows/executor/no-such-flow/', { json: {} })).status).toBe(404)
    expect((await client.send('GET', `/api/v3/flows/executor/${slug}`)).status).toBe(404)
  })

  it('must send its token back once it is signed in', async () => {
    const [login, ada] = [await ground.flow(), await ground.person()]
    const { slug } = await dummies(ground, 1)
    const { client } = await open(slug)
    expect((await client.send('POST', client.path, { headers: { 'x-authentik-csrf': 'wrong' } })).status).toBe(200)
    await signIn(client, login.slug, ada)
    await client.start(slug)

    const forged = await client.send('POST', client.path, { headers: { 'x-authentik-csrf': 'wrong' } })

    expect(forged.status).toBe(403)
    expect(await client.answer('dummy')).toMatchObject({ kind: 'redirect' })
  })

  async function bindingsLeft(slug: string): Promise<number> {
    return ((await executionOf(slug)).plan as { bindings: string[] }).bindings.length
  }

  function executionOf(flowSlug: string) {
    return ground.prisma.execution.findFirstOrThrow({ where: { flowSlug } })
  }
})

/** A flow of so many dummy stages, named after their place, and a client at the first one. */
async function dummies(ground: Ground, count: number) {
  const { slug } = await ground.flow({ stages: [] })
  for (let number = 1; number <= count; number += 1) {
    const stage = { create: { name: `${slug} ${number}`, kind: 'dummy', config: {} } }
    await ground.prisma.flowStageBinding.create({ data: { flow: { connect: { slug } }, stage, order: number } })
  }
  const client = new RestJourney(ground.app.url)
  return { slug, client, first: await client.start(slug) }
}
