import type { Page, Route } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { describeInChromium } from '../support/browsing.ts'
import { Errands, errandStage } from '../support/errand.ts'
import { startFrontProxy } from '../support/front-proxy.ts'
import { PageTraffic } from '../support/page-traffic.ts'
import { type SeedStage, seedFlow } from '../support/seed.ts'
import { createAccount } from '../support/test-app.ts'
import { WaitingBrowser } from '../support/waiting-journey.ts'

const errands = new Errands()
const proxy = await startFrontProxy()
afterAll(() => proxy.close())
afterEach(() => proxy.refuses.clear())

const patient = { timeout: 10_000 }
const tour: readonly SeedStage[] = [{ kind: 'errand' }, { kind: 'dummy' }]
const signIn: readonly SeedStage[] = [{ kind: 'identification' }, { kind: 'errand' }, { kind: 'user_login' }]

describeInChromium(
  'the built-in page, while something slow is under way',
  (browsing) => {
    let made = 0

    beforeAll(() => proxy.leadTo(browsing.app.url))

    const seeded = async (stages: readonly SeedStage[]) => {
      made += 1
      await seedFlow(browsing.app.database, { slug: `slow-${made}`, stages })
      return `/if/flow/slow-${made}/`
    }

    /** Somebody whose errand is under way. */
    const underWay = async (stages = tour, prepare: (page: Page) => Promise<unknown> = async () => undefined) => {
      const page = await browsing.visit('/healthz')
      await prepare(page)
      const traffic = new PageTraffic(page)
      await page.goto(await seeded(stages))
      if (stages === signIn) await identify(page)
      else if (stages !== tour) await page.getByRole('button', { name: 'Continue' }).click()
      const id = await begin(page)
      return { page, id, traffic }
    }

    const identify = async (page: Page) => {
      const { username } = await createAccount(browsing.app.database, `person${made}`)
      await page.getByLabel('User name or e-mail address').fill(username)
      await page.getByRole('button', { name: 'Log in' }).click()
    }

    const begin = async (page: Page) => {
      await page.getByLabel('Begin').check()
      await page.getByRole('button', { name: 'Continue' }).click()
      await awaited(page).waitFor()
      return executionOn(page)
    }

    it('goes on the moment that it is over, and hangs up', async () => {
      const { page, id, traffic } = await underWay()
      await expect.poll(() => traffic.sockets).toEqual({ opened: 1, open: 1 })
      traffic.forget()

      errands.settle(id, 'done')
      await nextRoom(page).waitFor()

      expect(traffic.pushed).toEqual([3])
      expect(await focused(page)).toBe('h1')
      await expect.poll(() => traffic.sockets).toEqual({ opened: 1, open: 0 })
    })

    it('fetches the sign-in that no stream can bring, in every tab, one after the other', async () => {
      const { page, id } = await underWay(signIn)
      const path = new URL(page.url()).pathname
      const beside = await browsing.visitBeside(page, `${path}#execution=${id}`)
      await awaited(beside).waitFor()
      const traffic = new PageTraffic(beside)
      await expect.poll(() => proxy.held).toBe(2)
      const read = Promise.withResolvers<void>()
      const held = Promise.withResolvers<void>()
      await page.route('**/graphql', (route) => later(route, held.promise, read.resolve), { times: 1 })
      await comeBackTo(page)
      await read.promise

      errands.settle(id, 'done')
      await beside.getByText('You are being led on').waitFor()
      expect(traffic.asked).toEqual([])
      held.resolve()

      const name = `Hello, person${made}`
      await Promise.all([page, beside].map((tab) => tab.getByRole('heading', { name }).waitFor()))
    })

    it('hears nothing before the reply to what it asks, and all of it then', async () => {
      const { page, id, traffic } = await underWay()
      await expect.poll(() => traffic.sockets.open).toBe(1)
      const held = Promise.withResolvers<void>()
      await page.route('**/graphql', (route) => later(route, held.promise), { times: 1 })
      await page.getByRole('button', { name: 'Continue' }).click()
      await expect.poll(() => traffic.pushed).toEqual([3])
      errands.settle(id, 'done')
      await expect.poll(() => traffic.pushed).toEqual([3, 4])

      expect(await awaited(page).count()).toBe(1)
      expect(await page.getByRole('alert').count()).toBe(0)
      held.resolve()
      await nextRoom(page).waitFor()
    })

    it('is over when there is nothing to wait for any more', async () => {
      const { page } = await underWay()
      await expect.poll(() => proxy.held).toBe(1)
      await page.context().clearCookies()

      proxy.cut()

      await page.getByText('This session has no such execution.').waitFor()
      await page.getByRole('link', { name: 'Begin again' }).click()
      await page.getByLabel('Begin').waitFor()
    })

    it('tells that it was refused, where people are, and offers it again', async () => {
      const { page, id } = await underWay()
      await page.getByRole('button', { name: 'Choose another way' }).focus()

      errands.settle(id, 'refused')
      await page.getByRole('alert').getByText('They refused.').waitFor()

      expect(await page.getByRole('button', { name: 'Choose another way' }).count()).toBe(0)
      expect(await focused(page)).toBe('input')
      expect(await page.getByRole('button', { name: 'Send it again' }).isEnabled()).toBe(true)
    })

    it('says what is awaited for who does not see it, and counts the seconds for eyes alone', async () => {
      const { page } = await underWay(tour, (visited) => visited.clock.install())
      const timer = page.getByRole('timer')
      await expect.poll(() => heard(page)).toBe('Approve on your other device.')
      const first = String(await timer.textContent())

      await page.clock.runFor(2000)

      expect(await timer.textContent()).not.toBe(first)
      expect(await timer.textContent()).toMatch(/^0:5\d$/)
      expect(await heard(page)).toBe('Approve on your other device.')
      expect(await page.locator('[aria-live=polite], [role=status], [role=alert]').locator('[role=timer]').count()).toBe(0)
      await page.clock.runFor(27_000)
      expect(await heard(page)).toBe('Half a minute is left.')
    })

    it('looks at once whether it is over when its time is', async () => {
      const { page } = await underWay(tour, (visited) => visited.clock.install())
      browsing.app.clock.advance(61)
      await page.clock.fastForward(61_000)

      await page.getByText('It took too long.').waitFor()
    })

    it.each(['reduce', 'no-preference'] as const)('moves for those who like that: %s', async (reducedMotion) => {
      const { page } = await underWay(tour, (visited) => visited.emulateMedia({ reducedMotion }))

      expect(await page.evaluate('document.getAnimations().length')).toBe(reducedMotion === 'reduce' ? 0 : 1)
    })

    it('gives up what is under way for another way, and goes back', async () => {
      const { page } = await underWay([{ kind: 'dummy' }, ...tour], async () => undefined)
      await page.getByRole('button', { name: 'Choose another way' }).click()
      await awaited(page).waitFor({ state: 'detached' })
      await page.getByLabel('Begin').waitFor()
      await page.getByRole('button', { name: 'Back' }).click()
      await nextRoom(page).waitFor()
    })

    it('can be used by the keys alone', async () => {
      const page = await browsing.visit(`${await seeded(tour)}?next=%2Fhealthz`)
      await page.getByLabel('Begin').waitFor()
      await page.keyboard.press('Space')
      await page.keyboard.press('Enter')
      await awaited(page).waitFor()

      await press(page, 'Choose another way')
      await awaited(page).waitFor({ state: 'detached' })
      await press(page, 'Start over')
      await page.getByLabel('Begin').waitFor()
      await press(page, 'Cancel')
      await page.waitForURL('**/healthz')
    })

    it('shows nothing that came late', async () => {
      const { page, id } = await underWay()
      const held = Promise.withResolvers<void>()
      const read = Promise.withResolvers<void>()
      await page.route('**/graphql', (route) => later(route, held.promise, read.resolve), { times: 1 })
      await comeBackTo(page)
      await read.promise
      errands.settle(id, 'refused')
      await page.getByText('They refused.').waitFor()

      const late = page.waitForResponse('**/graphql')
      held.resolve()
      await (await late).finished()

      expect(await awaited(page).count()).toBe(0)
      expect(await page.getByText('They refused.').count()).toBe(1)
    })

    it('does for the step that stands what was meant for the one before, if that asked the same', async () => {
      proxy.refuses.add('sockets').add('streams')
      const { page, id } = await underWay()
      const { sequence } = await answerBeside(page, id)
      await page.getByRole('button', { name: 'Choose another way' }).click()

      await awaited(page).waitFor({ state: 'detached' })
      expect(await page.getByRole('status').textContent()).toBe('')
      const standing = await browsing.app.database.prisma.execution.findUnique({ where: { id } })
      expect(standing?.sequence).toBe(sequence + 1)
    })

    describe('in a network', () => {
      it('that cuts streams, takes them up where they were', async () => {
        const { page, id, traffic } = await underWay()
        await expect.poll(() => traffic.sockets.open).toBe(1)
        proxy.refuses.add('everything')
        proxy.cut()
        await page.getByText('The server cannot be reached at the moment.').waitFor()
        const first = await answerBeside(page, id)
        const second = await answerBeside(page, id)

        proxy.refuses.clear()
        await page.getByText('There is nothing else to do.').waitFor()

        expect(traffic.pushed).toEqual([first.sequence, second.sequence])
        expect(await page.getByText('The server cannot be reached at the moment.').count()).toBe(0)
        errands.settle(id, 'done')
        await nextRoom(page).waitFor()
      })

      it('that comes back, shows what stands, whatever was missed', async () => {
        const { page, id, traffic } = await underWay()
        await expect.poll(() => traffic.sockets.open).toBe(1)
        proxy.refuses.add('everything')
        proxy.cut()
        const beside = await clientOf(page)
        const left = await beside.act(await beside.read({ id }), 'CHOOSE_ANOTHER')
        await beside.reply(left, { errand: { begin: true } })

        proxy.refuses.clear()
        await expect.poll(() => traffic.pushed[0], patient).toBe(left.sequence)
        await awaited(page).waitFor()
        await expect.poll(() => page.locator('#flow').getByText('cannot be reached').count()).toBe(0)
        errands.settle(id, 'done')
        await nextRoom(page).waitFor()
      })

      it('that lets no sockets through, hears by server-sent events', async () => {
        proxy.refuses.add('sockets')
        const { page, id, traffic } = await underWay()
        await expect.poll(() => traffic.asked.filter((name) => name === 'stream').length, patient).toBe(1)
        await expect.poll(() => proxy.held).toBe(1)
        const { passed } = proxy

        proxy.cut()
        await expect.poll(() => proxy.passed, patient).toBe(passed + 1)
        traffic.forget()
        errands.settle(id, 'done')
        await nextRoom(page).waitFor()

        expect(traffic.asked).toEqual(['flowExecution'])
      })

      it('that lets no streams through, asks from time to time', async () => {
        proxy.refuses.add('sockets').add('streams')
        const { page, id } = await underWay()
        await page.getByText('This page asks every few seconds').waitFor()

        errands.settle(id, 'done')
        await nextRoom(page).waitFor()
      })
    })

    it.each([
      ['sockets that never open', 40, () => undefined],
      ['streams that bring nothing', 90, () => proxy.refuses.add('sockets').add('events')],
    ])('finds another way round %s, within %d seconds', async (what, seconds, hinder) => {
      hinder()
      const { page, id, traffic } = await underWay(tour, async (visited) => {
        await visited.clock.install()
        if (what.startsWith('sockets')) await visited.routeWebSocket('**/graphql', () => undefined)
      })
      const settled = page.getByText('This page asks every few seconds')
      const streams = () => traffic.asked.filter((name) => name === 'stream').length
      const isRound = async () => (what.startsWith('sockets') ? streams() > 0 : await settled.isVisible())
      for (let passed = 0; passed < seconds && !(await isRound()); passed += 2) {
        await page.clock.runFor(2000)
        // What the page asks takes time of another clock.
        await page.evaluate(`fetch('/healthz').then((reply) => reply.text())`)
      }

      expect(await isRound()).toBe(true)
      errands.settle(id, 'done')
      await nextRoom(page).waitFor()
    })

    it('hangs up while it is put aside, and takes it up again when it is brought back', async () => {
      const { page, id, traffic } = await underWay()
      await expect.poll(() => proxy.held).toBe(1)
      await page.evaluate(`dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))`)
      await expect.poll(() => proxy.held).toBe(0)
      traffic.forget()

      await page.evaluate(`dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))`)
      await expect.poll(() => proxy.held).toBe(1)
      await expect.poll(() => traffic.asked).toEqual(['flowExecution'])
      errands.settle(id, 'done')
      await nextRoom(page).waitFor()
    })

    it('looks at once when it comes into sight again', async () => {
      const { page, traffic } = await underWay()
      await expect.poll(() => traffic.sockets.open).toBe(1)
      traffic.forget()

      await comeBackTo(page)

      await expect.poll(() => traffic.asked).toEqual(['flowExecution'])
    })

    it('answers whether it is there, and finds out whether the server is', async () => {
      const heard: string[] = []
      let opened = 0
      const page = await browsing.visit('/healthz')
      await page.clock.install()
      await page.routeWebSocket('**/graphql', (socket) => {
        opened += 1
        socket.onMessage((message) => {
          const { type } = JSON.parse(String(message))
          heard.push(type)
          if (type === 'connection_init') socket.send(JSON.stringify({ type: 'connection_ack' }))
          if (type === 'subscribe') socket.send(JSON.stringify({ type: 'ping' }))
        })
      })
      await page.goto(await seeded(tour))
      await begin(page)
      await expect.poll(() => heard).toEqual(['connection_init', 'subscribe', 'pong'])

      await page.clock.runFor(15_000)
      await expect.poll(() => heard.at(-1)).toBe('ping')
      await page.clock.runFor(16_000)

      await expect.poll(() => opened).toBe(2)
    })

    it('hangs up when the page goes away', async () => {
      const { page } = await underWay()
      await expect.poll(() => proxy.held).toBe(1)

      await page.goto('/healthz')

      await expect.poll(() => proxy.held).toBe(0)
    })

    /** Something else with the same session. */
    const clientOf = async (page: Page) => {
      const client = new WaitingBrowser(browsing.app.url)
      for (const { name, value } of await page.context().cookies()) await client.jar.setCookie(`${name}=${value}`, client.url)
      return client
    }

    /** Answers the step behind the page's back. */
    const answerBeside = async (page: Page, id: string) => {
      const client = await clientOf(page)
      return client.reply(await client.read({ id }), { errand: { begin: false } })
    }
  },
  { PUBLIC_URL: proxy.url },
  [errandStage(errands)],
)

function awaited(page: Page) {
  return page.locator('#flow').getByText('Approve on your other device.')
}

function nextRoom(page: Page) {
  return page.getByText(/^slow-\d+ dummy/)
}

/** Lets a request through, and its reply later. */
async function later(route: Route, until: Promise<void>, answered: () => void = () => undefined): Promise<void> {
  const response = await route.fetch()
  answered()
  await until
  await route.fulfill({ response })
}

/** As if the page had been out of sight. */
async function comeBackTo(page: Page): Promise<void> {
  await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`)
}

/** Presses a button or follows a link, found by the keys alone. */
async function press(page: Page, name: string): Promise<void> {
  const isThere = () => page.evaluate(`document.activeElement.textContent === ${JSON.stringify(name)}`)
  for (let keys = 0; keys < 10 && !(await isThere()); keys += 1) await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
}

/** What was read out last. */
function heard(page: Page): Promise<string | null> {
  return page.locator('#news').textContent()
}

function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.localName')
}

async function executionOn(page: Page): Promise<string> {
  return JSON.parse(await page.evaluate(`sessionStorage.getItem('stagedoor.execution')`)).id
}
