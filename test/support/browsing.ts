import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest'
import type { StageDefinition } from '../../src/flow/stage.ts'
import { chromiumAvailable, noChromium, openChromium } from './chromium.ts'
import { type Account, startTestApp, type TestApp } from './test-app.ts'

/** A browser and a server that knows by which address the browser finds it. */
export class Browsing {
  private browser: Browser | undefined
  private started: TestApp | undefined

  get app(): TestApp {
    if (!this.started) throw new Error('The server runs inside tests and their hooks only.')
    return this.started
  }

  async open(env: Record<string, string>, kinds?: readonly StageDefinition[]): Promise<void> {
    const port = String(await freePort())
    const addresses = { PORT: port, PUBLIC_URL: `http://localhost:${port}` }
    this.started = await startTestApp({ env: { ...addresses, ...env }, ...(kinds && { kinds }) })
    this.browser = await openChromium()
  }

  async close(): Promise<void> {
    await this.browser?.close()
    await this.started?.close()
  }

  /** Where the browser finds a page. Passkeys know hosts by their names, never by their addresses. */
  url(path: string): string {
    return new URL(path, this.app.config.publicUrl).href
  }

  /** A page of somebody who was never here, until the test is over. No page may meet what its policy forbids, or break. */
  async visit(path: string): Promise<Page> {
    if (!this.browser) throw new Error('The browser is there inside tests only.')
    this.catchUp()
    const context = await this.browser.newContext({ baseURL: this.app.config.publicUrl, timezoneId: 'Pacific/Auckland' })
    const page = await this.newPage(context)
    await page.goto(path)
    return page
  }

  /** Another page of the same person. */
  async visitBeside(page: Page, path: string): Promise<Page> {
    const other = await this.newPage(page.context())
    await other.goto(path)
    return other
  }

  /** Types a name and, on the next screen, a password. */
  async signIn(page: Page, { username, password }: Pick<Account, 'username' | 'password'>): Promise<void> {
    await page.getByLabel('User name or e-mail address').fill(username)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Continue' }).click()
  }

  /** Pages count down to instants by the browser's clock. */
  private catchUp(): void {
    const { clock } = this.app
    clock.advance(Math.max(0, (Date.now() - clock.now().getTime()) / 1000))
  }

  private async newPage(context: BrowserContext): Promise<Page> {
    const page = await context.newPage()
    page.setDefaultTimeout(10_000)
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => {
      // Other addresses may refuse, and what is no page has no icon of ours.
      const isRefusal =
        message.text().startsWith('WebSocket connection to') ||
        (message.text().startsWith('Failed to load resource') && !message.location().url.includes('/static/'))
      if (message.type() === 'error' && !isRefusal) problems.push(message.text())
    })
    onTestFinished(async () => {
      await context.close()
      expect(problems).toEqual([])
    })
    return page
  }
}

/** Tests in a real browser. A developer's machine may have none; in CI it must. */
export function describeInChromium(
  title: string,
  body: (browsing: Browsing) => void,
  env: Record<string, string> = {},
  kinds?: readonly StageDefinition[],
): void {
  describe.skipIf(!chromiumAvailable)(`${title}${chromiumAvailable ? '' : `: ${noChromium}`}`, () => {
    const browsing = new Browsing()
    beforeAll(() => browsing.open(env, kinds))
    afterAll(() => browsing.close())
    body(browsing)
  })
}

/** One that nobody listens on, to be named in an address before the server that will. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
