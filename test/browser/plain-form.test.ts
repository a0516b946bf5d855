import { beforeAll, expect, it } from 'vitest'
import { describeInChromium } from '../support/browsing.ts'
import { seedFlow } from '../support/seed.ts'
import { type Account, createAccount } from '../support/test-app.ts'

describeInChromium('a challenge that the built-in page has no screen for', (browsing) => {
  let ada: Account

  beforeAll(async () => {
    ada = await createAccount(browsing.app.database, 'ada')
    const remembering = { kind: 'user_login', config: { rememberMeOffset: 'days=30' } }
    const stages = [{ kind: 'identification' }, { kind: 'password' }, remembering]
    await seedFlow(browsing.app.database, { slug: 'newer', stages })
  })

  it("is answered by a form made of the answer's rules", async () => {
    const page = await browsing.visit('/healthz')
    // As if these kinds were newer than the page.
    await page.route('**/flow/screens.js', async (route) => {
      const response = await route.fetch()
      const text = (await response.text()).replaceAll(/^ {2}(Password|UserLogin)Challenge: .*$/gm, '')
      await route.fulfill({ response, body: text })
    })
    await page.goto('/if/flow/newer/')
    await page.getByLabel('User name or e-mail address').fill(ada.username)
    await page.getByRole('button', { name: 'Log in' }).click()

    const password = page.getByLabel('Password')
    expect(await password.getAttribute('type')).toBe('password')
    expect(await password.getAttribute('autocomplete')).toBe('current-password')
    await password.fill('a wrong one')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('Invalid password').waitFor()
    await password.fill(ada.password)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Remember me').check()
    await page.getByRole('button', { name: 'Continue' }).click()

    await page.waitForURL((url) => url.pathname === '/')
    const [session] = await browsing.app.database.prisma.session.findMany({ where: { userId: ada.id } })
    expect(session?.persistent).toBe(true)
  })
})
