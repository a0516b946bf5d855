import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeInChromium } from '../support/browsing.ts'
import { applyFlows } from '../support/default-flows.ts'
import { startMailServer } from '../support/mail-server.ts'
import { seedFlow } from '../support/seed.ts'
import { type Account, createAccount } from '../support/test-app.ts'

const mails = await startMailServer()
afterAll(() => mails.close())

describeInChromium(
  'authenticators on the built-in page',
  (browsing) => {
    beforeAll(() => applyFlows(browsing.app))

    const signedIn = async (account: Account, path: string) => {
      const page = await browsing.visit(`/if/flow/default-authentication-flow/?${new URLSearchParams({ next: path })}`)
      await browsing.signIn(page, account)
      await page.waitForURL(`**${path}`)
      return page
    }

    it('sets an authenticator app up on the way in, and asks for its code the next time', async () => {
      const mary = await createAccount(browsing.app.database, 'mary')
      const page = await browsing.visit('/if/flow/two-factor-authentication/')
      await browsing.signIn(page, mary)
      await page.getByRole('button', { name: /authenticator app|totp/i }).click()

      const picture = page.getByRole('img', { name: /QR code/ })
      await picture.waitFor()
      expect(
        await picture.evaluate((image) => (image as unknown as { readonly naturalWidth: number }).naturalWidth),
      ).toBeGreaterThan(50)
      const address = await page.getByRole('link', { name: 'Open in an app on this device' }).getAttribute('href')
      const secret = new URL(String(address)).searchParams.get('secret') ?? ''
      expect((await page.getByRole('code').textContent())?.replaceAll(' ', '')).toBe(secret)
      const totp = new TOTP({ secret: Secret.fromBase32(secret) })
      const codeNow = () => totp.generate({ timestamp: browsing.app.clock.now().getTime() })
      await page.getByLabel('Code').fill(codeNow())
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByRole('heading', { name: 'Hello, mary' }).waitFor()

      browsing.app.clock.advance(60)
      const later = await browsing.visit('/if/flow/two-factor-authentication/')
      await browsing.signIn(later, mary)
      await later.getByLabel('Code').fill('000000')
      await later.getByRole('button', { name: 'Continue' }).click()
      await later.getByText('Invalid Token.').waitFor()
      browsing.app.clock.advance(60)
      await later.getByLabel('Code').fill(codeNow())
      await later.getByRole('button', { name: 'Continue' }).click()
      await later.getByRole('heading', { name: 'Hello, mary' }).waitFor()
    })

    it('hands out codes on paper, of which one signs in', async () => {
      const joan = await createAccount(browsing.app.database, 'joan')
      const page = await signedIn(joan, '/if/flow/default-authenticator-static-setup/')
      const codes = page.getByRole('list', { name: 'Codes' }).getByRole('listitem')
      await codes.first().waitFor()
      const [code = ''] = await codes.allTextContents()
      await page.getByRole('button', { name: 'I have written them down' }).click()
      await page.getByRole('heading', { name: 'Hello, joan' }).waitFor()

      const later = await browsing.visit('/if/flow/two-factor-authentication/')
      await browsing.signIn(later, joan)
      await later.getByLabel('Code').fill(code)
      await later.getByRole('button', { name: 'Continue' }).click()
      await later.getByRole('heading', { name: 'Hello, joan' }).waitFor()
    })

    it('sets a mailbox up for codes, and sends one at the next sign-in, chosen among others', async () => {
      const hedy = await createAccount(browsing.app.database, 'hedy')
      const page = await signedIn(hedy, '/if/flow/default-authenticator-email-setup/')
      await page.getByText('A code was sent to').waitFor()
      await page.getByRole('button', { name: 'Send the code elsewhere' }).click()
      await page.getByLabel('E-mail address').fill('nowhere')
      await page.getByRole('button', { name: 'Send a code' }).click()
      await page.locator(':invalid').first().waitFor()
      await page.reload()
      await page.getByLabel('Code').fill(codeIn((await latestMail()).text))
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByRole('heading', { name: 'Hello, hedy' }).waitFor()
      await page.goto('/if/flow/default-authenticator-static-setup/')
      await page.getByRole('button', { name: 'I have written them down' }).click()
      await page.getByRole('heading', { name: 'Hello, hedy' }).waitFor()

      const validate = { deviceClasses: ['email', 'static'], notConfiguredAction: 'deny' }
      await seedFlow(browsing.app.database, {
        slug: 'by-mail',
        stages: [
          { kind: 'identification' },
          { kind: 'password' },
          { kind: 'authenticator_validate', config: validate },
          { kind: 'user_login' },
        ],
      })
      const later = await browsing.visit('/if/flow/by-mail/')
      await browsing.signIn(later, hedy)
      await later.getByRole('button', { name: /^Code by mail to h/ }).click()
      const before = mails.mails.length
      await later.getByRole('button', { name: 'Send a code' }).click()
      await later.getByText('A code is on its way').waitFor()
      expect(await later.getByRole('alert').count()).toBe(0)
      await later.getByLabel('Code').fill('not it')
      await later.getByRole('button', { name: 'Continue' }).click()
      await later.getByText('Invalid Token.').waitFor()
      browsing.app.clock.advance(60)
      await later.getByLabel('Code').fill(codeIn((await latestMail(before)).text))
      await later.getByRole('button', { name: 'Continue' }).click()
      await later.getByRole('heading', { name: 'Hello, hedy' }).waitFor()
    })

    /** The last mail, of more than there were before. */
    const latestMail = async (before = 0) => {
      let mail = await mails.next()
      while (mails.mails.length <= before || mail !== mails.mails.at(-1)) mail = await mails.next()
      return mail
    }
  },
  mails.env,
)

function codeIn(text: string | undefined): string {
  return /\b\d{6}\b/.exec(text ?? '')?.[0] ?? ''
}
