import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser, respond } from '../support/browser.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { streamWays } from '../support/streams.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

const typed = 'Mistyped-Name-Of-Somebody'
const wrong = 'a password that was mistyped'

let app: TestApp
let ada: Account
let browser: Browser
const secrets: string[] = [typed, wrong]

beforeAll(async () => {
  app = await startTestApp()
  ada = await createAccount(app.database, 'ada-who-signs-in')
  await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
  await seedFlow(app.database, { slug: 'broken', stages: [{ kind: 'dummy', config: { throwError: true } }] })
  browser = new Browser(app.url)
  secrets.push(ada.password, ada.username, ada.email)
})

afterAll(() => app.close())

describe('the log, after a sign-in with everything that can go wrong in it', () => {
  it('holds no password, token, cookie or name that was typed', async () => {
    const started = await browser.start('sign-in')
    keepCookies(await browser.cookieHeader())
    for (const { listen } of streamWays) void (await listen(browser, started.id)).next()
    const mistyped = await browser.answer(started, { identification: { uidField: typed } })
    const refused = await browser.answer(mistyped, { password: { password: wrong } })
    await browser.graphql(respond, { input: { executionId: 'x', stepToken: 'y', response: { password: { password: wrong } } } })
    await browser.graphql(respond, {
      input: { executionId: refused.id, stepToken: 5, response: { password: { password: [wrong] } } },
    })
    await browser.graphql(`mutation { respond(input: { response: { password: { password: "${wrong}" } } }) }`)
    const again = await browser.start('sign-in')
    const asked = await browser.answer(again, { identification: { uidField: ada.email } })
    await app.database.prisma.execution.update({ where: { id: refused.id }, data: { sealed: 'spoilt' } })
    await browser.answer(refused, { password: { password: wrong } }).catch(() => undefined)
    const finished = await browser.answer(asked, { password: { password: ada.password } })
    keepCookies(await browser.cookieHeader())
    secrets.push(...[started, mistyped, refused, again, asked, finished].map(({ stepToken }) => stepToken))

    expect(finished.status).toBe('FINISHED')
    expectSilence()
  })

  it('nor over REST', async () => {
    const path = '/api/v3/flows/executor/sign-in/'
    const rest = new Browser(app.url)
    for (const answer of [{ uid_field: typed }, { password: wrong }, { password: [wrong] }, '{"password":']) {
      await rest.post(path, answer)
    }
    await rest.fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"password":"${wrong}"` })
    await rest.fetch(`${path}?query=${encodeURIComponent(`login_hint=${typed}`)}`)
    await app.database.prisma.execution.updateMany({ where: { restKey: 'sign-in' }, data: { sealed: 'spoilt' } })
    await rest.post(path, { password: wrong })
    await rest.fetch('/api/v3/flows/executor/broken/', { headers: { authorization: `Bearer ${wrong.replaceAll(' ', '-')}` } })
    secrets.push(wrong.replaceAll(' ', '-'))
    keepCookies(await rest.cookieHeader())

    expectSilence()
  })

  it('and yet says what went wrong, by request', () => {
    const errors = app.logged.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error')

    expect(errors.length).toBeGreaterThanOrEqual(3)
    for (const { requestId, err, time } of errors) {
      expect(requestId).toMatch(/^[\w-]{36}$/)
      expect(err).toMatchObject({ name: expect.any(String), message: expect.any(String), stack: expect.any(String) })
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT/)
    }
  })

  it('while the audit trail names known people only', async () => {
    const events = await app.database.prisma.event.findMany()
    const text = JSON.stringify(events)

    expect(events.map(({ action }) => action)).toEqual(expect.arrayContaining(['login_failed', 'login']))
    for (const secret of [typed, wrong, ada.password]) expect(text).not.toContain(secret)
  })
})

/** Whole cookies, and each of their values. */
function keepCookies(header: string): void {
  for (const pair of header.split('; ')) secrets.push(decodeURIComponent(pair.slice(pair.indexOf('=') + 1)))
}

function expectSilence(): void {
  expect(app.logged.length).toBeGreaterThan(0)
  const text = app.logged.join('')
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(10)
    expect(text.toLowerCase()).not.toContain(secret.toLowerCase())
  }
}
