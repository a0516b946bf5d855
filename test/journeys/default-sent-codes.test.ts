import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyFlow, applyFlows } from '../support/default-flows.ts'
import { faces } from '../support/journey-clients.ts'
import type { View } from '../support/journey-view.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { startMailServer } from '../support/mail-server.ts'
import { configure } from '../support/set-ups.ts'
import { startSmsWebhook } from '../support/sms-webhook.ts'
import type { Account } from '../support/test-app.ts'

const plain = 'default-authentication-flow'
const strong = 'two-factor-authentication'

const [mails, webhook] = [await startMailServer(), await startSmsWebhook()]
afterAll(async () => {
  await mails.close()
  webhook.close()
})

/** The first of the challenges, as a client sends it back. */
function selected(view: View) {
  const [first] = view.fields.deviceChallenges as Record<string, string>[]
  return { selectedChallenge: { device_class: first?.deviceClass, device_uid: first?.deviceUid, challenge: first?.challenge } }
}

describeJourneys(
  'our own flows for codes that are sent',
  (ground) => {
    beforeAll(async () => {
      await applyFlows(ground.app)
      // As the file's comment has it: an operator writes who sends the messages into the context.
      await applyFlow(ground.app, 'flow-default-authenticator-sms-setup', (text) =>
        text.replace('https://sms.example.org/send', webhook.url).replace('auth: change me', 'auth: a token of the operator'),
      )
    })

    const mailed = async () => {
      const mail = await mails.next()
      return { to: mail.to, subject: mail.headers.subject, code: /^\d{6}$/m.exec(mail.text ?? '')?.[0] ?? 'none' }
    }

    describe.each(faces)('over %s', (_, Client) => {
      const signedIn = async (account: Account) => {
        const client = new Client(ground.app.url)
        await signIn(client, plain, account)
        return client
      }

      it('set a mailbox up, and sign in with it', async () => {
        const ada = await ground.person()
        const client = await signedIn(ada)
        const shown = await configure(ground, client, 'default-authenticator-email-setup')
        expect(shown).toMatchObject({
          kind: 'authenticator_email',
          title: 'Set up codes by e-mail',
          fields: { emailRequired: false },
        })
        const first = await mailed()
        expect(first).toMatchObject({ to: [ada.email], subject: 'Your sign-in code' })
        expect(await client.answer('authenticator_email', { code: first.code })).toMatchObject({ kind: 'redirect' })

        const browser = new Client(ground.app.url)
        const asked = await signIn(browser, strong, ada)
        expect(asked).toMatchObject({ kind: 'authenticator_validate', fields: { configurationStages: [] } })
        await browser.answer('authenticator_validate', selected(asked))
        const { to, code } = await mailed()
        expect(to).toEqual([ada.email])
        expect(await browser.answer('authenticator_validate', { code })).toMatchObject({ kind: 'redirect', to: '/' })
        expect(await browser.whoAmI()).toBe(ada.username)
      })

      it('set a telephone up, and sign in with it', async () => {
        const ada = await ground.person()
        const number = `+1555${String(ada.id).padStart(6, '0')}`
        const before = webhook.texts.filter(({ To }) => To === number).length
        const client = await signedIn(ada)
        expect(await configure(ground, client, 'default-authenticator-sms-setup')).toMatchObject({
          kind: 'authenticator_sms',
          title: 'Set up codes by SMS',
          fields: { phoneNumberRequired: true },
        })
        await client.answer('authenticator_sms', { phoneNumber: number })
        const first = await webhook.to(number, before + 1)
        expect(first).toMatchObject({ From: '+15550100', authorization: 'Bearer a token of the operator' })
        expect(await client.answer('authenticator_sms', { code: first.Body })).toMatchObject({ kind: 'redirect' })

        const browser = new Client(ground.app.url)
        const asked = await signIn(browser, strong, ada)
        await browser.answer('authenticator_validate', selected(asked))
        const { Body: code } = await webhook.to(number, before + 2)
        expect(await browser.answer('authenticator_validate', { code })).toMatchObject({ kind: 'redirect' })
        expect(await browser.whoAmI()).toBe(ada.username)
      })
    })
  },
  mails.env,
)
