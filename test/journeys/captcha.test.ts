import { describe, expect, it } from 'vitest'
import { solveAltcha } from '../support/altcha-widget.ts'
import { startCaptchaProvider } from '../support/captcha-provider.ts'
import { faces } from '../support/journey-clients.ts'
import type { View } from '../support/journey-view.ts'
import { describeJourneys } from '../support/journeys.ts'
import type { SeedStage } from '../support/seed.ts'
import type { Account } from '../support/test-app.ts'

// Enough to be work, and little enough for a test.
const altcha = { provider: 'altcha', maxNumber: 50 }
const remote = (apiUrl: string) => ({ provider: 'remote', publicKey: 'a site key', privateKey: 'a secret key', apiUrl })
const retry = 'Invalid captcha response. Retrying may solve this issue.'

describeJourneys('a captcha', (ground) => {
  /** Sign-in with a captcha between the name and the password. */
  const between = async (config: object) => {
    const stages: SeedStage[] = [
      { kind: 'identification' },
      { kind: 'captcha', config },
      { kind: 'password' },
      { kind: 'user_login' },
    ]
    return (await ground.flow({ stages })).slug
  }
  /** Sign-in with everything on one screen. */
  const embedded = async (config: object) => {
    const { stageIds } = await ground.flow({ stages: [{ kind: 'captcha', config }, { kind: 'password' }] })
    const [captchaStage, passwordStage] = stageIds
    const identification = { userFields: ['username'], captchaStage, passwordStage }
    return (await ground.flow({ stages: [{ kind: 'identification', config: identification }, { kind: 'user_login' }] })).slug
  }
  const shownBeside = ({ fields }: View) => fields.captchaStage as { readonly component: string; readonly altcha: unknown }

  describe.each(faces)('over %s', (_, Client) => {
    const named = async (slug: string, { username }: Pick<Account, 'username'>) => {
      const client = new Client(ground.app.url)
      await client.start(slug)
      return { client, asked: await client.answer('identification', { uidField: username }) }
    }

    it('is work to be done (ALTCHA), by known people and unknown ones, and good for one answer', async () => {
      const [slug, ada] = [await between(altcha), await ground.person()]
      const { client, asked } = await named(slug, ada)
      expect(asked).toMatchObject({ kind: 'captcha', fields: { siteKey: '', jsUrl: '' } })
      expect((await client.read()).fields).toEqual(asked.fields)
      const token = await solveAltcha(asked.fields.altcha)
      const forged = await solveAltcha(asked.fields.altcha, ({ challenge, solution }) => ({
        challenge,
        solution: { ...solution, derivedKey: solution.derivedKey.replace(/.$/, (last) => (last === '0' ? '1' : '0')) },
      }))

      const refused = await client.answer('captcha', { token: forged })
      expect(refused).toMatchObject({ kind: 'captcha', errors: [{ field: 'token', message: retry }] })
      expect(await client.answer('captcha', { token })).toMatchObject({ kind: 'password' })

      const stranger = await named(slug, { username: 'nobody' })
      expect(await stranger.client.answer('captcha', { token })).toMatchObject({ kind: 'captcha', errors: [{ message: retry }] })
      const own = await solveAltcha((await stranger.client.read()).fields.altcha)
      expect(await stranger.client.answer('captcha', { token: own })).toMatchObject({ kind: 'password' })

      expect(await client.answer('password', { password: ada.password })).toMatchObject({ kind: 'redirect' })
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it('runs out, and then asks for other work', async () => {
      const { client, asked } = await named(await between(altcha), await ground.person())
      const token = await solveAltcha(asked.fields.altcha)
      ground.app.clock.advance(10 * 60)

      const late = await client.answer('captcha', { token })
      expect(late).toMatchObject({ kind: 'captcha', errors: [{ field: 'token', message: retry }] })
      const fresh = await solveAltcha(late.fields.altcha)
      expect(await client.answer('captcha', { token: fresh })).toMatchObject({ kind: 'password' })
    })

    it('stands beside the name and the password, neither of which is looked at without it', async () => {
      const [slug, ada] = [await embedded(altcha), await ground.person()]
      const client = new Client(ground.app.url)
      const shown = await client.start(slug)
      expect(shownBeside(shown).component).toBe('ak-stage-captcha')
      const answer = (captchaToken: string | undefined, password = ada.password) =>
        client.answer('identification', { uidField: ada.username, password, captchaToken })
      const refusal = { kind: 'identification', errors: [{ field: 'nonFieldErrors', message: 'Failed to authenticate.' }] }
      const solved = async () => solveAltcha(shownBeside(await client.read()).altcha)

      for (const nothing of [undefined, 'nonsense']) expect(await answer(nothing)).toMatchObject(refusal)
      // Work is good for one guess.
      const token = await solved()
      expect(await answer(token, 'a guess')).toMatchObject(refusal)
      expect(await answer(token)).toMatchObject(refusal)
      expect(await client.whoAmI()).toBeUndefined()
      expect(await answer(await solved())).toMatchObject({ kind: 'redirect' })
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it("is judged by a provider, which is told the server's key, the token and the address", async () => {
      const provider = await startCaptchaProvider((response) => {
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify(verdicts.shift() ?? { success: true, score: 0.9 }))
      })
      const verdicts: object[] = [
        { success: false, 'error-codes': ['timeout-or-duplicate'] },
        { success: true, score: 0.1 },
      ]
      const [slug, ada] = [await between(remote(provider.url)), await ground.person()]
      const { client, asked } = await named(slug, ada)
      expect(asked).toMatchObject({ kind: 'captcha', fields: { siteKey: 'a site key' } })
      expect(JSON.stringify(asked)).not.toContain('a secret key')

      expect(await client.answer('captcha', { token: 'spent' })).toMatchObject({ errors: [{ field: 'token', message: retry }] })
      expect(await client.answer('captcha', { token: 'doubtful' })).toMatchObject({
        errors: [{ message: 'Invalid captcha response' }],
      })
      expect(await client.answer('captcha', { token: 'good' })).toMatchObject({ kind: 'password' })
      expect(provider.asked.map(({ body }) => Object.fromEntries(new URLSearchParams(body)))).toEqual(
        ['spent', 'doubtful', 'good'].map((response) => ({ secret: 'a secret key', response, remoteip: expect.any(String) })),
      )
    })

    it('lets nobody pass while its provider is out of reach', async () => {
      const provider = await startCaptchaProvider({ success: true })
      const { client } = await named(await between(remote(provider.url)), await ground.person())
      await provider.stop()

      expect(await client.answer('captcha', { token: 'good' })).toMatchObject({
        kind: 'captcha',
        errors: [{ field: 'token', message: 'Failed to validate token' }],
      })
    })
  })
})
