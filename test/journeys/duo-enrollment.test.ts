import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyFlow } from '../support/default-flows.ts'
import { startDuoServer } from '../support/duo-server.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient, View } from '../support/journey-view.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'
import type { SeedStage } from '../support/seed.ts'
import { configure } from '../support/set-ups.ts'
import { nextStep, overSocket, overSse } from '../support/streams.ts'
import { type Account, createAccount } from '../support/test-app.ts'
import { WaitingBrowser } from '../support/waiting-journey.ts'

const duo = await startDuoServer()
afterAll(() => duo.close())

const stages = () => [
  { kind: 'identification' },
  { kind: 'password' },
  { kind: 'authenticator_duo', config: duo.stageConfig },
  { kind: 'user_login' },
]
const day = 86_400

/** Somebody whose name no other store has told Duo. */
const person = ({ app }: Ground) => createAccount(app.database, `ada${crypto.randomUUID().slice(0, 8)}`)

/** How often Duo was asked to enrol somebody, under whatever name. */
const enrolled = ({ username }: Account) =>
  duo.requestsTo('/auth/v2/enroll').filter(({ parameters }) => parameters.username?.startsWith(username)).length

/** What the server has of somebody's devices. */
const rowsOf = (ground: Ground, { id }: Account) =>
  ground.prisma.authenticator.findMany({ where: { userId: id }, select: { kind: true, name: true, confirmed: true } })
const device = { kind: 'duo', name: 'Duo Authenticator', confirmed: true }

/** What comes of an answer, or of an activation that the server has noticed before. */
async function settled(client: JourneyClient): Promise<View> {
  const view = await client.answer('authenticator_duo')
  return view.kind === 'problem' ? client.read() : view
}

/** Somebody who is shown what to scan, in a client of GraphQL that knows of waiting. */
async function scanning(ground: Ground) {
  const [ada, { slug }] = [await person(ground), await ground.flow({ stages: stages() })]
  const browser = new WaitingBrowser(ground.app.url)
  const first = await browser.begin(slug)
  const second = await browser.reply(first, { identification: { uidField: ada.username } })
  return { ada, slug, browser, step: await browser.reply(second, { password: { password: ada.password } }) }
}

describeJourneys(
  'setting up Duo on the way in',
  (ground) => {
    beforeAll(() => {
      duo.now = () => ground.app.clock.now()
    })

    it('tells who listens the moment that the device is activated, and signs them in by their next request', async () => {
      const { ada, browser, step } = await scanning(ground)
      expect(step).toMatchObject({
        challenge: { __typename: 'AuthenticatorDuoChallenge' },
        waiting: {
          reason: 'ACTIVATION',
          pollAfter: 3,
          until: new Date(ground.app.clock.now().getTime() + day * 1000).toISOString(),
        },
      })
      const streams = await Promise.all([overSocket, overSse].map(({ listen }) => listen(browser, step.id, step.sequence)))
      const told = Promise.all(streams.map(nextStep))

      duo.activate(ada.username)

      for (const next of await told) expect(next).toMatchObject({ challenge: { __typename: 'ContinueChallenge' } })
      expect(await rowsOf(ground, ada)).toEqual([device])
      expect(await browser.viewer()).toBeUndefined()
      expect(await browser.read(step)).toMatchObject({ status: 'FINISHED' })
      expect(await browser.viewer()).toBe(ada.username)
      for (const stream of streams) await stream.return?.()
    })

    it('leads on who polls', async () => {
      const { ada, browser, step } = await scanning(ground)
      expect(await browser.read(step)).toEqual(step)
      duo.activate(ada.username)

      await expect.poll(async () => (await browser.read(step)).status, { timeout: 10_000 }).toBe('FINISHED')
      expect(await browser.viewer()).toBe(ada.username)
    })

    it('lets a program written for authentik ask, and answer once the device is activated', async () => {
      const [ada, { slug, stageIds }] = [await person(ground), await ground.flow({ stages: stages() })]
      const client = new RestJourney(ground.app.url)
      const path = `/api/v3/stages/authenticator/duo/${stageIds[2]}/enrollment_status/`
      const ask = async () => (await client.send('POST', path)).json()
      const shown = await signIn(client, slug, ada)

      expect(shown).toMatchObject({
        component: 'ak-stage-authenticator-duo',
        fields: { pendingUser: ada.username, activationCode: expect.stringMatching(/^duo:/), stageUuid: stageIds[2] },
      })
      expect(await ask()).toEqual({ duo_response: 'waiting' })
      duo.activate(ada.username)
      expect(await ask()).toEqual({ duo_response: 'success' })
      // It is asked about, and not gone on with: the program does not expect that.
      expect(await client.read()).toEqual(shown)
      expect(await rowsOf(ground, ada)).toEqual([{ ...device, confirmed: false }])
      expect(await client.submit('authenticator_duo')).toMatchObject({ kind: 'moved' })
      expect(await rowsOf(ground, ada)).toEqual([device])
      expect(await client.open(client.path)).toMatchObject({ kind: 'redirect', to: '/' })
      expect(await client.whoAmI()).toBe(ada.username)
    })

    describe.each(faces)('over %s', (_, Client) => {
      const arriving = async () => {
        const [ada, { slug }] = [await person(ground), await ground.flow({ stages: stages() })]
        const client = new Client(ground.app.url)
        return { ada, slug, client, shown: await signIn(client, slug, ada) }
      }

      it('keeps who answers too early', async () => {
        const { ada, client, shown } = await arriving()
        const refused = await client.answer('authenticator_duo')

        expect(refused).toMatchObject({
          fields: shown.fields,
          errors: [{ field: 'nonFieldErrors', message: 'Invalid enrollment status: waiting.', code: 'invalid' }],
        })
        expect(await client.whoAmI()).toBeUndefined()
        duo.activate(ada.username)
        // The same answer to the same address is a repeat for a moment.
        ground.app.clock.advance(6)
        await settled(client)
        expect(await client.whoAmI()).toBe(ada.username)
      })

      it('shows the same code to who comes again, from wherever, and asks Duo for one', async () => {
        const { ada, slug, client, shown } = await arriving()
        const elsewhere = new Client(ground.app.url)

        expect((await client.read()).fields).toEqual(shown.fields)
        expect((await signIn(elsewhere, slug, ada)).fields).toEqual(shown.fields)
        expect(enrolled(ada)).toBe(1)
        duo.activate(ada.username)
        expect(await settled(elsewhere)).toMatchObject({ kind: 'redirect' })
        expect(await settled(client)).toMatchObject({
          denied: 'Device with Credential ID already exists.',
        })
        expect(await rowsOf(ground, ada)).toEqual([device])
      })

      it('passes who has activated it before they come back', async () => {
        const [ada, { slug }] = [await person(ground), await ground.flow({ stages: stages() })]
        // Nobody asks on for clients written for authentik.
        await signIn(new RestJourney(ground.app.url), slug, ada)
        duo.activate(ada.username)
        const elsewhere = new Client(ground.app.url)

        expect(await signIn(elsewhere, slug, ada)).toMatchObject({ kind: 'redirect' })
        expect(await elsewhere.whoAmI()).toBe(ada.username)
        expect(await rowsOf(ground, ada)).toEqual([device])
      })

      it('tells who is known to Duo already, and does not ask it again at once', async () => {
        const ada = await person(ground)
        const { slug } = await ground.flow({ stages: stages() })
        duo.add(ada.username)
        const client = new Client(ground.app.url)

        expect(await signIn(client, slug, ada)).toMatchObject({
          kind: 'authenticator_duo',
          fields: { activationBarcode: '', activationCode: '', problem: expect.stringMatching(/^Duo knows somebody/) },
        })
        expect(await ground.events('configuration_error', ada.id)).toBe(1)
        expect((await client.answer('authenticator_duo')).errors).toMatchObject([{ code: 'throttled' }])
        expect(enrolled(ada)).toBe(1)
        expect(await client.whoAmI()).toBeUndefined()
      })

      it('tries again where Duo could not be reached', async () => {
        duo.failNext('/auth/v2/enroll', { type: 'reply', status: 503 })
        const { shown, client, ada } = await arriving()
        expect(shown).toMatchObject({ fields: { problem: 'Duo cannot be reached. Try again in a moment.' } })
        ground.app.clock.advance(15)

        const again = await client.answer('authenticator_duo')

        expect(again).toMatchObject({ errors: [], fields: { activationCode: expect.stringMatching(/^duo:/) } })
        expect(again.fields).not.toHaveProperty('problem')
        expect(enrolled(ada)).toBe(2)
      })

      it('is our own flow too, for who is signed in', async () => {
        await applyFlow(ground.app, 'flow-default-authenticator-duo-setup', (text) =>
          text
            .replace('client_id: change me', `client_id: ${duo.stageConfig.clientId}`)
            .replace('client_secret: change me', `client_secret: ${duo.stageConfig.clientSecret}`)
            .replace('api-00000000.duosecurity.com', duo.stageConfig.apiHostname),
        )
        const [ada, { slug }] = [await person(ground), await ground.flow()]
        const client = new Client(ground.app.url)
        await signIn(client, slug, ada)

        expect(await configure(ground, client, 'default-authenticator-duo-setup')).toMatchObject({
          kind: 'authenticator_duo',
          title: 'Set up Duo',
        })
        duo.activate(ada.username)
        expect(await settled(client)).toMatchObject({ kind: 'redirect' })
        expect(await rowsOf(ground, ada)).toEqual([{ ...device, name: 'Duo' }])
      })
    })

    it('leads back from what is to be scanned, and there again', async () => {
      const [ada, { slug }] = [await person(ground), await ground.flow({ stages: stages() })]
      const client = new GraphQLJourney(ground.app.url)
      const shown = await signIn(client, slug, ada)

      expect(await client.perform('BACK')).toMatchObject({ kind: 'password' })
      expect((await client.answer('password', { password: ada.password })).fields).toEqual(shown.fields)
      expect(await client.perform('RESTART')).toMatchObject({ kind: 'identification' })
      await client.answer('identification', { uidField: ada.username })
      expect((await client.answer('password', { password: ada.password })).fields).toEqual(shown.fields)
      expect(enrolled(ada)).toBe(1)
    })

    it('leads no way back over a device that is set up', async () => {
      const [ada, [who, secret, setUp]] = [await person(ground), stages()]
      const { slug } = await ground.flow({ stages: [who, secret, setUp, { kind: 'dummy' }] as SeedStage[] })
      const client = new GraphQLJourney(ground.app.url)
      await signIn(client, slug, ada)
      duo.activate(ada.username)

      expect(await settled(client)).toMatchObject({ kind: 'dummy' })
      expect(client.step?.actions.map(({ type }) => type)).not.toContain('BACK')
    })

    it('begins once where one answer is sent twice at the same time', async () => {
      const [ada, { slug }] = [await person(ground), await ground.flow({ stages: stages() })]
      const client = new GraphQLJourney(ground.app.url)
      await client.start(slug)
      await client.answer('identification', { uidField: ada.username })
      const twin = client.twin()
      const pages = [client, twin]
      const views = await Promise.all(pages.map((page) => page.answer('password', { password: ada.password })))

      expect(enrolled(ada)).toBe(1)
      for (const { kind } of views) expect(['authenticator_duo', 'problem']).toContain(kind)
      const first = views.findIndex(({ kind }) => kind === 'authenticator_duo')
      expect(views[first]?.fields).toMatchObject({ activationCode: expect.stringMatching(/^duo:/) })
      expect((await pages[first]?.read())?.fields).toEqual(views[first]?.fields)
    })

    it('offers a new code where one has lapsed, under a name that is theirs', async () => {
      const [ada, { slug }] = [await person(ground), await ground.flow({ stages: stages() })]
      const client = new GraphQLJourney(ground.app.url)
      const shown = await signIn(client, slug, ada)
      ground.app.clock.advance(day)
      const lapsed = await client.read()
      expect(lapsed.fields).toMatchObject({ activationCode: '', problem: 'The code does not count any more. Ask for a new one.' })
      expect(client.step?.actions).toContainEqual(expect.objectContaining({ type: 'RESEND', enabled: true }))

      const renewed = await client.perform('RESEND')

      expect(renewed.fields).toMatchObject({ activationCode: expect.stringMatching(/^duo:/) })
      expect(renewed.fields.activationCode).not.toBe(shown.fields.activationCode)
      const names = duo.requestsTo('/auth/v2/enroll').map(({ parameters }) => parameters.username ?? '')
      duo.activate(names.at(-1) ?? '')
      await settled(client)
      expect(await client.whoAmI()).toBe(ada.username)
      expect(names.slice(-3)).toEqual([ada.username, ada.username, expect.stringMatching(new RegExp(`^${ada.username}-.{6}$`))])
    })
  },
  { ...duo.env, FLOW_EXECUTION_SECONDS: String(2 * day), SESSION_IDLE_SECONDS: String(3 * day) },
)
