import { describe, expect, it } from 'vitest'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { type SeedStage, signInStages } from '../support/seed.ts'

const backends = ['authentik.core.auth.InbuiltBackend']
const elsewhere = 'https://example.test/welcome?a=1'

describeJourneys('a redirect stage', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const visit = () => new Client(ground.app.url)

    it('shows where to go, for as long as nobody goes on', async () => {
      const { slug } = await ground.flow({ stages: [{ kind: 'dummy' }, toUrl(elsewhere), { kind: 'dummy' }] })
      const client = visit()
      await client.start(slug)

      const shown = await client.answer('dummy')

      expect(shown).toMatchObject({ kind: 'redirect', to: elsewhere, fields: { finalRedirect: false } })
      expect(await client.read()).toEqual(shown)
      expect(await client.answer('redirect', { to: elsewhere })).toMatchObject({ kind: 'dummy' })
    })

    it('leads into another flow, which goes on with what the first one knows', async () => {
      const ada = await ground.person()
      const [first, second] = await twoFlows(ground, { keepContext: true }, [
        { kind: 'password', config: { backends } },
        { kind: 'user_login' },
      ])
      const client = visit()
      await client.start(first)

      const shown = await client.follow(await client.answer('identification', { uidField: ada.username }))

      expect(shown).toMatchObject({ kind: 'password', title: second, fields: { pendingUser: ada.username } })
      expect(await client.answer('password', { password: ada.password })).toMatchObject({ kind: 'redirect', to: '/' })
      expect(await client.whoAmI()).toBe(ada.username)
      expect(await ground.outcomes(second)).toEqual(['finished'])
    })

    it('leads into another flow, which knows nothing where the context is not kept', async () => {
      const ada = await ground.person()
      const [first, second] = await twoFlows(ground, { keepContext: false }, [
        { kind: 'identification', config: { userFields: ['username'] } },
        { kind: 'user_login' },
      ])
      const client = visit()
      await client.start(first)

      const shown = await client.follow(await client.answer('identification', { uidField: ada.username }))

      expect(shown).toMatchObject({ kind: 'identification', title: second })
      expect(await client.answer('identification', { uidField: 'nobody' })).toMatchObject({ denied: 'Unknown error' })
    })

    it('keeps the query of the page', async () => {
      const [first] = await twoFlows(ground, {}, [{ kind: 'dummy' }])
      const client = visit()
      await client.start(first, 'next=%2Fapps%2F%3Fa%3D1')

      await client.follow(await client.answer('identification', { uidField: 'somebody' }))

      expect(await client.answer('dummy')).toMatchObject({ kind: 'redirect', to: '/apps/?a=1' })
    })

    it.each([true, false])(
      'is the way into a flow that takes nobody who was not led there (context kept: %s)',
      async (keepContext) => {
        const flow = { authentication: 'require_redirect' } as const
        const [first, second] = await twoFlows(ground, { keepContext }, [{ kind: 'dummy' }], flow)

        expect(await visit().start(second)).toMatchObject({ denied: 'Flow does not apply to current user.' })
        const client = visit()
        await client.start(first)
        const shown = await client.follow(await client.answer('identification', { uidField: 'somebody' }))
        expect(shown).toMatchObject({ kind: 'dummy' })
        expect(await client.answer('dummy')).toMatchObject({ kind: 'redirect', to: '/' })
        expect(await visit().start(second)).toMatchObject({ kind: 'access_denied' })
      },
    )

    it('leads to the end of the other flow, where nothing is left to ask', async () => {
      const ada = await ground.person()
      const login = await ground.flow({ stages: [{ kind: 'user_login' }], flow: { authentication: 'require_redirect' } })
      const proof = [{ kind: 'identification' }, { kind: 'password', config: { backends } }]
      const { slug } = await ground.flow({ stages: [...proof, toFlow(login.id)] })
      const client = visit()

      const done = await client.follow(await signIn(client, slug, ada, 'next=%2Fapps%2F'))

      expect(done).toMatchObject({ kind: 'redirect', to: '/apps/', fields: { finalRedirect: true } })
      expect(await client.whoAmI()).toBe(ada.username)
      expect(await ground.events('login', ada.id)).toBe(1)
    })

    it('leads through another flow that has nothing to show at all', async () => {
      const last = await ground.flow({ stages: [], flow: { authentication: 'require_redirect' } })
      const { slug } = await ground.flow({ stages: [toFlow(last.id)] })
      const client = visit()

      const done = await client.follow(await client.start(slug, 'next=%2Fapps%2F'))

      expect(done).toMatchObject({ kind: 'redirect', to: '/apps/', fields: { finalRedirect: true } })
    })

    it('is passed once by an answer that is sent twice', async () => {
      const ada = await ground.person()
      const second = await ground.flow({ stages: [{ kind: 'dummy' }], flow: { authentication: 'require_redirect' } })
      const { slug } = await ground.flow({ stages: [...signInStages, toFlow(second.id)] })
      const client = visit()
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
      const again = client.twin()

      const led = await client.submit('password', { password: ada.password })
      const repeated = await again.submit('password', { password: ada.password })

      expect(repeated).toEqual(led)
      expect(await ground.events('login', ada.id)).toBe(1)
      for (const sender of [client, again]) expect(await sender.follow(led)).toMatchObject({ kind: 'dummy' })
    })

    it('does not lead into a flow that is not for the person', async () => {
      const flow = { authentication: 'require_authenticated' } as const
      const [first] = await twoFlows(ground, {}, [{ kind: 'dummy' }], flow)
      const client = visit()
      await client.start(first)

      const shown = await client.follow(await client.answer('identification', { uidField: 'somebody' }))

      expect(shown).toMatchObject({ denied: 'Flow does not apply to current user.' })
    })

    it('leads through several flows at once', async () => {
      const last = await ground.flow({ stages: [{ kind: 'dummy' }] })
      const middle = await ground.flow({ stages: [toFlow(last.id)] })
      const first = await ground.flow({ stages: [toFlow(middle.id)] })
      const client = visit()

      expect(await client.follow(await client.start(first.slug))).toMatchObject({ kind: 'dummy', title: last.slug })
    })

    it('does not lead round in circles for ever', async () => {
      const [one, two] = [await ground.flow({ stages: [] }), await ground.flow({ stages: [] })]
      for (const [from, to] of [
        [one, two],
        [two, one],
      ] as const) {
        const stage = await ground.prisma.stage.create({ data: { name: `from ${from.slug}`, ...toFlow(to.id) } })
        await ground.prisma.flowStageBinding.create({ data: { flowId: from.id, stageId: stage.id, order: 0 } })
      }
      const client = visit()

      const denied = { denied: 'Flow does not apply to current user.' }
      expect(await client.follow(await client.start(one.slug))).toMatchObject(denied)
    })

    it('refuses everybody once the flow it leads to is gone', async () => {
      const gone = await ground.flow({ stages: [] })
      const { slug } = await ground.flow({ stages: [toFlow(gone.id), { kind: 'dummy' }] })
      await ground.prisma.flow.delete({ where: { id: gone.id } })

      expect(await visit().start(slug)).toMatchObject({ denied: 'Unknown error' })
    })
  })

  it('over GraphQL stays in the execution, which tells the flow that it is in now', async () => {
    const [first, second] = await twoFlows(ground, {}, [{ kind: 'dummy' }])
    const client = new GraphQLJourney(ground.app.url)
    await client.start(first)
    const executionId = client.step?.id

    await client.answer('identification', { uidField: 'somebody' })

    expect(client.step).toMatchObject({ id: executionId, flow: { slug: second } })
  })

  it('over REST sends the client to the page of the other flow, with its query', async () => {
    const [first, second] = await twoFlows(ground, {}, [{ kind: 'dummy' }])
    const client = new RestJourney(ground.app.url)
    await client.start(first, 'next=%2Fapps%2F&a=1')

    expect(await client.answer('identification', { uidField: 'somebody' })).toMatchObject({
      component: 'xak-flow-redirect',
      to: `/if/flow/${second}/?next=%2Fapps%2F&a=1`,
      fields: { finalRedirect: false },
    })
  })

  it('over REST begins anew for who comes back to the page of the first flow', async () => {
    const [first, second] = await twoFlows(ground, {}, [{ kind: 'dummy' }])
    const client = new RestJourney(ground.app.url)
    await client.start(first)
    await client.answer('identification', { uidField: 'somebody' })

    expect(await client.read()).toMatchObject({ kind: 'identification', title: first })
    expect(await client.answer('identification', { uidField: 'somebody else' })).toMatchObject({ to: `/if/flow/${second}/` })
  })

  it('over REST is forgotten by who opens the other flow by itself afterwards', async () => {
    const [first, second] = await twoFlows(ground, {}, [{ kind: 'dummy' }, { kind: 'dummy' }])
    const client = new RestJourney(ground.app.url)
    await client.start(first)
    await client.follow(await client.answer('identification', { uidField: 'somebody' }))
    await client.answer('dummy')
    expect(await client.answer('dummy')).toMatchObject({ kind: 'redirect', to: '/' })

    const again = await client.start(second)
    const next = await client.answer('dummy')

    expect(next.fields.name).not.toBe(again.fields.name)
    expect(await client.read()).toEqual(next)
    expect(await ground.prisma.execution.count({ where: { flowSlug: second } })).toBe(1)
  })

  it('over REST does not take an answer for one to the other flow', async () => {
    const { id } = await ground.flow({ stages: [{ kind: 'dummy' }, { kind: 'deny' }] })
    const { slug } = await ground.flow({ stages: [toFlow(id)] })
    const client = new RestJourney(ground.app.url)
    client.path = `/api/v3/flows/executor/${slug}/`

    expect(await client.follow(await client.submit('redirect', { to: '/' }))).toMatchObject({ kind: 'dummy' })
  })

  it('over REST takes the place of what was under way in the other flow', async () => {
    const [first, second] = await twoFlows(ground, {}, [{ kind: 'dummy' }, { kind: 'password', config: { backends } }])
    const client = new RestJourney(ground.app.url)
    const other = client.tab()
    await client.start(first)
    await other.start(second)
    await other.answer('dummy')

    const shown = await client.follow(await client.answer('identification', { uidField: 'somebody' }))

    expect(shown).toMatchObject({ kind: 'dummy' })
    expect(await other.read()).toMatchObject({ kind: 'dummy' })
    expect(await client.answer('dummy')).toMatchObject({ kind: 'password', fields: { pendingUser: 'somebody' } })
  })
})

function toUrl(targetStatic: string) {
  return { kind: 'redirect', config: { mode: 'static', targetStatic } }
}

function toFlow(targetFlow: string, more: object = {}) {
  return { kind: 'redirect', config: { mode: 'flow', targetFlow, ...more } }
}

/** Two slugs: a flow that asks who it is and leads into the other one. */
async function twoFlows(
  ground: Ground,
  redirect: object,
  stages: readonly SeedStage[],
  flow: object = {},
): Promise<[string, string]> {
  const second = await ground.flow({ stages, flow })
  const first = await ground.flow({ stages: [{ kind: 'identification' }, toFlow(second.id, redirect)] })
  return [first.slug, second.slug]
}
