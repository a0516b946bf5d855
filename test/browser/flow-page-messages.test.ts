import type { Page } from 'playwright-core'
import { afterAll, expect, it } from 'vitest'
import { describeInChromium } from '../support/browsing.ts'
import { startMailServer } from '../support/mail-server.ts'
import { linkIn } from '../support/mailed-links.ts'
import { type SeedStage, seedFlow } from '../support/seed.ts'
import { startSmsWebhook } from '../support/sms-webhook.ts'
import { type Account, createAccount } from '../support/test-app.ts'

const mails = await startMailServer()
const webhook = await startSmsWebhook()
afterAll(async () => {
  await mails.close()
  webhook.close()
})

const sms: SeedStage = {
  kind: 'authenticator_sms',
  config: { provider: 'generic', accountSid: webhook.url, fromNumber: '+15550199', auth: 'not a real token' },
}
const mailed: SeedStage = { kind: 'email', config: { useGlobalSettings: true, recoveryMaxAttempts: 2 } }

describeInChromium(
  'messages on the built-in page',
  (browsing) => {
    let made = 0

    /** Somebody who has just proved their password. */
    const signedIn = async (stage: SeedStage, prepare: (page: Page) => Promise<unknown> = async () => undefined) => {
      made += 1
      const slug = `messages-${made}`
      await seedFlow(browsing.app.database, {
        slug,
        stages: [{ kind: 'identification' }, { kind: 'password' }, stage, { kind: 'user_login' }],
      })
      const person: Account = await createAccount(browsing.app.database, `person${made}`)
      const page = await browsing.visit('/healthz')
      await prepare(page)
      await page.goto(`/if/flow/${slug}/`)
      await browsing.signIn(page, person)
      return { page, person }
    }

    it('tell how they fare, and that a link was confirmed elsewhere, where nobody is signed in by that', async () => {
      const { page, person } = await signedIn(mailed)
      await shown(page, 'Look into your inbox, and open the link').waitFor()
      await shown(page, 'The mail was sent.').waitFor()
      await expect
        .poll(() => heard(page))
        .toBe('Look into your inbox, and open the link in the mail to go on. The mail was sent.')

      const { slug, query } = linkIn(await mails.next())
      const elsewhere = await browsing.visit(`/if/flow/${slug}/?${query}`)
      await elsewhere.getByRole('button', { name: 'Continue' }).click()
      await elsewhere.getByRole('heading', { name: `Hello, ${person.username}` }).waitFor()

      const told = 'The link in the mail was confirmed. Go on where you opened it.'
      await shown(page, told).waitFor()
      await expect.poll(() => heard(page)).toBe(told)
      expect(await page.getByRole('timer').count()).toBe(0)
      await page.goto('/')
      await page.getByLabel('User name or e-mail address').waitFor()
    })

    it('that cannot be sent say so, and are sent once more when somebody asks for that', async () => {
      mails.refusal = { at: 'data', code: 550 }
      const { page } = await signedIn(mailed)
      await page.getByRole('alert').getByText('The mail could not be sent.').waitFor()

      mails.refusal = undefined
      await page.getByRole('button', { name: 'Send the mail again' }).click()
      await shown(page, 'The mail was asked for again.').waitFor()
      await shown(page, 'The mail was sent.').waitFor()

      expect(await page.getByRole('alert').count()).toBe(0)
      expect(linkIn(await mails.next()).query).toContain('flow_token')
    })

    it('may be asked for only so often, and again after a while, without loading the page again', async () => {
      const { page } = await signedIn(mailed, (visited) => visited.clock.install())
      const again = page.getByRole('button', { name: 'Send the mail again' })
      for (let times = 0; times < 2; times += 1) {
        await again.click()
        await shown(page, 'The mail was sent.').waitFor()
      }
      await expect.poll(() => again.getAttribute('aria-disabled')).toBe('true')
      await again.focus()
      expect(await describedBy(page)).toMatch(/^Too many messages were asked for\. Possible in (5 minutes|4:\d\d)$/)
      await page.keyboard.press('Enter')
      expect(await page.getByRole('status').textContent()).toBe('')

      browsing.app.clock.advance(301)
      await page.clock.runFor(301_000)

      await expect.poll(() => again.getAttribute('aria-disabled')).toBe(null)
      expect(await focused(page)).toBe('Send the mail again')
      await expect.poll(() => heard(page)).toBe('Send the mail again: possible now.')
    })

    it('disturb nobody who types while they are on their way', async () => {
      const arrival = Promise.withResolvers<void>()
      mails.hold = arrival.promise
      const { page } = await signedIn({ kind: 'authenticator_email', config: { useGlobalSettings: true } })
      await shown(page, 'Your code is being sent.').waitFor()
      const code = page.getByLabel('Code')
      await code.fill('1234')
      await code.evaluate((field) =>
        (field as unknown as { setSelectionRange(a: number, b: number): void }).setSelectionRange(1, 3),
      )

      arrival.resolve()
      await shown(page, 'A code was sent to').waitFor()

      await expect.poll(() => heard(page)).toBe('Your code was sent.')
      await page.keyboard.type('0')
      expect(await code.inputValue()).toBe('104')
      mails.hold = undefined
    })

    it('by text that fail are told of, and the code of the next one is taken while the screen is the same', async () => {
      webhook.status = 400
      const { page, person } = await signedIn(sms)
      await page.getByLabel('Phone number').fill('+1 555 0100')
      await page.getByRole('button', { name: 'Send a code' }).click()
      await page.getByRole('alert').getByText('The text message could not be sent.').waitFor()

      webhook.status = 200
      await page.getByRole('button', { name: 'Send the code again' }).click()
      await shown(page, 'A code was sent to').waitFor()
      await page.getByLabel('Code').fill(webhook.texts.at(-1)?.Body ?? '')
      await page.keyboard.press('Enter')

      await page.getByRole('heading', { name: `Hello, ${person.username}` }).waitFor()
    })
  },
  mails.env,
)

/** What is there to be seen. */
function shown(page: Page, text: string) {
  return page.locator('#flow').getByText(text)
}

/** What was read out last. */
function heard(page: Page): Promise<string | null> {
  return page.locator('#news').textContent()
}

function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.textContent')
}

function describedBy(page: Page): Promise<string> {
  return page.evaluate(`document.getElementById(document.activeElement.getAttribute('aria-describedby')).textContent`)
}
