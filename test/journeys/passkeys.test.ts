import { describe, expect, it } from 'vitest'
import { faces } from '../support/journey-clients.ts'
import type { Fields, JourneyClient, View } from '../support/journey-view.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { createSoftwareAuthenticator, type SoftwareAuthenticator } from '../support/software-authenticator.ts'
import type { Account } from '../support/test-app.ts'

/** Sign-in by a password alone, with a key beside it, and by a passkey alone; and a flow that sets a key up. */
async function flowsFor(ground: Ground) {
  const setup = await ground.flow({
    stages: [{ kind: 'authenticator_webauthn' }],
    flow: { designation: 'stage_configuration', authentication: 'require_authenticated' },
  })
  const factor = { kind: 'authenticator_validate', config: { deviceClasses: ['webauthn'] } }
  const login = { kind: 'user_login' }
  const plain = await ground.flow()
  const strong = await ground.flow({ stages: [{ kind: 'identification' }, { kind: 'password' }, factor, login] })
  const alone = await ground.flow({ stages: [factor, login] })
  return { setup: setup.slug, plain: plain.slug, strong: strong.slug, alone: alone.slug }
}

/** What the browser is asked with. */
function optionsOf({ fields }: View): Fields {
  const [first] = fields.deviceChallenges as { challenge: Fields }[]
  return first?.challenge ?? {}
}

describeJourneys('passkeys', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    async function enrolled(slugs: { plain: string; setup: string }, person: Account): Promise<SoftwareAuthenticator> {
      const key = createSoftwareAuthenticator({ origin: new URL(ground.app.config.publicUrl).origin })
      const client = new Client(ground.app.url)
      await signIn(client, slugs.plain, person)
      const { fields } = await client.start(slugs.setup)
      const response = key.register(fields.registration)
      expect(await client.answer('authenticator_webauthn', { response })).toMatchObject({ kind: 'redirect' })
      return key
    }

    const answer = (client: JourneyClient, webauthn: unknown) => client.answer('authenticator_validate', { webauthn })

    it('prove who signs in with a password', async () => {
      const [slugs, ada, mallory] = [await flowsFor(ground), await ground.person(), await ground.person()]
      const [own, theirs] = [await enrolled(slugs, ada), await enrolled(slugs, mallory)]
      const client = new Client(ground.app.url)
      const asked = await signIn(client, slugs.strong, ada)
      const foreign = theirs.authenticate({ ...optionsOf(asked), allowCredentials: [] })
      const refused = await answer(client, foreign)

      expect(refused).toMatchObject({ errors: [{ field: 'webauthn', message: 'Invalid device' }] })
      expect(optionsOf(refused).challenge).not.toBe(optionsOf(asked).challenge)
      expect(await answer(client, own.authenticate(optionsOf(refused)))).toMatchObject({ kind: 'redirect' })
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it('sign in alone, and an answer only once', async () => {
      const [slugs, ada] = [await flowsFor(ground), await ground.person()]
      const key = await enrolled(slugs, ada)
      const client = new Client(ground.app.url)
      const asked = await client.start(slugs.alone)
      const assertion = key.authenticate(optionsOf(asked))

      expect((await client.read()).fields).toEqual(asked.fields)
      expect(await client.whoAmI()).toBeUndefined()
      expect(await answer(client, assertion)).toMatchObject({ kind: 'redirect' })
      expect(await client.whoAmI()).toBe(ada.username)
      const thief = new Client(ground.app.url)
      await thief.start(slugs.alone)
      expect(await answer(thief, assertion)).toMatchObject({ errors: [{ message: 'Assertion failed' }] })
      expect(await thief.whoAmI()).toBeUndefined()
    })

    it('sign nobody in whose account is closed', async () => {
      const [slugs, ada] = [await flowsFor(ground), await ground.person()]
      const key = await enrolled(slugs, ada)
      await ground.prisma.user.update({ where: { id: ada.id }, data: { isActive: false } })
      const client = new Client(ground.app.url)
      const asked = await client.start(slugs.alone)

      expect(await answer(client, key.authenticate(optionsOf(asked)))).toMatchObject({ errors: [{ message: 'Invalid device' }] })
      expect(await client.whoAmI()).toBeUndefined()
    })
  })
})
