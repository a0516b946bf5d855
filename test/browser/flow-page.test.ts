import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeInChromium } from '../support/browsing.ts'
import { applyFlow, applyFlows } from '../support/default-flows.ts'
import { startMailServer } from '../support/mail-server.ts'
import { linkIn } from '../support/mailed-links.ts'
import { seedFlow } from '../support/seed.ts'
import { type Account, createAccount } from '../support/test-app.ts'

const mails = await startMailServer()
afterAll(() => mails.close())

describeInChromium(
  'the built-in page',
  (browsing) => {
    let ada: Account

    beforeAll(async () => {
      await applyFlows(browsing.app)
      await applyFlow(browsing.app, 'flow-default-enrollment-flow')
      ada = await createAccount(browsing.app.database, 'ada')
    })

    it('signs somebody in by name and password', async () => {
      const page = await browsing.visit('/')
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Welcome to Stagedoor')
      await browsing.signIn(page, { ...ada, password: 'a wrong one' })

      const password = page.getByLabel('Password')
      await page.getByText('Invalid password').waitFor()
      expect(await describedBy(password)).toBe('Invalid password')
      expect(await isFocused(password)).toBe(true)

      await password.fill(ada.password)
      await page.context().setOffline(true)
      await page.keyboard.press('Enter')
      await page.getByText('The server cannot be reached. Please try again.').waitFor()
      await page.context().setOffline(false)
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Hello, ada' }).waitFor()
    })

    it('goes on where it was when it is loaded again, and begins anew when it is come back to', async () => {
      const page = await browsing.visit('/if/flow/default-authentication-flow/')
      await page.getByLabel('User name or e-mail address').fill('ada')
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.getByLabel('Password').waitFor()

      await page.reload()
      await page.getByLabel('Password').waitFor()
      await page.goto('/if/flow/default-authentication-flow/')
      await page.getByLabel('User name or e-mail address').waitFor()
    })

    it('starts over, and gives up', async () => {
      const page = await browsing.visit('/if/flow/default-authentication-flow/?next=%2Fhealthz')
      await page.getByLabel('User name or e-mail address').fill('ada')
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.getByLabel('Password').waitFor()
      await page.getByRole('button', { name: 'Start over' }).click()
      await page.getByLabel('User name or e-mail address').waitFor()

      await page.getByRole('link', { name: 'Cancel' }).click()
      await page.waitForURL('**/healthz')
      const cancelled = await browsing.app.database.prisma.execution.count({ where: { status: 'cancelled' } })
      expect(cancelled).toBe(1)
    })

    it('shows what stands when another tab was faster', async () => {
      const path = '/if/flow/default-authentication-flow/'
      const page = await browsing.visit(path)
      await page.getByLabel('User name or e-mail address').fill('ada')
      const faster = await browsing.visitBeside(page, `${path}#execution=${await executionOn(page)}`)
      await faster.getByLabel('User name or e-mail address').fill('somebody else')
      await faster.getByRole('button', { name: 'Log in' }).click()
      await faster.getByLabel('Password').waitFor()

      await page.getByRole('button', { name: 'Log in' }).click()

      await page.getByText('somebody else').waitFor()
      expect(await page.getByRole('status').textContent()).toContain('answered elsewhere')
    })

    it('enrols somebody, who confirms the address in another browser', async () => {
      const page = await browsing.visit('/if/flow/default-enrollment-flow/')
      const password = 'a long and winding password'
      await page.getByLabel('Username').fill('ada')
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.getByLabel('Password, once more').fill(password)
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.locator('[aria-invalid=true]').waitFor()
      const username = page.getByLabel('Username')
      expect(await describedBy(username)).not.toBe('')
      expect(await isFocused(username)).toBe(true)
      expect(await username.inputValue()).toBe('ada')
      expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('')

      await username.fill('grace')
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.getByLabel('Password, once more').fill(password)
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByLabel('Name', { exact: true }).fill('Grace')
      await page.getByLabel('E-mail').fill('grace@example.test')
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.locator('#flow').getByText('Look into your inbox, and open the link').waitFor()
      await mails.next()
      await page.getByRole('button', { name: 'Send the mail again' }).click()
      await page.getByText('The mail was asked for again').waitFor()
      expect(await page.getByRole('alert').count()).toBe(0)

      const { slug, query } = linkIn(await mails.next())
      const elsewhere = await browsing.visit(`/if/flow/${slug}/?${query}`)
      await elsewhere.getByText('Continue to confirm this email address.').waitFor()
      await elsewhere.getByRole('button', { name: 'Continue' }).click()
      await elsewhere.getByRole('heading', { name: 'Hello, Grace' }).waitFor()
    })

    it('asks for consent, which may be declined', async () => {
      await seedFlow(browsing.app.database, {
        slug: 'consent',
        stages: [{ kind: 'consent', config: { mode: 'always_require' } }],
      })
      const { prisma } = browsing.app.database
      const page = await browsing.visit('/if/flow/consent/?next=%2Fhealthz')
      await page.getByRole('button', { name: 'Decline' }).click()
      await page.waitForURL('**/healthz')

      await page.goto('/if/flow/consent/?next=%2Freadyz')
      await page.getByRole('button', { name: 'Continue' }).waitFor()
      const id = await executionOn(page)
      const { plan } = await prisma.execution.findUniqueOrThrow({ where: { id } })
      const { context, ...rest } = plan as { context: object }
      const wanted = {
        consent_header: 'Notes wants to <b>know</b> you',
        consent_permissions: [{ id: 'profile', name: 'See your name' }],
        consent_additional_permissions: [{ id: 'mail', name: 'See your mail address' }],
      }
      await prisma.execution.update({ where: { id }, data: { plan: { ...rest, context: { ...context, ...wanted } } } })
      await page.reload()
      await page.getByText('Notes wants to <b>know</b> you').waitFor()
      expect(await page.getByRole('listitem').allTextContents()).toEqual(['See your name', 'See your mail address'])
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.waitForURL('**/readyz')
    })

    it('leads nowhere that is something to run', async () => {
      const config = { mode: 'static', targetStatic: 'javascript:document.title="run"' }
      await seedFlow(browsing.app.database, { slug: 'to-be-run', stages: [{ kind: 'redirect', config }] })
      const page = await browsing.visit('/if/flow/to-be-run/')
      await page.getByText('Go on').waitFor()

      expect(await page.getByRole('link', { name: 'Go on' }).count()).toBe(0)
      expect(await page.title()).toBe('to-be-run')
    })

    it('tells by which number to report what broke, and tries again', async () => {
      await seedFlow(browsing.app.database, { slug: 'broken', stages: [{ kind: 'dummy', config: { throwError: true } }] })
      const page = await browsing.visit('/if/flow/broken/')
      const report = page.getByText(/^Something broke on the server\. Report [\w-]{36} /)
      const first = await report.textContent()

      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByText(String(first)).waitFor({ state: 'detached' })
      await report.waitFor()
    })

    it('tells why somebody may not go on', async () => {
      await seedFlow(browsing.app.database, {
        slug: 'not-for-you',
        stages: [{ kind: 'deny', config: { denyMessage: 'Not today.' } }],
      })
      const page = await browsing.visit('/if/flow/not-for-you/')

      await page.getByText('Not today.').waitFor()
      await page.getByRole('link', { name: 'Begin again' }).click()
      await page.getByText('Not today.').waitFor()
    })
  },
  mails.env,
)

function describedBy(control: ReturnType<Page['getByLabel']>): Promise<string> {
  return control.evaluate((element) => {
    const ids: string[] = (element.getAttribute('aria-describedby') ?? '').split(' ')
    return ids.map((id) => element.ownerDocument.getElementById(id)?.textContent).join(' ')
  })
}

function isFocused(control: ReturnType<Page['getByLabel']>): Promise<boolean> {
  return control.evaluate((element) => element === element.ownerDocument.activeElement)
}

/** What the page remembers, to go on with when it is loaded again. */
async function executionOn(page: Page): Promise<string> {
  return JSON.parse(await page.evaluate(`sessionStorage.getItem('stagedoor.execution')`)).id
}
