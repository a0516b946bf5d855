import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyFlow, applyFlows } from '../support/default-flows.ts'
import { enrol } from '../support/enrolling.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { startMailServer } from '../support/mail-server.ts'
import { appFor } from '../support/second-factors.ts'
import { configure } from '../support/set-ups.ts'

const plain = 'default-authentication-flow'
const strong = 'two-factor-authentication'

const mails = await startMailServer()
afterAll(() => mails.close())

describeJourneys(
  'an account, by our own flows',
  (ground) => {
    beforeAll(async () => {
      await applyFlows(ground.app)
      await applyFlow(ground.app, 'flow-default-enrollment-flow')
    })

    let made = 0
    const newName = () => {
      made += 1
      return `somebody${made}`
    }
    const prove = (client: JourneyClient, code: unknown) => client.answer('authenticator_validate', { code })

    describe.each(faces)('over %s', (_, Client) => {
      it('is made, signs in, gets an app and recovery codes, and is gone in the end, with its name free again', async () => {
        const username = newName()
        const ada = await enrol(ground, mails, new Client(ground.app.url), username)

        const client = new Client(ground.app.url)
        expect(await signIn(client, plain, ada)).toMatchObject({ kind: 'redirect', to: '/' })
        expect(await client.whoAmI()).toBe(username)

        const app = await configure(ground, client, 'default-authenticator-totp-setup')
        expect(app).toMatchObject({ kind: 'authenticator_totp', title: 'Set up an authenticator app' })
        const { codeNow } = appFor(ground, app.fields.configUrl)
        expect(await client.answer('authenticator_totp', { code: codeNow() })).toMatchObject({ kind: 'redirect' })
        const paper = await client.start('default-authenticator-static-setup')
        const [code] = paper.fields.codes as string[]
        expect(await client.answer('authenticator_static')).toMatchObject({ kind: 'redirect' })

        ground.app.clock.advance(60)
        const byApp = new Client(ground.app.url)
        expect(await signIn(byApp, strong, ada)).toMatchObject({
          kind: 'authenticator_validate',
          fields: { configurationStages: [] },
        })
        expect(await prove(byApp, codeNow())).toMatchObject({ kind: 'redirect', to: '/' })
        expect(await byApp.whoAmI()).toBe(username)

        const byPaper = new Client(ground.app.url)
        await signIn(byPaper, strong, ada)
        expect(await prove(byPaper, code)).toMatchObject({ kind: 'redirect' })
        const byOldPaper = new Client(ground.app.url)
        await signIn(byOldPaper, strong, ada)
        expect(await prove(byOldPaper, code)).toMatchObject({ kind: 'authenticator_validate', errors: [{ field: 'code' }] })
        expect(await byOldPaper.whoAmI()).toBeUndefined()

        ground.app.clock.advance(60)
        const warned = await client.start('default-unenrollment-flow')
        expect(warned).toMatchObject({ kind: 'prompt', title: 'Delete your account' })
        // GraphQL writes enum values in capitals.
        expect(JSON.stringify(warned.fields).toLowerCase()).toContain('"type":"alert_danger"')
        expect(await client.answer('prompt')).toMatchObject({ kind: 'authenticator_validate' })
        expect(await ground.prisma.user.count({ where: { id: ada.id } })).toBe(1)
        expect(await prove(client, codeNow())).toMatchObject({ kind: 'redirect', to: '/' })

        for (const browser of [client, byApp, byPaper]) expect(await browser.whoAmI()).toBeUndefined()
        const about = { where: { userId: ada.id } }
        expect(await ground.prisma.user.count({ where: { username } })).toBe(0)
        expect(await ground.prisma.authenticator.count(about)).toBe(0)
        expect(await ground.prisma.session.count(about)).toBe(0)
        const gone = new Client(ground.app.url)
        expect(await signIn(gone, plain, ada)).toMatchObject({ kind: 'password', errors: [{ message: 'Invalid password' }] })

        const again = await enrol(ground, mails, new Client(ground.app.url), username)
        expect(again.id).not.toBe(ada.id)
        // Nothing that the old one had set up is asked of the new one.
        const fresh = new Client(ground.app.url)
        await signIn(fresh, strong, again)
        const offered = await fresh.read()
        expect((offered.fields.configurationStages as { name: string }[]).map(({ name }) => name)).toEqual([
          'Authenticator app',
          'Passkey or security key',
          'Recovery codes',
        ])
      })

      it("gets an app by its own address too, which is nobody else's to open", async () => {
        const ada = await ground.person()
        const client = new Client(ground.app.url)
        expect(await client.start('default-authenticator-totp-setup')).toMatchObject({ kind: 'access_denied' })
        await signIn(client, plain, ada)
        expect(await client.start('default-authenticator-totp-setup')).toMatchObject({ kind: 'authenticator_totp' })
      })

      it('is not deleted by who is not signed in, nor by who only looks', async () => {
        const ada = await ground.person()
        const stranger = new Client(ground.app.url)
        expect(await stranger.start('default-unenrollment-flow')).toMatchObject({ kind: 'access_denied' })
        const client = new Client(ground.app.url)
        await signIn(client, plain, ada)
        await client.start('default-unenrollment-flow')
        await client.read()

        expect(await client.whoAmI()).toBe(ada.username)
        expect(await client.answer('prompt')).toMatchObject({ kind: 'redirect', to: '/' })
        expect(await client.whoAmI()).toBeUndefined()
        expect(await ground.prisma.user.count({ where: { id: ada.id } })).toBe(0)
      })
    })
  },
  mails.env,
)
