import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Browser } from '../support/browser.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { endOf, nextStep, overEventSource, overSse, streamWays } from '../support/streams.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

const metricsToken = 'a-token-for-the-metrics'

let app: TestApp
let ada: Account

beforeAll(async () => {
  app = await startTestApp({ env: { METRICS_TOKEN: metricsToken } })
  ada = await createAccount(app.database, 'ada')
  await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
  await seedFlow(app.database, { slug: 'tour', stages: [{ kind: 'dummy' }, { kind: 'dummy' }] })
})

afterAll(() => app.close())

describe.each(streamWays)('watching an execution over $name', ({ listen }) => {
  it('shows what stands, then each step that is made elsewhere, and completes at the end', async () => {
    const browser = new Browser(app.url)
    const started = await browser.start('sign-in')
    const stream = await listen(browser, started.id)
    const standing = await nextStep(stream)

    const asked = await browser.answer(started, { identification: { uidField: ada.username } })
    const next = await nextStep(stream)
    const finished = await browser.answer(asked, { password: { password: ada.password } })
    const last = await nextStep(stream)

    expect(standing).toEqual(started)
    expect(next).toEqual(asked)
    // The session handle has changed with this step: the stream belongs to the session, not to the handle.
    expect(last).toEqual(finished)
    expect(last).toMatchObject({ status: 'FINISHED', challenge: { to: '/' } })
    expect(await stream.next()).toMatchObject({ done: true })
  })

  it('goes on after the last step that was seen: nothing twice, nothing left out', async () => {
    const browser = new Browser(app.url)
    const started = await browser.start('tour')
    const missed = await browser.answer(started, { dummy: {} })

    const resumed = await listen(browser, started.id, started.sequence)
    const first = await nextStep(resumed)
    const upToDate = await listen(browser, started.id, missed.sequence)
    const coming = nextStep(upToDate)
    const finished = await browser.answer(missed, { dummy: {} })

    expect(first).toEqual(missed)
    expect(await coming).toEqual(finished)
    expect(await nextStep(resumed)).toEqual(finished)
  })

  it('completes at once when the last step was seen already', async () => {
    const browser = new Browser(app.url)
    const started = await browser.start('tour')
    const finished = await browser.answer(await browser.answer(started, { dummy: {} }), { dummy: {} })

    expect(await (await listen(browser, started.id, finished.sequence)).next()).toMatchObject({ done: true })
  })

  it('tells nobody else anything', async () => {
    const { id } = await new Browser(app.url).start('tour')
    const stranger = new Browser(app.url)
    await stranger.start('tour')

    expect(await endOf(await listen(stranger, id))).toBe('EXECUTION_NOT_FOUND')
    expect(await endOf(await listen(new Browser(app.url), id))).toBe('EXECUTION_NOT_FOUND')
    expect(await endOf(await listen(stranger, 'no-such-execution'))).toBe('EXECUTION_NOT_FOUND')
  })

  it('ends when the execution has expired', async () => {
    const browser = new Browser(app.url)
    const started = await browser.start('tour')
    const stream = await listen(browser, started.id)
    await nextStep(stream)

    app.clock.advance(app.config.executionTtl)
    await app.app.remind()

    expect(await endOf(stream)).toBe('EXECUTION_EXPIRED')
    expect(await endOf(await listen(browser, started.id))).toBe('EXECUTION_EXPIRED')
  })

  it('stays silent when there is nothing new', async () => {
    const browser = new Browser(app.url)
    const started = await browser.start('tour')
    const stream = await listen(browser, started.id)
    await nextStep(stream)

    await app.app.remind()
    const next = await browser.answer(started, { dummy: {} })

    expect(await nextStep(stream)).toEqual(next)
  })

  it('leaves nothing behind when the client leaves in the middle', async () => {
    const before = await openSubscriptions()
    const browser = new Browser(app.url)
    const stream = await listen(browser, (await browser.start('tour')).id)
    await nextStep(stream)
    expect(await openSubscriptions()).toBe(before + 1)

    // A client that reads on does not hear of its own leaving.
    await stream.return?.()

    await vi.waitFor(async () => expect(await openSubscriptions()).toBe(before), { timeout: 10_000 })
  })
})

it.each([overSse, overEventSource])('$name end with a word when the server stops', async ({ listen }) => {
  const own = await startTestApp()
  await seedFlow(own.database, { slug: 'tour', stages: [{ kind: 'dummy' }] })
  const browser = new Browser(own.url)
  const stream = await listen(browser, (await browser.start('tour')).id)
  await nextStep(stream)

  const [code] = await Promise.all([endOf(stream), own.app.close()])

  expect(code).toBe('SERVICE_UNAVAILABLE')
  await own.close()
})

async function openSubscriptions(): Promise<number> {
  const response = await fetch(`${app.url}/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } })
  const [, count] = /^stagedoor_subscriptions (\d+)$/m.exec(await response.text()) ?? []
  if (count === undefined) throw new Error(`The metrics do not tell: ${response.status}`)
  return Number(count)
}
