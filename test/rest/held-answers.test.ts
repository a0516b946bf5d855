import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mostHeldPerSession } from '../../src/rest/held-answers.ts'
import { Browser } from '../support/browser.ts'
import { Errands, errandStage } from '../support/errand.ts'
import { meetAtWrite } from '../support/meet-at-write.ts'
import { seedFlow } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

const errands = new Errands()
const kinds = [errandStage(errands)]
const held = { kind: 'errand', config: { holds: true } }

let app: TestApp
let ada: Account
let made = 0

beforeAll(async () => {
  app = await startTestApp({ kinds })
  ada = await createAccount(app.database, 'ada')
})
afterAll(() => app.close())

/** A client written for authentik, at a stage whose answer is held. */
async function arrived(stages: object[] = [held, { kind: 'dummy' }], server = app) {
  made += 1
  const slug = `held-${made}`
  await seedFlow(server.database, { slug, stages: stages as never })
  const path = `/api/v3/flows/executor/${slug}/`
  const browser = new Browser(server.url)
  await browser.fetch(path)
  const executionId = async () => String((await server.database.prisma.execution.findFirst({ where: { flowSlug: slug } }))?.id)
  return { browser, path, executionId, begin: (init?: RequestInit) => post(browser, path, init) }
}

function post(browser: Browser, path: string, init?: RequestInit): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return browser.fetch(path, { method: 'POST', headers, redirect: 'manual', body: JSON.stringify({ begin: true }), ...init })
}

describe('an answer that authentik would hold', () => {
  it('is answered when the slow thing is done, by sending the client on', async () => {
    const { browser, path, executionId, begin } = await arrived()
    const reply = begin()
    const id = await executionId()
    await errands.until(id, 1)

    errands.settle(id, 'done')

    expect((await reply).status).toBe(302)
    expect(await (await browser.fetch(path)).json()).toMatchObject({ component: 'ak-stage-dummy' })
  })

  it('lets the client sign in with the request that it is sent on to', async () => {
    const { browser, path, executionId } = await arrived([{ kind: 'identification' }, held, { kind: 'user_login' }])
    await post(browser, path, { body: JSON.stringify({ uid_field: ada.username }) })
    const reply = post(browser, path)
    const id = await executionId()
    await errands.until(id, 1)
    errands.settle(id, 'done')

    expect((await reply).status).toBe(302)
    expect((await browser.fetch('/api/v3/core/users/me/')).status).toBe(403)
    expect(await (await browser.fetch(path)).json()).toMatchObject({ component: 'xak-flow-redirect', to: '/' })
    expect(await (await browser.fetch('/api/v3/core/users/me/')).json()).toMatchObject({ user: { username: 'ada' } })
  })

  it('is answered with the challenge and why, when it was refused', async () => {
    const { executionId, begin } = await arrived()
    const reply = begin()
    const id = await executionId()
    await errands.until(id, 1)
    errands.settle(id, 'refused')

    expect(await (await reply).json()).toMatchObject({
      component: 'test-stage-errand',
      response_errors: { non_field_errors: [{ string: 'They refused.', code: 'refused' }] },
    })
  })

  it('is answered with the end, when the person may not go on', async () => {
    const { browser, path, executionId, begin } = await arrived()
    const reply = begin()
    const id = await executionId()
    await errands.until(id, 1)
    errands.settle(id, 'forbidden')

    expect(await (await reply).json()).toMatchObject({ component: 'ak-stage-access-denied' })
    // The end is told once: from here on it is another run.
    expect(await (await browser.fetch(path)).json()).toMatchObject({ component: 'test-stage-errand' })
  })

  it('is answered with the way on, when the flow is over with it', async () => {
    const { browser, path, executionId, begin } = await arrived([held])
    const reply = begin()
    const id = await executionId()
    await errands.until(id, 1)
    errands.settle(id, 'done')

    expect(await (await reply).json()).toMatchObject({ component: 'xak-flow-redirect', to: '/', final_redirect: true })
    expect(await (await browser.fetch(path)).json()).toMatchObject({ component: 'test-stage-errand' })
  })

  it('is refused when it has been held for long enough, and what comes later lets nobody in', async () => {
    const hurried = await startTestApp({ kinds, env: { HELD_ANSWER_SECONDS: '1' } })
    const { browser, path, executionId, begin } = await arrived(undefined, hurried)

    const reply = await begin()
    errands.settle(await executionId(), 'done')

    expect(reply.status).toBe(200)
    expect(await reply.json()).toMatchObject({
      response_errors: { non_field_errors: [{ string: 'It took too long.', code: 'timeout' }] },
    })
    expect(await (await browser.fetch(path)).json()).toMatchObject({ component: 'test-stage-errand' })
    await hurried.close()
  })

  it('frees everything at once when the client hangs up', async () => {
    const { executionId, begin } = await arrived()
    const hangUp = new AbortController()
    const reply = begin({ signal: hangUp.signal })
    const id = await executionId()
    await errands.until(id, 1)

    hangUp.abort()

    await expect(reply).rejects.toThrow()
    await errands.until(id, 0)
  })

  it('is one slow thing when it is posted twice, and both are told', async () => {
    const { executionId, begin } = await arrived()
    const first = begin()
    const id = await executionId()
    await errands.until(id, 1)
    const second = begin()
    const [one, other] = await Promise.all([
      first,
      second,
      app.database.prisma.execution.findUnique({ where: { id } }).then(() => errands.settle(id, 'refused')),
    ])

    expect(await one.json()).toMatchObject({ errands: 1 })
    expect(await other.json()).toMatchObject({ errands: 1 })
  })

  it('does not swallow another answer that comes with the news', async () => {
    const { browser, path, executionId, begin } = await arrived()
    const reply = begin()
    const id = await executionId()
    await errands.until(id, 1)
    const { firstCame } = meetAtWrite(app.database, 2)
    errands.settle(id, 'refused')
    await firstCame

    const other = await post(browser, path, { body: JSON.stringify({ begin: false }) })

    expect(await other.json()).toMatchObject({ response_errors: { non_field_errors: [{ code: 'invalid' }] } })
    expect((await reply).status).toBe(200)
  })

  it('is held so often for one session, and no more', async () => {
    const { executionId, begin } = await arrived()
    const hangUp = new AbortController()
    const replies = Array.from({ length: mostHeldPerSession + 1 }, () => begin({ signal: hangUp.signal }))

    const refused = await Promise.race(replies)

    expect(refused.status).toBe(429)
    hangUp.abort()
    await Promise.allSettled(replies)
    await errands.until(await executionId(), 0)
  })

  it('lets the server stop', async () => {
    const stopping = await startTestApp({ kinds })
    const { executionId, begin } = await arrived(undefined, stopping)
    const reply = begin()
    await errands.until(await executionId(), 1)

    await stopping.app.close()

    await expect(reply).resolves.toMatchObject({ status: 200 })
    await stopping.close()
  })
})
