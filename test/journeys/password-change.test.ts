import { beforeAll, describe, expect, it } from 'vitest'
import { applyFlows } from '../support/default-flows.ts'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { setUpTotp } from '../support/second-factors.ts'
import { configure } from '../support/set-ups.ts'

const sign = 'default-authentication-flow'
const change = 'default-password-change'
const chosen = 'seventeen quiet harbours'

describeJourneys('changing the password', (ground) => {
  beforeAll(() => applyFlows(ground.app))

  const choose = (client: JourneyClient, password = chosen, repeated = password) =>
    client.answer('prompt', { password, password_repeat: repeated })

  describe.each(faces)('over %s', (_, Client) => {
    const signedIn = async (account: Parameters<typeof signIn>[2]) => {
      const client = new Client(ground.app.url)
      await signIn(client, sign, account)
      return client
    }

    it('ends all other sessions and keeps this one, and the old password is good for nothing', async () => {
      const ada = await ground.person()
      const grace = await signedIn(await ground.person())
      const [client, other] = [await signedIn(ada), await signedIn(ada)]

      expect(await client.start(change)).toMatchObject({ kind: 'prompt', title: 'Change your password' })
      expect(await choose(client)).toMatchObject({ kind: 'redirect', to: '/' })

      expect(await client.whoAmI()).toBe(ada.username)
      expect(await other.whoAmI()).toBeUndefined()
      expect(await grace.whoAmI()).toBeDefined()
      const again = new Client(ground.app.url)
      expect(await signIn(again, sign, ada)).toMatchObject({ kind: 'password', errors: [{ message: 'Invalid password' }] })
      expect(await again.answer('password', { password: chosen })).toMatchObject({ kind: 'redirect' })
    })

    it('is where the password stage is configured', async () => {
      const client = await signedIn(await ground.person())
      expect(await configure(ground, client, 'default-authentication-password')).toMatchObject({
        kind: 'prompt',
        title: 'Change your password',
      })
    })

    it('keeps the other sessions where an administrator wants that', async () => {
      const ada = await ground.person()
      const [client, other] = [await signedIn(ada), await signedIn(ada)]
      const where = { name: 'default-password-change-write' }
      const { config } = await ground.prisma.stage.findUniqueOrThrow({ where })
      const keeping = { ...(config as object), terminateOtherSessions: false }
      await ground.prisma.stage.update({ where, data: { config: keeping } })
      await client.start(change)
      const done = await choose(client)
      await ground.prisma.stage.update({ where, data: { config: config as object } })

      expect(done).toMatchObject({ kind: 'redirect' })
      expect(await client.whoAmI()).toBe(ada.username)
      expect(await other.whoAmI()).toBe(ada.username)
    })

    it('refuses a weak password, and two that differ, and ends nothing meanwhile', async () => {
      const ada = await ground.person()
      const [client, other] = [await signedIn(ada), await signedIn(ada)]
      await client.start(change)

      for (const weak of ['short', 'password1', `${ada.username}12`]) {
        const refused = await choose(client, weak)
        expect(refused).toMatchObject({ kind: 'prompt' })
        expect(new Set(refused.errors.map(({ field }) => field))).toEqual(new Set(['nonFieldErrors']))
      }
      expect(await choose(client, chosen, `${chosen}s`)).toMatchObject({
        errors: [{ field: 'nonFieldErrors', message: "Passwords don't match." }],
      })
      expect(await choose(client, '')).toMatchObject({
        kind: 'prompt',
        errors: [{ field: 'password' }, { field: 'password_repeat' }],
      })
      expect(await client.answer('prompt')).toMatchObject({ kind: 'prompt' })
      expect(await other.whoAmI()).toBe(ada.username)
      expect(await signIn(new Client(ground.app.url), sign, ada)).toMatchObject({ kind: 'redirect' })
    })

    it('asks for the second factor first, where there is one', async () => {
      const ada = await ground.person()
      const { codeNow } = await setUpTotp(ground, ada)
      const client = await signedIn(ada)

      expect(await client.start(change)).toMatchObject({ kind: 'authenticator_validate' })
      expect(await client.answer('authenticator_validate', { code: '000000' })).toMatchObject({
        kind: 'authenticator_validate',
        errors: [{ field: 'code' }],
      })
      ground.app.clock.advance(60)
      expect(await client.answer('authenticator_validate', { code: codeNow() })).toMatchObject({ kind: 'prompt' })
      expect(await choose(client)).toMatchObject({ kind: 'redirect' })
      expect(await signIn(new Client(ground.app.url), sign, { ...ada, password: chosen })).toMatchObject({ kind: 'redirect' })
    })

    it('is for nobody who is not signed in', async () => {
      expect(await new Client(ground.app.url).start(change)).toMatchObject({ kind: 'access_denied' })
    })
  })
})
