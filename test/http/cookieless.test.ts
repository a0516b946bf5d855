import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { respond, type Step, startFlow, stepFields } from '../support/browser.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let ada: Account

beforeAll(async () => {
  app = await startTestApp()
  ada = await createAccount(app.database, 'ada')
  await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
})

afterAll(() => app.close())

/** A program that keeps its session itself, in an Authorization header. */
class Program {
  session: string | undefined

  async send(path: string, body?: object): Promise<Response> {
    const headers = this.session ? { authorization: `Bearer ${this.session}` } : { 'stagedoor-session': 'new' }
    const init = body && { method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(app.url + path, {
      ...init,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      redirect: 'manual',
    })
    expect(response.headers.getSetCookie()).toEqual([])
    this.session = response.headers.get('stagedoor-session') ?? this.session
    return response
  }

  async graphql<Data>(query: string, variables: object = {}): Promise<Data> {
    return ((await (await this.send('/graphql', { query, variables })).json()) as { data: Data }).data
  }

  async username(): Promise<unknown> {
    return (await this.graphql<{ viewer: { user: { username: string } } | null }>('{ viewer { user { username } } }')).viewer
  }
}

describe('a session without cookies', () => {
  it('signs in over GraphQL', async () => {
    const program = new Program()
    const { startFlow: started } = await program.graphql<{ startFlow: Step }>(startFlow, { input: { slug: 'sign-in' } })
    const anonymous = program.session
    const asked = await answer(program, started, { identification: { uidField: ada.username } })
    const finished = await answer(program, asked, { password: { password: ada.password } })

    expect(anonymous).toMatch(/^sds_a[\w-]{43}$/)
    expect(program.session).toMatch(/^sds_u[\w-]{43}$/)
    expect(finished.status).toBe('FINISHED')
    expect(await program.username()).toEqual({ user: { username: 'ada' } })
    program.session = anonymous
    expect(await program.username()).toBeNull()
  })

  it('signs in over REST, and needs no CSRF token then', async () => {
    const program = new Program()
    const path = '/api/v3/flows/executor/sign-in/'
    const shown = await program.send(path)
    const identified = await program.send(path, { uid_field: ada.username })
    const signedIn = await program.send(path, { password: ada.password })
    const end = await program.send(path)
    const me = await program.send('/api/v3/core/users/me/')
    const again = await program.send(path, {})

    expect([shown.status, identified.status, signedIn.status]).toEqual([200, 302, 302])
    expect(await end.json()).toMatchObject({ component: 'xak-flow-redirect', final_redirect: true })
    expect(await me.json()).toMatchObject({ user: { username: 'ada' } })
    expect(again.status).toBe(200)
  })

  it('is one session on both faces', async () => {
    const program = new Program()
    await program.send('/api/v3/flows/executor/sign-in/', { uid_field: ada.username })
    await program.send('/api/v3/flows/executor/sign-in/', { password: ada.password })

    expect(await program.username()).toEqual({ user: { username: 'ada' } })
  })

  it('watches its own executions', async () => {
    const program = new Program()
    const { startFlow: started } = await program.graphql<{ startFlow: Step }>(startFlow, { input: { slug: 'sign-in' } })
    const query = `subscription ($id: ID!) { flowExecution(id: $id) { ...Step } } ${stepFields}`
    const search = new URLSearchParams({ query, variables: JSON.stringify({ id: started.id }) })

    const response = await fetch(`${app.url}/graphql?${search}`, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${program.session}` },
    })
    const reader = response.body?.pipeThrough(new TextDecoderStream() as never).getReader() as ReadableStreamDefaultReader<string>
    let text = ''
    while (!text.includes('stepToken')) text += (await reader.read()).value
    await reader.cancel()

    expect(text).toContain(started.stepToken)
  })

  it.each(['sds_', 'sds_x', `sds_u${'A'.repeat(43)}`, 'sds_\u00e9', `sds_${'x'.repeat(5000)}`])(
    'is nobody as %s',
    async (session) => {
      const response = await fetch(`${app.url}/graphql?query={viewer{user{id}}}`, {
        headers: { authorization: `Bearer ${session}` },
      })

      expect(await response.json()).toEqual({ data: { viewer: null } })
    },
  )

  it('does not mix with cookies: who sends a session in a header has no other', async () => {
    const program = new Program()
    const { startFlow: started } = await program.graphql<{ startFlow: Step }>(startFlow, { input: { slug: 'sign-in' } })
    await answer(program, await answer(program, started, { identification: { uidField: 'ada' } }), {
      password: { password: ada.password },
    })
    const signedIn = await fetch(`${app.url}/api/v3/flows/executor/sign-in/`)
    const cookie = signedIn.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')

    const asBoth = await fetch(`${app.url}/graphql?query={viewer{user{username}}}`, {
      headers: { cookie, authorization: `Bearer ${program.session}` },
    })
    const asNew = await fetch(`${app.url}/graphql?query={viewer{user{username}}}`, {
      headers: { cookie, 'stagedoor-session': 'new' },
    })

    expect(await asBoth.json()).toEqual({ data: { viewer: { user: { username: 'ada' } } } })
    expect(await asNew.json()).toEqual({ data: { viewer: null } })
  })
})

async function answer(program: Program, { id, stepToken }: Step, response: object): Promise<Step> {
  const input = { executionId: id, stepToken, response }
  return (await program.graphql<{ respond: Step }>(respond, { input })).respond
}
