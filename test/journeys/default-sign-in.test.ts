import { beforeAll, describe, expect, it } from 'vitest'
import { applyFlows } from '../support/default-flows.ts'
import { faces } from '../support/journey-clients.ts'
import type { Fields, View } from '../support/journey-view.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { configure } from '../support/set-ups.ts'
import { createSoftwareAuthenticator } from '../support/software-authenticator.ts'
import type { Account } from '../support/test-app.ts'

const plain = 'default-authentication-flow'

/** What a key is asked with. */
function optionsOf({ fields }: View): Fields {
  return (fields.deviceChallenges as { challenge: Fields }[])[0]?.challenge ?? {}
}

describeJourneys('our own sign-in', (ground) => {
  beforeAll(() => applyFlows(ground.app))

  describe.each(faces)('over %s', (_, Client) => {
    /** A key that somebody has set up by our own flow. */
    const enrolled = async (account: Account) => {
      const key = createSoftwareAuthenticator({ origin: new URL(ground.app.config.publicUrl).origin })
      const client = new Client(ground.app.url)
      await signIn(client, plain, account)
      const shown = await configure(ground, client, 'default-authenticator-webauthn-setup')
      expect(shown).toMatchObject({ kind: 'authenticator_webauthn', title: 'Set up a passkey or security key' })
      const response = key.register(shown.fields.registration)
      expect(await client.answer('authenticator_webauthn', { response })).toMatchObject({ kind: 'redirect' })
      return key
    }

    it('leads to the recovery and to passkeys, and keeps where somebody wants to go', async () => {
      const client = new Client(ground.app.url)
      const { fields } = await client.start(plain, 'next=/apps')
      expect(fields).toMatchObject({
        recoveryUrl: '/if/flow/default-recovery-flow/?next=%2Fapps',
        passwordlessUrl: '/if/flow/passwordless-authentication/?next=%2Fapps',
      })
      expect(fields).not.toHaveProperty('enrollUrl')
      const asked = await client.answer('identification', { uidField: 'nobody' })
      expect(asked).toMatchObject({ kind: 'password' })
      expect(String(asked.fields.recoveryUrl)).toContain('/if/flow/default-recovery-flow/')
    })

    it('takes a passkey alone, and no password before one', async () => {
      const ada = await ground.person()
      const key = await enrolled(ada)
      const client = new Client(ground.app.url)
      const asked = await client.start('passwordless-authentication')
      expect(asked).toMatchObject({ kind: 'authenticator_validate' })
      expect(optionsOf(asked)).toMatchObject({ userVerification: 'required' })
      expect(await client.answer('authenticator_validate', { code: '000000' })).toMatchObject({ kind: 'authenticator_validate' })
      expect(await client.whoAmI()).toBeUndefined()

      const fresh = await client.read()
      const webauthn = key.authenticate(optionsOf(fresh))
      expect(await client.answer('authenticator_validate', { webauthn })).toMatchObject({ kind: 'redirect', to: '/' })
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it('takes the same key as a second factor', async () => {
      const ada = await ground.person()
      const key = await enrolled(ada)
      const client = new Client(ground.app.url)
      const asked = await signIn(client, 'two-factor-authentication', ada)
      expect(asked).toMatchObject({ kind: 'authenticator_validate', fields: { configurationStages: [] } })
      const webauthn = key.authenticate(optionsOf(asked))
      expect(await client.answer('authenticator_validate', { webauthn })).toMatchObject({ kind: 'redirect', to: '/' })
      expect(await client.whoAmI()).toBe(ada.username)
    })
  })
})
