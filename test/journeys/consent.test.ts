import { beforeAll, describe, expect, it } from 'vitest'
import { startKnowing } from '../support/application.ts'
import { applyFlows } from '../support/default-flows.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient, View } from '../support/journey-view.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'
import type { Account } from '../support/test-app.ts'

const consent = 'default-consent-flow'
const read = { id: 'read', name: 'Read your files' }
const write = { id: 'write', name: 'Change your files' }
const wanting = (...permissions: object[]) => ({
  application: { pk: 'wiki', name: 'Wiki' },
  consent_permissions: permissions as never,
})
const fourWeeks = 28 * 24 * 60 * 60

describeJourneys('consent', (ground) => {
  beforeAll(() => applyFlows(ground.app))

  const rows = ({ id }: Account) => ground.prisma.consent.findMany({ where: { userId: id } })
  const accept = (client: JourneyClient, { fields }: View) => client.answer('consent', { token: fields.token })

  /** A flow that asks for consent, as it is configured. */
  const asking = async (config: object) => {
    const flow = { designation: 'authorization', authentication: 'require_authenticated' } as const
    return (await ground.flow({ stages: [{ kind: 'consent', config }], flow })).slug
  }
  const cancel = async (client: JourneyClient, view: View) => {
    if (client instanceof GraphQLJourney) return client.perform('CANCEL')
    if (client instanceof RestJourney) await client.send('GET', String(view.cancelUrl))
  }

  describe.each(faces)('over %s', (_, Client) => {
    const signedIn = async (account: Account) => {
      const client = new Client(ground.app.url)
      await signIn(client, 'default-authentication-flow', account)
      return client
    }

    it('is asked for once, by our own flow, and again after four weeks', async () => {
      const ada = await ground.person()
      const client = await signedIn(ada)
      const asked = await startKnowing(ground.app, client, consent, wanting(read, write))
      expect(asked).toMatchObject({
        kind: 'consent',
        title: 'Redirecting to Wiki',
        fields: { permissions: [read, write], additionalPermissions: [], pendingUser: ada.username },
      })
      expect((await client.read()).fields).toEqual(asked.fields)
      expect(await rows(ada)).toEqual([])
      expect(await accept(client, asked)).toMatchObject({ kind: 'redirect', to: '/' })
      const now = ground.app.clock.now().getTime()
      expect(await rows(ada)).toMatchObject([
        { application: 'wiki', permissions: 'read write', expiresAt: new Date(now + fourWeeks * 1000) },
      ])

      expect(await startKnowing(ground.app, client, consent, wanting(write, read))).toMatchObject({ kind: 'redirect', to: '/' })
      const grace = await signedIn(await ground.person())
      expect(await startKnowing(ground.app, grace, consent, wanting(read, write))).toMatchObject({ kind: 'consent' })

      ground.app.clock.advance(fourWeeks)
      const later = await signedIn(ada)
      const again = await startKnowing(ground.app, later, consent, wanting(read, write))
      expect(again).toMatchObject({ kind: 'consent', fields: { permissions: [read, write] } })
      await accept(later, again)
      expect(await rows(ada)).toHaveLength(1)
    })

    it('is not given by a token that is not of this screen, nor by none', async () => {
      const ada = await ground.person()
      const client = await signedIn(ada)
      const asked = await startKnowing(ground.app, client, consent, wanting(read))
      const refused = await client.answer('consent', { token: 'another token' })

      expect(refused).toMatchObject({
        kind: 'consent',
        errors: [{ field: 'token', message: 'Invalid consent token, re-showing prompt', code: 'invalid' }],
      })
      expect(refused.fields.token).not.toBe(asked.fields.token)
      expect(await accept(client, asked)).toMatchObject({ kind: 'consent', errors: [{ field: 'token' }] })
      expect(await rows(ada)).toEqual([])
    })

    it('is declined by leaving, and then nothing is stored and nothing goes on', async () => {
      const ada = await ground.person()
      const client = await signedIn(ada)
      const asked = await startKnowing(ground.app, client, consent, wanting(read))
      await cancel(client, asked)

      expect(await accept(client, asked)).not.toMatchObject({ kind: 'redirect' })
      expect(await rows(ada)).toEqual([])
      expect(await client.whoAmI()).toBe(ada.username)
      expect(await startKnowing(ground.app, client, consent, wanting(read))).toMatchObject({ kind: 'consent' })
    })

    it('is asked for every time where that is configured, and never stored', async () => {
      const ada = await ground.person()
      const slug = await asking({ mode: 'always_require' })
      const client = await signedIn(ada)
      for (let time = 0; time < 2; time += 1) {
        const asked = await startKnowing(ground.app, client, slug, wanting(read))
        expect(asked).toMatchObject({ kind: 'consent', fields: { permissions: [read] } })
        expect(await accept(client, asked)).toMatchObject({ kind: 'redirect' })
      }
      expect(await rows(ada)).toEqual([])
    })

    it('lasts for ever where that is configured, and is asked for again for what is new', async () => {
      const ada = await ground.person()
      const slug = await asking({ mode: 'permanent' })
      const client = await signedIn(ada)
      await accept(client, await startKnowing(ground.app, client, slug, wanting(read)))
      expect(await rows(ada)).toMatchObject([{ permissions: 'read', expiresAt: null }])

      ground.app.clock.advance(2 * fourWeeks)
      const later = await signedIn(ada)
      expect(await startKnowing(ground.app, later, slug, wanting(read))).toMatchObject({ kind: 'redirect' })
      const more = await startKnowing(ground.app, later, slug, wanting(read, write))
      const split = { permissions: [read], additionalPermissions: [write] }
      expect(more).toMatchObject({ kind: 'consent', fields: split })
      // Looking again is no consent.
      expect(await later.read()).toMatchObject({ kind: 'consent', fields: split })
      expect(await rows(ada)).toMatchObject([{ permissions: 'read' }])
      await accept(later, more)
      expect(await rows(ada)).toMatchObject([{ permissions: 'read write' }])
    })

    it('is stored for no application where none asks', async () => {
      const ada = await ground.person()
      const client = await signedIn(ada)
      for (let time = 0; time < 2; time += 1) {
        const asked = await client.start(consent)
        expect(asked).toMatchObject({ kind: 'consent', fields: { permissions: [] } })
        expect(await accept(client, asked)).toMatchObject({ kind: 'redirect' })
      }
      expect(await rows(ada)).toEqual([])
    })

    it('is for nobody who is not signed in', async () => {
      expect(await new Client(ground.app.url).start(consent)).toMatchObject({ kind: 'access_denied' })
    })
  })
})
