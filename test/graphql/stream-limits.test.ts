import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { mostConnectionsPerAddress, mostConnectionsPerSession } from '../../src/graphql/subscription-limits.ts'
import { Browser, type Reply, type Step } from '../support/browser.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { seedFlow } from '../support/seed.ts'
import { nextStep, overSocket, watch } from '../support/streams.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
const open: AbortController[] = []

beforeAll(async () => {
  app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1' } })
  await seedFlow(app.database, { slug: 'tour', stages: [{ kind: 'dummy' }] })
})

afterAll(() => app.close())

afterEach(async () => {
  for (const controller of open.splice(0)) controller.abort()
  await vi.waitFor(async () => expect(await streams(app)).toBe(0))
})

async function streams({ app: { metrics } }: TestApp): Promise<number | undefined> {
  const metric = await metrics.registry.getSingleMetric('stagedoor_subscriptions')?.get()
  return metric?.values[0]?.value
}

async function begun(url = app.url): Promise<{ browser: Browser; step: Step }> {
  const browser = new Browser(url)
  return { browser, step: await browser.start('tour') }
}

/** An event stream that is left open; its body is not read. */
async function eventStream(browser: Browser, { id }: Step, address = '203.0.113.7') {
  const controller = new AbortController()
  open.push(controller)
  const search = new URLSearchParams({ query: watch, variables: JSON.stringify({ id }) })
  const headers = { accept: 'text/event-stream', 'x-forwarded-for': address }
  const response = await browser.fetch(`/graphql?${search}`, { headers, signal: controller.signal })
  return { response, hangUp: () => controller.abort() }
}

/** What a refusal says. */
async function refusal(response: Response): Promise<unknown> {
  const [, text = '{}'] = /^data: (.+)$/m.exec(await response.text()) ?? []
  const { errors } = JSON.parse(text)
  return { status: response.status, code: errors?.[0]?.extensions?.code, http: errors?.[0]?.extensions?.http }
}

const tooMany = { status: 429, code: 'TOO_MANY_STREAMS', http: undefined }

describe('event streams', () => {
  it('are so many in one session, whatever the address, until somebody hangs up', async () => {
    const { browser, step } = await begun()
    const held = await Promise.all(
      Array.from({ length: mostConnectionsPerSession }, (_, index) => eventStream(browser, step, `198.51.100.${index}`)),
    )
    expect(held.map(({ response }) => response.status)).toEqual(held.map(() => 200))

    expect(await refusal((await eventStream(browser, step)).response)).toEqual(tooMany)
    const other = await begun()
    expect((await eventStream(other.browser, other.step)).response.status).toBe(200)
    held[0]?.hangUp()
    await vi.waitFor(async () => expect((await eventStream(browser, step)).response.status).toBe(200))
  })

  it('are so many from one address, until somebody hangs up', async () => {
    const held = []
    for (let index = 0; index < mostConnectionsPerAddress; index += 1) {
      const { browser, step } = await begun()
      held.push(await eventStream(browser, step))
    }
    const { browser, step } = await begun()

    expect(await refusal((await eventStream(browser, step)).response)).toEqual(tooMany)
    expect((await eventStream(browser, step, '203.0.113.8')).response.status).toBe(200)
    held[0]?.hangUp()
    await vi.waitFor(async () => expect((await eventStream(browser, step)).response.status).toBe(200))
  })

  it('take no room when they are refused', async () => {
    const [{ browser }, { step }] = [await begun(), await begun()]

    for (let index = 0; index < mostConnectionsPerAddress + 1; index += 1) {
      expect(await refusal((await eventStream(browser, step)).response)).toMatchObject({ code: 'EXECUTION_NOT_FOUND' })
    }
    expect(await streams(app)).toBe(0)
  })

  it('leave nothing behind, whenever somebody hangs up', async () => {
    const { browser, step } = await begun()

    for (let delay = 0; delay < 40; delay += 1) {
      const controller = new AbortController()
      const search = new URLSearchParams({ query: watch, variables: JSON.stringify({ id: step.id }) })
      const coming = browser.fetch(`/graphql?${search}`, { headers: { accept: 'text/event-stream' }, signal: controller.signal })
      for (let turn = 0; turn < delay; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      controller.abort()
      await coming.then(({ body }) => body?.cancel()).catch(() => undefined)
    }

    await vi.waitFor(async () => expect(await streams(app)).toBe(0))
    expect((await eventStream(browser, step)).response.status).toBe(200)
  })
})

describe('a server that has no room left', () => {
  async function fullServer() {
    const full = await startTestApp({ env: { SUBSCRIPTION_LIMIT: '2' } })
    onTestFinished(() => full.close())
    await seedFlow(full.database, { slug: 'tour', stages: [{ kind: 'dummy' }] })
    const { browser, step } = await begun(full.url)
    return { full, browser, step }
  }

  it('refuses sockets and event streams, until somebody leaves', async () => {
    const { full, browser, step } = await fullServer()
    const held = [await RawSocket.of(browser), await RawSocket.of(browser)]

    await expect(RawSocket.of(browser)).rejects.toMatchObject({ status: 503 })
    const { response } = await eventStream(browser, step)
    expect(response.headers.get('retry-after')).toBe('10')
    expect(await refusal(response)).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE', http: undefined })
    expect(await streams(full)).toBe(0)
    for (const socket of held) await socket.close()
    const stream = await overSocket.listen(browser, step.id)
    expect(await nextStep(stream)).toEqual(step)
    await stream.return?.()
  })

  it('refuses more operations than it runs, and lets itself be asked instead', async () => {
    const { browser, step, full } = await fullServer()
    const raw = await RawSocket.of(browser)
    await raw.begin()
    const payload = { query: watch, variables: { id: step.id } }
    for (const id of ['1', '2']) raw.send({ type: 'subscribe', id, payload })
    await raw.heard()
    await raw.heard()
    expect(await streams(full)).toBe(2)

    raw.send({ type: 'subscribe', id: '3', payload })
    const { id, payload: refused } = await raw.heard()
    expect(id).toBe('3')
    expect((refused as Reply).errors?.map(({ extensions }) => extensions)).toEqual([{ code: 'SERVICE_UNAVAILABLE' }])
    expect(await raw.heard()).toEqual({ id: '3', type: 'complete' })
    expect(await browser.graphql('query ($id: ID!) { flowExecution(id: $id) { sequence } }', { id: step.id })).toEqual({
      data: { flowExecution: { sequence: 1 } },
    })
    raw.send({ type: 'complete', id: '1' })
    await vi.waitFor(async () => expect(await streams(full)).toBe(1))
    const stream = await overSocket.listen(browser, step.id)
    expect(await nextStep(stream)).toEqual(step)
    await stream.return?.()
    await raw.close()
  })
})
