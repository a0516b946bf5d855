import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createSecretBox } from '../../src/credentials/secret-box.ts'
import { sealAuthenticator } from '../../src/db/authenticators.ts'
import { describeInChromium } from '../support/browsing.ts'
import { DuoPeople } from '../support/duo-people.ts'
import { startDuoServer } from '../support/duo-server.ts'
import { seedFlow } from '../support/seed.ts'
import { createAccount } from '../support/test-app.ts'

const duo = await startDuoServer()
afterAll(() => duo.close())

describeInChromium(
  'Duo on the built-in page',
  (browsing) => {
    let people: DuoPeople
    let made = 0

    beforeAll(async () => {
      const { app } = browsing
      duo.now = () => app.clock.now()
      people = await DuoPeople.of(app.database, duo, app.config.secretKeys[0] ?? '')
      await seedFlow(app.database, {
        slug: 'with-duo',
        stages: [{ kind: 'identification' }, { kind: 'password' }, { kind: 'authenticator_validate' }, { kind: 'user_login' }],
      })
      await seedFlow(app.database, {
        slug: 'set-up-duo',
        stages: [
          { kind: 'identification' },
          { kind: 'password' },
          { kind: 'authenticator_duo', config: duo.stageConfig },
          { kind: 'user_login' },
        ],
      })
    })

    /** Somebody who is asked to prove themselves with Duo. */
    const atDuo = async (about?: Parameters<DuoPeople['person']>[1]) => {
      made += 1
      const person = await people.person(`person${made}`, about)
      const page = await browsing.visit('/if/flow/with-duo/')
      await browsing.signIn(page, person)
      await page.getByRole('button', { name: 'Ask me on my device' }).waitFor()
      return { page, person }
    }

    const askOf = async (page: Page) => {
      await page.getByRole('button', { name: 'Ask me on my device' }).click()
      await awaited(page).waitFor()
    }

    it('signs in whoever approves while the page waits', async () => {
      const { page, person } = await atDuo()
      await askOf(page)
      await duo.asked(person.username)
      expect(await page.getByRole('alert').count()).toBe(0)

      duo.approve(person.username)

      await page.getByRole('heading', { name: `Hello, ${person.username}` }).waitFor()
    })

    it('tells of a denial, asks nobody again by itself, and does when that is wanted', async () => {
      const { page, person } = await atDuo()
      await askOf(page)
      await duo.asked(person.username)
      duo.deny(person.username)
      await page.getByRole('alert').getByText('Duo denied access').waitFor()
      expect(duo.pushes(person.username)).toHaveLength(1)

      await page.getByRole('button', { name: 'Ask again' }).click()
      await awaited(page).waitFor()
      await duo.asked(person.username)
      duo.approve(person.username)
      await page.getByRole('heading', { name: `Hello, ${person.username}` }).waitFor()
    })

    it('is told by name to be asked, once it is known which devices there are, or answers with a passcode', async () => {
      const { page, person } = await atDuo({ passcodes: ['123456'] })
      await askOf(page)
      await duo.asked(person.username)
      await page.getByRole('button', { name: 'Choose another way' }).click()
      await page.getByRole('button', { name: 'Call iOS (XXX-XXX-0100)' }).click()
      await awaited(page).waitFor()
      expect(await duo.asked(person.username)).toMatchObject({ factor: 'phone' })

      await page.getByRole('button', { name: 'Choose another way' }).click()
      await page.getByLabel('Code').fill('123456')
      await page.keyboard.press('Enter')

      await page.getByRole('heading', { name: `Hello, ${person.username}` }).waitFor()
    })

    it('says from when on somebody may be asked again who was asked too often, and takes a passcode meanwhile', async () => {
      const { page, person } = await atDuo({ reacts: { result: 'deny' }, passcodes: ['123456'] })
      await askOf(page)
      for (let times = 1; times < 5; times += 1) {
        await page.getByRole('button', { name: 'Ask again' }).click()
        await expect.poll(() => duo.pushes(person.username).length).toBe(times + 1)
        await page.getByRole('alert').getByText('Duo denied access').waitFor()
      }
      const again = page.getByRole('button', { name: 'Ask again' })
      await expect.poll(() => again.getAttribute('aria-disabled')).toBe('true')
      await page.getByText('Too many requests were made. Possible in 10 minutes').waitFor()
      expect(await page.getByRole('button', { name: /^(Call|Send)/ }).count()).toBe(0)

      await page.getByLabel('Code').fill('123456')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: `Hello, ${person.username}` }).waitFor()
    })

    it('shows the number that is to be typed into the app, and has it read out', async () => {
      const { page, person } = await atDuo({ verifiedPush: true })
      await askOf(page)
      const { verificationCode = '' } = await duo.asked(person.username)
      await page.getByText(verificationCode, { exact: true }).waitFor()
      const spoken = `Approve on your device. Type this number into the app: ${[...verificationCode].join(' ')}`
      await expect.poll(() => page.locator('#news').textContent()).toBe(spoken)

      duo.approve(person.username, verificationCode)

      await page.getByRole('heading', { name: `Hello, ${person.username}` }).waitFor()
    })

    it('goes on with the request that is under way when the page is loaded again, beside other ways', async () => {
      made += 1
      const person = await people.person(`person${made}`)
      await addApp(person.id)
      const page = await browsing.visit('/if/flow/with-duo/')
      await browsing.signIn(page, person)
      await page.getByRole('button', { name: 'Duo' }).click()
      await askOf(page)
      await duo.asked(person.username)
      await page.reload()
      await awaited(page).waitFor()
      expect(await page.getByLabel('Code').count()).toBe(0)
      duo.deny(person.username)
      await page.getByRole('alert').getByText('Duo denied access').waitFor()

      await page.getByRole('button', { name: 'Ask again' }).click()
      await awaited(page).waitFor()
      await page.getByRole('button', { name: 'Choose another way' }).click()
      await page.getByText('Please prove that it is you:').waitFor()
      await page.getByRole('button', { name: 'Code from your authenticator app' }).click()
      await page.getByLabel('Code').waitFor()
      expect(await page.getByRole('button', { name: 'Ask again' }).count()).toBe(0)
    })

    const addApp = async (userId: number) => {
      const { database, config } = browsing.app
      const id = randomUUID()
      const sealed = sealAuthenticator(id, { secret: 'JBSWY3DPEHPK3PXP', digits: 6 }, createSecretBox(config.secretKeys))
      await database.prisma.authenticator.create({ data: { id, userId, kind: 'totp', name: 'App', sealed } })
    }

    it('is set up by a picture or a link, and leads on by itself', async () => {
      const person = await createAccount(browsing.app.database, 'newcomer')
      const page = await browsing.visit('/healthz')
      await page.route('**/frame/qr?*', (route) => route.fulfill({ contentType: 'image/svg+xml', body: square }))
      await page.goto('/if/flow/set-up-duo/')
      await browsing.signIn(page, person)
      const picture = page.getByRole('img', { name: 'QR code for Duo Mobile' })
      await picture.waitFor()
      const width = () => picture.evaluate((image) => (image as unknown as { readonly naturalWidth: number }).naturalWidth)
      await expect.poll(width).toBe(40)
      expect(await picture.getAttribute('src')).toContain(duo.settings.host)
      const link = page.getByRole('link', { name: 'Set up Duo Mobile on this device' })
      expect(await link.getAttribute('href')).toContain('/activate/')

      duo.activate(person.username)

      await page.getByRole('heading', { name: `Hello, ${person.username}` }).waitFor({ timeout: 15_000 })
    })

    it('is set up by the link where the picture cannot be had', async () => {
      const person = await createAccount(browsing.app.database, 'pictureless')
      const page = await browsing.visit('/healthz')
      await page.route('**/frame/qr?*', (route) => route.abort())
      await page.goto('/if/flow/set-up-duo/')
      await browsing.signIn(page, person)

      await page.getByText('The QR code could not be loaded.').waitFor()
      await page.getByRole('link', { name: 'Set up Duo Mobile on this device' }).waitFor()
    })
  },
  duo.env,
)

const square = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/></svg>'

function awaited(page: Page) {
  return page.locator('#flow').getByText('Approve on your device.')
}
