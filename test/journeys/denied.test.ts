import { describe, expect, it } from 'vitest'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'

const notForYou = 'Flow does not apply to current user.'

describeJourneys('a flow that is not for everybody', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const visit = () => new Client(ground.app.url)

    it.each([
      { deniedAction: 'message_continue', next: undefined, denied: 'dummy' },
      { deniedAction: 'message_continue', next: '/apps/', to: '/apps/' },
      { deniedAction: 'message_continue', next: 'https://evil.example/', denied: 'dummy' },
      { deniedAction: 'message_continue', next: '//evil.example/', denied: 'dummy' },
      { deniedAction: 'message', next: undefined, denied: 'dummy' },
      { deniedAction: 'message', next: '/apps/', denied: 'dummy' },
      { deniedAction: 'continue', next: undefined, to: '/' },
      { deniedAction: 'continue', next: '/apps/', to: '/apps/' },
      { deniedAction: 'continue', next: 'https://evil.example/', to: '/' },
      { deniedAction: 'continue', next: '/\\evil.example/', to: '/' },
    ] as const)('refuses with $deniedAction, next being $next', async ({ deniedAction, next, ...outcome }) => {
      const { slug } = await ground.flow({ policies: [{ result: false }], flow: { deniedAction } })

      const refused = await open(visit(), slug, next)

      const kind = 'to' in outcome ? 'redirect' : 'access_denied'
      expect(refused).toMatchObject({ kind, ...outcome })
      expect(await ground.outcomes(slug)).toEqual(['denied'])
    })

    it('names the person whom it refuses, and the flow', async () => {
      const [login, ada] = [await ground.flow(), await ground.person()]
      const flow = { title: 'For %(user)s', designation: 'stage_configuration' } as const
      const { slug } = await ground.flow({ policies: [{ result: false }], flow })
      const client = visit()
      await signIn(client, login.slug, ada)

      expect(await client.start(slug)).toMatchObject({
        title: `For ${ada.username}`,
        component: 'ak-stage-access-denied',
        fields: { pendingUser: ada.username, pendingUserAvatar: '/static/dist/assets/images/user_default.png' },
      })
    })

    it('lets people in as soon as its policy does', async () => {
      const { slug, policyIds } = await ground.flow({ policies: [{ result: false }], stages: [{ kind: 'dummy' }] })
      expect(await visit().start(slug)).toMatchObject({ denied: 'dummy' })

      await ground.decide(policyIds[0], true)

      expect(await visit().start(slug)).toMatchObject({ kind: 'dummy' })
    })

    it.each([
      { authentication: 'none', anonymous: true, somebody: true, admin: true },
      { authentication: 'require_authenticated', anonymous: false, somebody: true, admin: true },
      { authentication: 'require_unauthenticated', anonymous: true, somebody: false, admin: false },
      { authentication: 'require_superuser', anonymous: false, somebody: false, admin: true },
      { authentication: 'require_redirect', anonymous: false, somebody: false, admin: false },
      { authentication: 'require_outpost', anonymous: false, somebody: false, admin: false },
    ] as const)('with $authentication lets in whom it says', async ({ authentication, ...admitted }) => {
      const [login, ada, root] = [await ground.flow(), await ground.person(), await ground.person({ superuser: true })]
      const stages = [{ kind: 'dummy' }]
      const { slug } = await ground.flow({ flow: { authentication, designation: 'stage_configuration' }, stages })
      const [anonymous, somebody, admin] = [visit(), visit(), visit()]
      await signIn(somebody, login.slug, ada)
      await signIn(admin, login.slug, root)

      const outcome = (admits: boolean) => (admits ? { kind: 'dummy' } : { kind: 'access_denied', denied: notForYou })
      expect(await anonymous.start(slug)).toMatchObject(outcome(admitted.anonymous))
      expect(await somebody.start(slug)).toMatchObject(outcome(admitted.somebody))
      expect(await admin.start(slug)).toMatchObject(outcome(admitted.admin))
    })

    it('says that a link has expired, where a flow can be entered by a link only', async () => {
      const { slug } = await ground.flow({ flow: { authentication: 'require_token', designation: 'recovery' } })

      expect(await visit().start(slug)).toMatchObject({ denied: 'This link is invalid or has expired. Ask for a new one.' })
    })

    it('leads on somebody signed in whom a way to sign in refuses, as there is nothing left to do', async () => {
      const [login, ada] = [await ground.flow(), await ground.person()]
      const { slug } = await ground.flow({ policies: [{ result: false }], flow: { deniedAction: 'message' } })
      const client = visit()
      await signIn(client, login.slug, ada)

      expect(await client.start(slug, 'next=%2Fapps%2F')).toMatchObject({ kind: 'redirect', to: '/apps/' })
    })

    it('does not take a flow for refused because its person is not signed in yet', async () => {
      const [login, ada] = [await ground.flow(), await ground.person()]
      const { slug } = await ground.flow({ flow: { authentication: 'require_authenticated' }, stages: [{ kind: 'dummy' }] })
      const client = visit()
      expect(await client.start(slug)).toMatchObject({ denied: notForYou })

      await signIn(client, login.slug, ada)

      expect(await client.start(slug)).toMatchObject({ kind: 'dummy' })
    })
  })

  it("over REST is not led away by the page's own query", async () => {
    const open = async (deniedAction: 'continue' | 'message_continue') => {
      const { slug } = await ground.flow({ policies: [{ result: false }], flow: { deniedAction } })
      return new RestJourney(ground.app.url).start(slug, 'next=%2Fapps%2F')
    }

    expect(await open('message_continue')).toMatchObject({ denied: 'dummy' })
    expect(await open('continue')).toMatchObject({ kind: 'redirect', to: '/' })
  })

  it('that nobody has is a problem of its own', async () => {
    expect((await new GraphQLJourney(ground.app.url).start('no-such-flow')).problem).toEqual({ code: 'FLOW_NOT_FOUND' })
    expect((await new RestJourney(ground.app.url).start('no-such-flow')).problem).toEqual({ code: 'FLOW_NOT_FOUND' })
    expect(await ground.prisma.session.count({ where: { executions: { none: {} } } })).toBe(0)
  })
})

/** authentik reads the `next` of a refusal beside the page's query, not in it (reference: flow-core 3.5). */
function open(client: JourneyClient, slug: string, next: string | undefined) {
  const query = next === undefined ? '' : String(new URLSearchParams({ next }))
  return client instanceof RestJourney ? client.open(`/api/v3/flows/executor/${slug}/?${query}`) : client.start(slug, query)
}
