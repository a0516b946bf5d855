import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Browser, type Reply, respond, type Step, startFlow } from '../support/browser.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'
import { stores } from '../support/test-database.ts'

const long = 'x'.repeat(10_000)
const loneSurrogate = '\ud83d'
const nul = 'a\0b'

describe.each(stores)('odd input, on $name', ({ provider, available }) => {
  let app: TestApp
  let ada: Account
  let browser: Browser
  let step: Step

  beforeAll(async () => {
    if (!available) return
    app = await startTestApp({ provider })
    ada = await createAccount(app.database, 'ada')
    await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
  })

  beforeEach(async (context) => {
    if (!available) return context.skip('There is no PostgreSQL here.')
    browser = new Browser(app.url)
    step = await browser.start('sign-in')
  })

  afterAll(() => app?.close())

  it.each([
    ['10,000 characters', long, 'max_length', 'Ensure this field has no more than 254 characters.'],
    ['a NUL character', nul, 'null_characters_not_allowed', 'Null characters are not allowed.'],
    ['half of a character', loneSurrogate, 'surrogate_characters_not_allowed', 'Surrogate characters are not allowed.'],
  ])('a name of %s is an error of its field', async (_, uidField, code, message) => {
    const refused = await browser.answer(step, { identification: { uidField } })

    expect(refused.challenge.component).toBe('ak-stage-identification')
    expect(refused.challenge.responseErrors).toEqual([{ field: 'uidField', message, code }])
  })

  it.each([
    ['10,000 characters', long, 'max_length', 'Ensure this field has no more than 4096 characters.'],
    ['nothing', '', 'blank', 'This field may not be blank.'],
    ['a NUL character', nul, 'null_characters_not_allowed', 'Null characters are not allowed.'],
    ['half of a character', loneSurrogate, 'surrogate_characters_not_allowed', 'Surrogate characters are not allowed.'],
  ])('a password of %s is an error of its field', async (_, password, code, message) => {
    const asked = await browser.answer(step, { identification: { uidField: ada.username } })
    const refused = await browser.answer(asked, { password: { password } })

    expect(refused.challenge.responseErrors).toEqual([{ field: 'password', message, code }])
  })

  it.each(['ünï cödé', '👩‍🚀', '名前', "' OR 1=1 --", '{{7*7}}', '__proto__', 'a\u202eb'])(
    'a name is any other text: %j goes on as if it were known',
    async (uidField) => {
      const asked = await browser.answer(step, { identification: { uidField } })

      expect(asked.challenge).toMatchObject({ component: 'ak-stage-password', responseErrors: [] })
    },
  )

  it.each([
    ['10,000 characters', long],
    ['a NUL character', nul],
    ['half of a character', loneSurrogate],
    ['nothing', ''],
    ['emoji', '👩‍🚀'],
  ])('an id of %s names nothing', async (_, odd) => {
    const answer = { executionId: odd, stepToken: step.stepToken, response: { identification: { uidField: 'ada' } } }
    const stale = { executionId: step.id, stepToken: odd, response: { identification: { uidField: 'ada' } } }

    expect(await typeOf(respond, { input: answer })).toBe('ExecutionNotFoundError')
    expect(await typeOf(respond, { input: stale })).toBe('StaleStepError')
    expect(await typeOf(startFlow, { input: { slug: odd || '-' } })).toBe('FlowNotFoundError')
    expect(await browser.graphql('query ($id: ID!) { flowExecution(id: $id) { id } }', { id: odd })).toMatchObject({
      errors: [{ extensions: { code: 'EXECUTION_NOT_FOUND' } }],
    })
    expect(await browser.graphql('query ($slug: String!) { flow(slug: $slug) { slug } }', { slug: odd })).toEqual({
      data: { flow: null },
    })
  })

  it.each([
    ['10,000 characters', long],
    ['a NUL character', nul],
    ['half of a character', loneSurrogate],
    ['nothing', ''],
  ])("a session of %s is nobody's", async (_, id) => {
    await browser.signIn('sign-in', ada)

    expect(await browser.graphql('mutation ($id: ID!) { revokeSession(id: $id) }', { id })).toEqual({
      data: { revokeSession: false },
    })
  })

  it.each([
    ['a NUL character', `next=%00&a=b`],
    ['half of a character', `next=${loneSurrogate}`],
    ['odd escapes', 'next=%ff%&%=&&=&__proto__=x'],
    ['members of every object', '__proto__=1&constructor=2&toString=3'],
  ])('a page whose query string holds %s may start a flow', async (_, query) => {
    expect(await typeOf(startFlow, { input: { slug: 'sign-in', query } })).toBe('FlowExecution')
  })

  it('a body that nests without end is refused before anything walks it', async () => {
    const body = `{"query":"{__typename}","variables":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`
    const response = await fetch(`${app.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] })
  })

  it('a page has no query string of 10,000 characters', async () => {
    const reply = await browser.graphql(startFlow, { input: { slug: 'sign-in', query: long } })

    expect(reply).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
  })

  async function typeOf(query: string, variables: Record<string, unknown>): Promise<unknown> {
    const reply = await browser.graphql<Record<string, { __typename: string }>>(query, variables)
    return Object.values(reply.data ?? {})[0]?.__typename ?? reply
  }
})

describe('what is no answer', () => {
  let app: TestApp

  beforeAll(async () => {
    app = await startTestApp()
    await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
  })

  afterAll(() => app.close())

  it.each([
    ['no member', {}, /must have exactly one key|Exactly one key must be specified/i],
    ['two members', { identification: { uidField: 'a' }, password: { password: 'b' } }, /exactly one key/i],
    ['a member that is null', { identification: null }, /must be non-null/i],
    ['an unknown member', { telepathy: { thought: 'a' } }, /not defined by type "ChallengeResponse"/],
    ['an unknown field', { identification: { uidField: 'a', admin: true } }, /not defined by type "IdentificationResponse"/],
    ['a number for a text', { identification: { uidField: 5 } }, /String cannot represent a non string value/],
    ['a list for a text', { identification: { uidField: ['a'] } }, /String cannot represent a non string value/],
    ['an object for a text', { password: { password: { $ne: '' } } }, /String cannot represent a non string value/],
    ['a missing field', { password: {} }, /Field "password" of required type "String!" was not provided/],
    ['a text for an object', { identification: 'ada' }, /Expected type "IdentificationResponse" to be an object/],
    ['a text', 'ada', /Expected type "ChallengeResponse" to be an object/],
    ['nothing', null, /Expected non-nullable type "ChallengeResponse!" not to be null/],
  ])('%s is refused before anything is tried', async (_, response, message) => {
    const browser = new Browser(app.url)
    const { id, stepToken } = await browser.start('sign-in')

    const sent = await browser.post('/graphql', {
      query: respond,
      variables: { input: { executionId: id, stepToken, response } },
    })
    const reply = (await sent.json()) as Reply

    expect(reply.data).toBeUndefined()
    expect(reply.errors?.map((error) => error.message)).toContainEqual(expect.stringMatching(message))
    const standing = await browser.graphql('query ($id: ID!) { flowExecution(id: $id) { stepToken } }', { id })
    expect(standing).toEqual({ data: { flowExecution: { stepToken } } })
  })

  it.each([
    ['two members', '{ identification: { uidField: "a" }, password: { password: "b" } }', /exactly one key/i],
    [
      'the same member twice',
      '{ identification: { uidField: "a" }, identification: { uidField: "b" } }',
      /only one input field named/,
    ],
    ['the same field twice', '{ identification: { uidField: "a", uidField: "b" } }', /only one input field named/],
    ['an unknown member', '{ telepathy: { thought: "a" } }', /not defined by type "ChallengeResponse"/],
    ['a wrong type', '{ identification: { uidField: 5 } }', /String cannot represent/],
    ['nothing', '{}', /exactly one key/i],
  ])('%s, written into the operation, is refused', async (_, response, message) => {
    const query = `mutation { respond(input: { executionId: "x", stepToken: "y", response: ${response} }) { __typename } }`
    const reply = await new Browser(app.url).graphql(query)

    expect(reply.data).toBeUndefined()
    expect(reply.errors?.map((error) => error.message)).toContainEqual(expect.stringMatching(message))
  })
})
