import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Browser, type Reply, respond, type Step, startFlow } from '../support/browser.ts'
import { seedFlow } from '../support/seed.ts'
import { endOf, nextStep, streamWays, watch } from '../support/streams.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'
import { stores } from '../support/test-database.ts'

describe('something that breaks', () => {
  let app: TestApp
  let browser: Browser
  let step: Step

  beforeAll(async () => {
    app = await startTestApp()
    await seedFlow(app.database, { slug: 'tour', stages: [{ kind: 'dummy' }, { kind: 'dummy' }] })
    await seedFlow(app.database, { slug: 'broken', stages: [{ kind: 'dummy', config: { throwError: true } }] })
  })

  beforeEach(async () => {
    browser = new Browser(app.url)
    step = await browser.start('tour')
  })

  afterAll(() => app.close())

  const operations: readonly (readonly [string, (step: Step) => object])[] = [
    ['a query', ({ id }) => ({ query: 'query ($id: ID!) { flowExecution(id: $id) { id } }', variables: { id } })],
    [
      'a query that takes the long way',
      ({ id }) => ({ query: 'query ($id: ID!) { flowExecution(id: $id) { id } }', variables: { id }, extensions: {} }),
    ],
    [
      'a mutation',
      ({ id, stepToken }) => ({
        query: respond,
        variables: { input: { executionId: id, stepToken, response: { dummy: {} } } },
      }),
    ],
  ]

  it.each(operations)('in %s is one sentence, and an id that the log bears', async (_, operation) => {
    await spoil(step.id)

    const response = await browser.post('/graphql', operation(step))
    const text = await response.text()

    const requestId = response.headers.get('x-request-id')
    expect((JSON.parse(text) as Reply).errors).toMatchObject([
      { message: 'Unexpected error.', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } },
    ])
    expect(text).not.toMatch(/sealed|SecretBox|SELECT|\.ts|stack|node_modules|spoilt/i)
    expect(logLinesOf(requestId)).toContainEqual(
      expect.objectContaining({
        level: 'error',
        err: expect.objectContaining({ name: 'SecretBoxError', stack: expect.anything() }),
      }),
    )
  })

  it('goes by the id that the caller gave to the request', async () => {
    await spoil(step.id)

    const response = await browser.post('/graphql', operations[0]?.[1](step), { 'x-request-id': 'caller.chose-this_1' })

    expect(response.headers.get('x-request-id')).toBe('caller.chose-this_1')
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { requestId: 'caller.chose-this_1' } }] })
    expect(logLinesOf('caller.chose-this_1')).not.toEqual([])
  })

  it.each(streamWays)('ends a stream over $name', async ({ listen }) => {
    const stream = await listen(browser, step.id)
    await nextStep(stream)

    await spoil(step.id)
    await app.database.prisma.execution.update({ where: { id: step.id }, data: { sequence: { increment: 1 } } })
    await app.app.remind()

    expect(await endOf(stream)).toBe('INTERNAL_SERVER_ERROR')
  })

  it('keeps a stream from beginning, with the id of the request', async () => {
    await spoil(step.id)

    const search = new URLSearchParams({ query: watch, variables: JSON.stringify({ id: step.id }) })
    const response = await browser.fetch(`/graphql?${search}`, { headers: { accept: 'text/event-stream' } })

    expect(await response.text()).toContain(`"requestId":"${response.headers.get('x-request-id')}"`)
  })

  it('in REST is one sentence as well', async () => {
    const path = '/api/v3/flows/executor/tour/'
    await browser.fetch(path)
    await app.database.prisma.execution.updateMany({ where: { restKey: 'tour' }, data: { sealed: 'spoilt' } })

    const response = await browser.fetch(path)

    const requestId = response.headers.get('x-request-id')
    expect(response.status).toBe(500)
    expect(await response.json()).toEqual({ detail: `Unexpected error. Report request ${requestId}.`, code: 'error' })
    expect(logLinesOf(requestId)).not.toEqual([])
  })

  it('in a stage is a challenge that names the request and nothing else', async () => {
    const query = `mutation { startFlow(input: { slug: "broken" }) { ... on FlowExecution {
      challenge { ... on FlowErrorChallenge { requestId error traceback } } } } }`
    const response = await browser.post('/graphql', { query })

    const requestId = response.headers.get('x-request-id')
    expect(await response.json()).toEqual({
      data: { startFlow: { challenge: { requestId, error: null, traceback: null } } },
    })
    expect(logLinesOf(requestId)).toContainEqual(expect.objectContaining({ level: 'error' }))
  })

  async function spoil(id: string): Promise<void> {
    await app.database.prisma.execution.update({ where: { id }, data: { sealed: 'spoilt' } })
  }

  function logLinesOf(requestId: string | null): readonly Record<string, unknown>[] {
    return app.logged.map((line) => JSON.parse(line)).filter((line) => line.requestId === requestId)
  }
})

describe.each(stores)('when $name does not answer', ({ provider, available }) => {
  let app: TestApp
  let browser: Browser
  let step: Step

  beforeAll(async () => {
    if (!available) return
    app = await startTestApp({ provider })
    await seedFlow(app.database, { slug: 'tour', stages: [{ kind: 'dummy' }] })
    browser = new Browser(app.url)
    step = await browser.start('tour')
    await app.database.close()
  })

  beforeEach((context) => {
    if (!available) context.skip('There is no PostgreSQL here.')
  })

  afterAll(() => app?.close())

  it('mutations say when to come back', async () => {
    const withTime = (query: string) =>
      query.replace('... on FlowError', '... on ServiceUnavailableError { retryAfter } ... on FlowError')
    const answer = { executionId: step.id, stepToken: step.stepToken, response: { dummy: {} } }
    const started = await browser.graphql(withTime(startFlow), { input: { slug: 'tour' } })
    const answered = await browser.graphql(withTime(respond), { input: answer })

    const expected = {
      __typename: 'ServiceUnavailableError',
      code: 'SERVICE_UNAVAILABLE',
      message: 'The service is busy. Try again shortly.',
      retryAfter: expect.any(Number),
    }
    expect(started).toEqual({ data: { startFlow: expected } })
    expect(answered).toEqual({ data: { respond: expected } })
  })

  it.each([
    ['viewer', '{ viewer { user { id } } }'],
    ['flows', '{ flows { slug } }'],
    ['flow', '{ flow(slug: "tour") { slug } }'],
    ['flowExecution', '{ flowExecution(id: "x") { id } }'],
    ['revokeSession', 'mutation { revokeSession(id: "x") }'],
  ])('%s has an error of that code, and the operator hears of it', async (_, query) => {
    for (const extensions of [undefined, {}]) {
      const response = await browser.post('/graphql', { query, extensions })

      expect(((await response.json()) as Reply).errors?.[0]).toMatchObject({
        message: 'The service is busy. Try again shortly.',
        extensions: { code: 'SERVICE_UNAVAILABLE' },
      })
      expect(app.logged.join()).toContain(response.headers.get('x-request-id'))
    }
  })

  it('REST answers 503 and says when to come back', async () => {
    const responses = [
      await browser.fetch(`/api/v3/flows/executor/tour/`),
      await browser.post(`/api/v3/flows/executor/tour/`, {}),
      await browser.fetch('/api/v3/core/users/me/'),
      await browser.fetch('/api/v3/core/brands/current/'),
    ]

    for (const response of responses) {
      expect(response.status).toBe(503)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await response.json()).toEqual({
        detail: 'The service is busy. Try again shortly.',
        code: 'service_unavailable',
      })
    }
  })

  it('the server is alive, and not ready', async () => {
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200)
    expect((await fetch(`${app.url}/readyz`)).status).toBe(503)
  })
})
