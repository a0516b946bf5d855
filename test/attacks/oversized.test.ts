import { describe, expect, it } from 'vitest'
import { largestBody } from '../../src/http/body.ts'
import { GraphQLJourney } from '../support/graphql-journey.ts'
import { faces } from '../support/journey-clients.ts'
import { describeJourneys } from '../support/journeys.ts'
import { RestJourney } from '../support/rest-journey.ts'
import { seedPrompts } from '../support/seed.ts'

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
const answered = { name: 'Ada' }

/** What is sent beside an honest answer, or in its place. */
const sizes: readonly (readonly [string, (honest: object) => unknown])[] = [
  [
    '5,000 keys',
    (honest) => ({ ...Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`key${index}`, 'x'])), ...honest }),
  ],
  ['a value of 1 MB', () => ({ name: 'x'.repeat(largestBody - 1000) })],
  ['a body of 2 MB', () => ({ name: 'x'.repeat(2 * largestBody) })],
  ['a value of 60 levels', () => ({ name: JSON.parse(deep(55)) })],
  ['a value of 50,000 levels', () => deep(50_000)],
  ['a list for a text', () => ({ name: ['Ada', 'Grace'] })],
  ['an object for a text', () => ({ name: { toString: 'Ada' } })],
  ['half a character', () => ({ name: '\ud800' })],
  ['a NUL', () => ({ name: 'Ada\0' })],
]

describeJourneys('a form that is answered with too much', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    it.each(sizes)('%s is refused, and nothing is lost', async (what, answer) => {
      const fields = await seedPrompts(ground.app.database, [{ fieldKey: 'name', type: 'text' }])
      const { slug } = await ground.flow({ stages: [{ kind: 'prompt', config: { fields } }, { kind: 'dummy' }] })
      const client = new Client(ground.app.url)
      const shown = await client.start(slug)
      const before = await ground.prisma.execution.findFirstOrThrow({ where: { flowSlug: slug } })

      const reply = await send(client, answer(answered))

      const { status, text } = reply
      expect(status).toBeLessThan(500)
      if (what.includes('body')) expect(status).toBe(413)
      expect(text).toMatch(/error|too_large|parse_error|message/i)
      expect(text.length).toBeLessThan(5000)
      const after = await ground.prisma.execution.findFirstOrThrow({ where: { flowSlug: slug } })
      expect(JSON.stringify(after).length).toBeLessThan(JSON.stringify(before).length + 2000)
      expect((await client.read()).fields).toEqual(shown.fields)
      ground.app.clock.advance(6)
      expect(await client.answer('prompt', answered)).toMatchObject({ kind: 'dummy', errors: [] })
    })
  })

  it('answered twice under one key is refused, over GraphQL', async () => {
    const fields = await seedPrompts(ground.app.database, [{ fieldKey: 'name', type: 'text' }])
    const { slug } = await ground.flow({ stages: [{ kind: 'prompt', config: { fields } }, { kind: 'dummy' }] })
    const client = new GraphQLJourney(ground.app.url)
    await client.start(slug)
    const answers = ['Ada', 'Grace'].map((value) => ({ key: 'name', value }))
    const { text } = await post(client, { answers })

    expect(text).toContain('answered more than once')
    expect(await client.read()).toMatchObject({ kind: 'prompt' })
  })

  it('answered twice under one key holds the last one, over REST, and only it is checked', async () => {
    const fields = await seedPrompts(ground.app.database, [{ fieldKey: 'name', type: 'text' }])
    const { slug } = await ground.flow({ stages: [{ kind: 'prompt', config: { fields } }, { kind: 'dummy' }] })
    const client = new RestJourney(ground.app.url)
    await client.start(slug)
    const body = '{"name":"Ada","name":""}'
    const headers = { cookie: client.jar.header(), 'content-type': 'application/json' }
    const response = await fetch(ground.app.url + client.path, { method: 'POST', headers, body, redirect: 'manual' })

    expect(await response.json()).toMatchObject({ response_errors: { name: [{ code: 'blank' }] } })
  })
})

/** An answer as it is: a text goes out as the raw value of the field. */
async function send(client: GraphQLJourney | RestJourney, answer: unknown): Promise<{ status: number; text: string }> {
  if (typeof answer === 'string') return sendRaw(client, answer)
  if (client instanceof RestJourney) return told(await client.send('POST', client.path, { json: answer }))
  return post(client, { answers: Object.entries(answer as object).map(([key, value]) => ({ key, value })) })
}

async function sendRaw(client: GraphQLJourney | RestJourney, value: string) {
  const body =
    client instanceof RestJourney
      ? `{"name":${value}}`
      : `{"query":"mutation { __typename }","variables":{"input":{"response":{"prompt":{"answers":[{"key":"name","value":${value}}]}}}}}`
  const path = client instanceof RestJourney ? client.path : '/graphql'
  const headers = { cookie: client.jar.header(), 'content-type': 'application/json' }
  return told(await fetch(new URL(path, (client as unknown as { url: string }).url), { method: 'POST', headers, body }))
}

async function post(client: GraphQLJourney, prompt: object) {
  const { id: executionId, stepToken } = client.step ?? {}
  const query = `mutation ($input: RespondInput!) { respond(input: $input) {
    __typename ... on FlowExecution { challenge { ... on Challenge { responseErrors { field message code } } } } ... on FlowError { message } } }`
  return told(
    await client.send('POST', '/graphql', {
      json: { query, variables: { input: { executionId, stepToken, response: { prompt } } } },
    }),
  )
}

async function told(response: Response) {
  return { status: response.status, text: await response.text() }
}
