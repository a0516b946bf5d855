import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient, View } from '../support/journey-view.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import type { SeedStage } from '../support/seed.ts'
import { type SmsWebhook, startSmsWebhook } from '../support/sms-webhook.ts'
import type { Account } from '../support/test-app.ts'

const beforeFactor: readonly SeedStage[] = [{ kind: 'identification' }, { kind: 'password' }]
const empty = [{ field: 'nonFieldErrors', message: 'Empty response' }]

/** Sign-in by a password alone, sign-in with a second factor, and a flow that sets one up. */
async function flowsFor(ground: Ground, setUp: SeedStage, config: object = {}) {
  const setup = await ground.flow({
    stages: [setUp],
    flow: { designation: 'stage_configuration', authentication: 'require_authenticated' },
  })
  const plain = await ground.flow()
  const strong = await ground.flow({
    stages: [...beforeFactor, { kind: 'authenticator_validate', config }, { kind: 'user_login' }],
  })
  return { setup: setup.slug, plain: plain.slug, strong: strong.slug }
}

/** The first of the challenges, as a client sends it back. */
function selected(view: View) {
  const [{ deviceUid, deviceClass, challenge } = {} as never] = view.fields.deviceChallenges as Record<string, string>[]
  const named = { device_class: deviceClass, device_uid: deviceUid, challenge, last_used: null }
  return { selectedChallenge: named }
}

describeJourneys('codes that are sent', (ground) => {
  let mailServer: MailServer
  let webhook: SmsWebhook
  beforeAll(async () => {
    mailServer = await startMailServer()
    webhook = await startSmsWebhook()
  })
  afterAll(async () => {
    await mailServer.close()
    webhook.close()
  })

  /** The code in the next mail, and where it went. */
  async function mailed() {
    const mail = await mailServer.next()
    return { to: mail.to[0], code: /^\d{6}$/m.exec(mail.text ?? '')?.[0] ?? 'none' }
  }

  describe.each(faces)('over %s', (_, Client) => {
    const mailStage = () => ({
      kind: 'authenticator_email',
      config: { host: '127.0.0.1', port: mailServer.port, fromAddress: 'login@example.test' },
    })
    const smsStage = () => ({
      kind: 'authenticator_sms',
      config: {
        provider: 'generic',
        accountSid: webhook.url,
        fromNumber: '+15550199',
        auth: 'not a real token',
      },
    })

    async function signedIn(slug: string, person: Account): Promise<JourneyClient> {
      const client = new Client(ground.app.url)
      await signIn(client, slug, person)
      return client
    }

    it('set up a mailbox by the address that was confirmed, and prove it later', async () => {
      const [slugs, ada] = [await flowsFor(ground, mailStage()), await ground.person()]
      const client = await signedIn(slugs.plain, ada)
      const shown = await client.start(slugs.setup)
      expect(shown.fields).toMatchObject({ emailRequired: false, email: expect.stringMatching(/^p\*+@e\*+\.test$/) })
      const first = await mailed()
      await client.read()
      const other = `other.${ada.email}`
      const again = await client.answer('authenticator_email', { email: other })
      const second = await mailed()

      expect([first.to, second.to]).toEqual([ada.email, other])
      expect(again).toMatchObject({ kind: 'authenticator_email', errors: [], fields: { emailRequired: false } })
      if (first.code !== second.code)
        expect(await client.answer('authenticator_email', { code: first.code })).toMatchObject({
          errors: [{ field: 'nonFieldErrors', message: 'Code does not match' }],
        })
      expect(await client.answer('authenticator_email', { code: second.code })).toMatchObject({ kind: 'redirect' })

      const browser = new Client(ground.app.url)
      const asked = await signIn(browser, slugs.strong, ada)
      expect(await browser.answer('authenticator_validate', selected(asked))).toMatchObject({ errors: empty })
      const { to, code } = await mailed()
      expect(to).toBe(other)
      expect(await browser.answer('authenticator_validate', { code })).toMatchObject({ kind: 'redirect', to: '/' })
      expect(await browser.whoAmI()).toBe(ada.username)
      expect(mailServer.mails.filter(({ to: [address] }) => address === ada.email)).toHaveLength(1)
    })

    it('set up a telephone, and prove it later', async () => {
      const [slugs, ada, grace] = [await flowsFor(ground, smsStage()), await ground.person(), await ground.person()]
      const number = `+1555${String(ada.id).padStart(6, '0')}`
      const before = webhook.texts.filter(({ To }) => To === number).length
      const client = await signedIn(slugs.plain, ada)
      expect((await client.start(slugs.setup)).fields).toMatchObject({ phoneNumberRequired: true })
      expect(await client.answer('authenticator_sms', { phoneNumber: number })).toMatchObject({
        errors: [],
        fields: { phoneNumberRequired: false },
      })
      expect(await client.answer('authenticator_sms', { code: (await webhook.to(number, before + 1)).Body })).toMatchObject({
        kind: 'redirect',
      })

      const stranger = await signedIn(slugs.plain, grace)
      await stranger.start(slugs.setup)
      expect(await stranger.answer('authenticator_sms', { phoneNumber: number })).toMatchObject({
        errors: [{ message: 'Invalid phone number' }],
      })

      const browser = new Client(ground.app.url)
      const asked = await signIn(browser, slugs.strong, ada)
      expect(await browser.answer('authenticator_validate', selected(asked))).toMatchObject({ errors: empty })
      expect(await browser.answer('authenticator_validate', { code: (await webhook.to(number, before + 2)).Body })).toMatchObject(
        { kind: 'redirect' },
      )
      expect(await browser.whoAmI()).toBe(ada.username)
    })

    it('are not asked for again by a browser that showed one, for as long as is configured', async () => {
      const slugs = await flowsFor(ground, mailStage(), { lastAuthThreshold: 'hours=1' })
      const ada = await ground.person()
      const client = await signedIn(slugs.plain, ada)
      await client.start(slugs.setup)
      await client.answer('authenticator_email', { code: (await mailed()).code })
      const browser = new Client(ground.app.url)
      const asked = await signIn(browser, slugs.strong, ada)
      await browser.answer('authenticator_validate', selected(asked))
      await browser.answer('authenticator_validate', { code: (await mailed()).code })
      expect(await browser.whoAmI()).toBe(ada.username)

      const signOut = await ground.flow({ stages: [{ kind: 'user_logout' }], flow: { designation: 'invalidation' } })
      await browser.start(signOut.slug)
      expect(await browser.whoAmI()).toBeUndefined()
      expect(await signIn(browser, slugs.strong, ada)).toMatchObject({ kind: 'redirect' })
      expect(await browser.whoAmI()).toBe(ada.username)
      expect(await signIn(new Client(ground.app.url), slugs.strong, ada)).toMatchObject({ kind: 'authenticator_validate' })
    })

    it('are few: who asks for more is told to wait', async () => {
      const [slugs, ada] = [await flowsFor(ground, smsStage()), await ground.person()]
      const client = await signedIn(slugs.plain, ada)
      await client.start(slugs.setup)
      const number = (index: number) => `+1666${String(ada.id).padStart(6, '0')}${index}`
      for (const index of [0, 1, 2, 3, 4]) await client.answer('authenticator_sms', { phoneNumber: number(index) })

      expect(await client.answer('authenticator_sms', { phoneNumber: number(5) })).toMatchObject({
        errors: [{ field: 'nonFieldErrors', code: 'throttled', message: expect.stringContaining('Too many messages.') }],
      })
      await webhook.to(number(4))
      expect(webhook.texts.filter(({ To }) => To === number(5))).toEqual([])
    })
  })
})
