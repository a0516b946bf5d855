import { describe, expect, it } from 'vitest'
import { faces } from '../support/journey-clients.ts'
import type { Fields, JourneyClient, View } from '../support/journey-view.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { createSoftwareAuthenticator, type SoftwareAuthenticator, type Tricks } from '../support/software-authenticator.ts'
import type { Account } from '../support/test-app.ts'

const factor = { kind: 'authenticator_validate', config: { deviceClasses: ['webauthn'], webauthnUserVerification: 'required' } }
const login = { kind: 'user_login' }

/** Sign-in with a key beside the password, and by a key alone. */
async function flowsFor(ground: Ground) {
  const beside = await ground.flow({ stages: [{ kind: 'identification' }, { kind: 'password' }, factor, login] })
  const alone = await ground.flow({ stages: [factor, login] })
  return { beside: beside.slug, alone: alone.slug }
}

/** What the browser is asked with. */
function optionsOf({ fields }: View): Fields {
  const [first] = fields.deviceChallenges as { challenge: Fields }[]
  return first?.challenge ?? {}
}

const tricks: readonly (readonly [string, Tricks])[] = [
  ['made for another page', { origin: 'https://evil.example' }],
  ['made for a page beside ours', { origin: 'https://localhost.evil.example' }],
  ['made for another host', { rpId: 'evil.example' }],
  ['made to enrol', { type: 'webauthn.create' }],
  ['signed by another key', { otherKey: true }],
  ['without the person', { userVerified: false }],
  ['without anybody', { userPresent: false, userVerified: false }],
  ['of another challenge', { challenge: Buffer.alloc(32).toString('base64url') }],
  ['of no challenge', { challenge: '' }],
]

describeJourneys('an assertion that proves nothing', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const visit = () => new Client(ground.app.url)
    const answer = (client: JourneyClient, webauthn: unknown) => client.answer('authenticator_validate', { webauthn })

    async function enrolled(person: Account): Promise<SoftwareAuthenticator> {
      const key = createSoftwareAuthenticator({ origin: new URL(ground.app.config.publicUrl).origin })
      const { slug } = await ground.flow({
        stages: [{ kind: 'identification' }, { kind: 'password' }, { kind: 'authenticator_webauthn' }, login],
      })
      const client = visit()
      const { fields } = await signIn(client, slug, person)
      expect(await client.answer('authenticator_webauthn', { response: key.register(fields.registration) })).toMatchObject({
        kind: 'redirect',
      })
      return key
    }

    it.each(tricks)('is one %s', async (_what, trick) => {
      const [slugs, ada] = [await flowsFor(ground), await ground.person()]
      const key = await enrolled(ada)
      const [beside, alone] = [visit(), visit()]
      const shown = [await signIn(beside, slugs.beside, ada), await alone.start(slugs.alone)] as const

      for (const [client, view] of [
        [beside, shown[0]],
        [alone, shown[1]],
      ] as const) {
        const refused = await answer(client, key.authenticate(optionsOf(view), trick))
        expect(refused).toMatchObject({ kind: 'authenticator_validate', errors: [{ field: 'webauthn' }] })
        expect(await client.whoAmI()).toBeUndefined()
        // Its challenge is spent with it; an honest answer to the next one still counts.
        expect(optionsOf(refused).challenge).not.toBe(optionsOf(view).challenge)
        expect(await answer(client, key.authenticate(optionsOf(refused)))).toMatchObject({ kind: 'redirect' })
        expect(await client.whoAmI()).toBe(ada.username)
      }
    })

    it('is one of somebody else, whoever it says that it is of', async () => {
      const [slugs, ada, mallory] = [await flowsFor(ground), await ground.person(), await ground.person()]
      const [own, theirs] = [await enrolled(ada), await enrolled(mallory)]
      const client = visit()
      let asked = await signIn(client, slugs.beside, ada)
      const { id, userHandle } = own.credentials[0] ?? { id: '', userHandle: '' }
      const any = (view: View) => ({ ...optionsOf(view), allowCredentials: [] })
      const attempts = [
        (view: View) => theirs.authenticate(any(view)),
        (view: View) => theirs.authenticate(any(view), { userHandle }),
        (view: View) => ({ ...theirs.authenticate(any(view)), id, rawId: id }),
      ]
      for (const attempt of attempts) {
        asked = await answer(client, attempt(asked))
        expect(asked).toMatchObject({ errors: [{ field: 'webauthn' }] })
        expect(await client.whoAmI()).toBeUndefined()
      }
      const alone = visit()
      const shown = await alone.start(slugs.alone)
      await answer(alone, theirs.authenticate(optionsOf(shown), { userHandle }))
      expect(await alone.whoAmI()).not.toBe(ada.username)
    })

    it('is one that was used before, or is meant for another sign-in', async () => {
      const [slugs, ada] = [await flowsFor(ground), await ground.person()]
      const key = await enrolled(ada)
      const [first, second, third] = [visit(), visit(), visit()]
      const assertion = key.authenticate(optionsOf(await signIn(first, slugs.beside, ada)))
      await signIn(second, slugs.beside, ada)
      const late = await third.start(slugs.alone)

      for (const client of [second, third])
        expect(await answer(client, assertion)).toMatchObject({ errors: [{ message: 'Assertion failed' }] })
      expect(await answer(first, assertion)).toMatchObject({ kind: 'redirect' })
      expect(await answer(third, key.authenticate(optionsOf(late)))).toMatchObject({ errors: [{ message: 'Assertion failed' }] })
      expect([await second.whoAmI(), await third.whoAmI()]).toEqual([undefined, undefined])
    })

    it('is one of a closed account, also of one that is closed on the way', async () => {
      const [slugs, ada] = [await flowsFor(ground), await ground.person()]
      const key = await enrolled(ada)
      const [beside, alone] = [visit(), visit()]
      const shown = [await signIn(beside, slugs.beside, ada), await alone.start(slugs.alone)] as const
      await ground.prisma.user.update({ where: { id: ada.id }, data: { isActive: false } })

      for (const [client, view] of [
        [beside, shown[0]],
        [alone, shown[1]],
      ] as const) {
        const refused = await answer(client, key.authenticate(optionsOf(view)))
        expect(refused).toMatchObject({ errors: [{ message: 'Invalid device' }] })
        expect(await client.whoAmI()).toBeUndefined()
      }
    })

    it('is one of a key that was removed on the way', async () => {
      const [slugs, ada] = [await flowsFor(ground), await ground.person()]
      const key = await enrolled(ada)
      const client = visit()
      const shown = await client.start(slugs.alone)
      await ground.prisma.authenticator.deleteMany({ where: { userId: ada.id } })

      expect(await answer(client, key.authenticate(optionsOf(shown)))).toMatchObject({ errors: [{ message: 'Invalid device' }] })
      expect(await client.whoAmI()).toBeUndefined()
    })
  })
})
