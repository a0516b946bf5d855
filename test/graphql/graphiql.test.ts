import { parse } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exampleSignIn } from '../../src/graphql/example.ts'
import { Browser, type Reply, type Step } from '../support/browser.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

const asBrowsers = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } }

describe('the page at /graphql', () => {
  let app: TestApp
  let ada: Account
  let response: Response
  let page: string

  beforeAll(async () => {
    app = await startTestApp()
    ada = await createAccount(app.database, 'ada')
    await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
    response = await fetch(`${app.url}/graphql`, asBrowsers)
    page = await response.text()
  })

  afterAll(() => app.close())

  it('is GraphiQL', () => {
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/html/)
    expect(page).toContain('<title>Stagedoor</title>')
  })

  it('loads nothing from anywhere else, and may not', () => {
    // Scripts and styles are in the page: what they hold is text, and no tag.
    const tags = page.replace(/(<script>|<style>)[\s\S]*?(<\/script>|<\/style>)/g, '').matchAll(/(?:src|href|srcset)="([^"]*)"/g)
    const addresses = [...tags].map(([, address]) => address?.slice(0, 5))
    expect(addresses).toEqual(['data:'])

    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'self'")
    expect(policy).not.toMatch(/https?:|\*/)
  })

  it('opens with an example of a sign-in', () => {
    expect(page).toContain(JSON.stringify(exampleSignIn).slice(1, -1))
    expect(page).toContain('"subscriptionsProtocol":"WS"')
  })

  it('has an example that works, operation by operation', async () => {
    const browser = new Browser(app.url)
    const started = await run('StartSignIn', {})
    const asked = await run('Identify', { id: started?.id, token: started?.stepToken, name: ada.username })
    const finished = await run('Password', { id: asked?.id, token: asked?.stepToken, password: ada.password })
    const who = await browser.post('/graphql', { query: exampleSignIn, operationName: 'WhoAmI' })

    expect(finished).toMatchObject({ status: 'FINISHED' })
    expect(await who.json()).toMatchObject({ data: { viewer: { user: { username: 'ada' } } } })

    async function run(operationName: string, variables: object): Promise<Step | undefined> {
      const sent = await browser.post('/graphql', { query: exampleSignIn, operationName, variables })
      const reply = (await sent.json()) as Reply<Record<string, Step>>
      expect(reply.errors).toBeUndefined()
      return Object.values(reply.data ?? {})[0]
    }
  })

  it('is not sent to programs', async () => {
    const asked = await fetch(`${app.url}/graphql?query={__typename}`, { headers: { accept: 'application/json' } })

    expect(await asked.json()).toEqual({ data: { __typename: 'Query' } })
  })
})

describe('no page', () => {
  it.each([
    ['where it is turned off', { GRAPHIQL: 'false' }],
    ['in production', { NODE_ENV: 'production', PASSWORD_HASHER: 'argon2id' }],
  ])('is there %s', async (_, env) => {
    const app = await startTestApp({ env })
    const response = await fetch(`${app.url}/graphql`, asBrowsers)

    expect(response.headers.get('content-type')).toMatch(/json/)
    expect(await response.json()).toMatchObject({ errors: [{ message: expect.stringContaining('query') }] })
    await app.close()
  })

  it('is missing in production where it is asked for', async () => {
    const app = await startTestApp({ env: { NODE_ENV: 'production', PASSWORD_HASHER: 'argon2id', GRAPHIQL: 'true' } })

    expect((await fetch(`${app.url}/graphql`, asBrowsers)).headers.get('content-type')).toMatch(/^text\/html/)
    await app.close()
  })
})

it('the example is one document', () => {
  expect(parse(exampleSignIn).definitions).toHaveLength(6)
})
