import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { largestBody } from '../../src/http/body.ts'
import { Browser } from '../support/browser.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'
import { stores } from '../support/test-database.ts'

const executor = (slug: string) => `/api/v3/flows/executor/${slug}/`

describe.each(stores)('bad input over REST, on $name', ({ provider, available }) => {
  let app: TestApp
  let ada: Account
  let browser: Browser

  beforeAll(async () => {
    if (!available) return
    app = await startTestApp({ provider })
    ada = await createAccount(app.database, 'ada')
    await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
    await seedFlow(app.database, { slug: 'greeting', stages: [{ kind: 'dummy' }] })
    await seedFlow(app.database, {
      slug: 'remembering',
      stages: [{ kind: 'identification' }, { kind: 'user_login', config: { rememberMeOffset: 'days=30' } }],
    })
    await seedFlow(app.database, {
      slug: 'leaving',
      stages: [{ kind: 'redirect', config: { mode: 'static', targetStatic: 'https://example.test/' } }],
    })
  })

  beforeEach((context) => {
    if (!available) return context.skip('There is no PostgreSQL here.')
    browser = new Browser(app.url)
  })

  afterAll(() => app?.close())

  /** The errors of the answer to a challenge, after others that pass. */
  async function errorsOf(slug: string, ...answers: readonly object[]): Promise<unknown> {
    let response = await browser.fetch(executor(slug))
    for (const answer of answers) response = await browser.post(executor(slug), answer)
    expect(response.status).toBe(200)
    return ((await response.json()) as { response_errors?: object }).response_errors
  }

  const who = { uid_field: 'ada' }
  const long = 'x'.repeat(10_000)
  const missing = { string: 'This field is required.', code: 'required' }
  const blank = { string: 'This field may not be blank.', code: 'blank' }
  const isNull = { string: 'This field may not be null.', code: 'null' }
  const noText = { string: 'Not a valid string.', code: 'invalid' }
  const noFlag = { string: 'Must be a valid boolean.', code: 'invalid' }
  const noIdentity = { string: 'No identification data provided.', code: 'invalid' }
  const nul = { string: 'Null characters are not allowed.', code: 'null_characters_not_allowed' }
  const half = { string: 'Surrogate characters are not allowed.', code: 'surrogate_characters_not_allowed' }
  const tooLong = (length: number) => ({ string: `Ensure this field has no more than ${length} characters.`, code: 'max_length' })

  it.each([
    ['an empty identification', 'sign-in', [{}], { non_field_errors: [noIdentity] }],
    ['a blank name', 'sign-in', [{ uid_field: '' }], { non_field_errors: [noIdentity] }],
    ['a name that is null', 'sign-in', [{ uid_field: null }], { non_field_errors: [noIdentity] }],
    ['a name that is a number', 'sign-in', [{ uid_field: 5 }], { uid_field: [noText] }],
    ['a name that is a list', 'sign-in', [{ uid_field: ['ada'] }], { uid_field: [noText] }],
    ['a name that is an object', 'sign-in', [{ uid_field: { $ne: null } }], { uid_field: [noText] }],
    ['a name of 10,000 characters', 'sign-in', [{ uid_field: long }], { uid_field: [tooLong(254)] }],
    ['a name with a NUL character', 'sign-in', [{ uid_field: 'a\0b' }], { uid_field: [nul] }],
    ['a name with half of a character', 'sign-in', [{ uid_field: '\ud800' }], { uid_field: [half] }],
    ['a missing password', 'sign-in', [who, {}], { password: [missing] }],
    ['a blank password', 'sign-in', [who, { password: '' }], { password: [blank] }],
    ['a password that is null', 'sign-in', [who, { password: null }], { password: [isNull] }],
    ['a password that is a number', 'sign-in', [who, { password: 5 }], { password: [noText] }],
    ['a password that is true', 'sign-in', [who, { password: true }], { password: [noText] }],
    ['a password of 10,000 characters', 'sign-in', [who, { password: long }], { password: [tooLong(4096)] }],
    ['a password with a NUL character', 'sign-in', [who, { password: 'a\0' }], { password: [nul] }],
    ['no word on being remembered', 'remembering', [who, {}], { remember_me: [missing] }],
    ['null on being remembered', 'remembering', [who, { remember_me: null }], { remember_me: [isNull] }],
    ['a number on being remembered', 'remembering', [who, { remember_me: 2 }], { remember_me: [noFlag] }],
    ['a redirect without an address', 'leaving', [{}], { to: [missing] }],
    ['a redirect with a blank address', 'leaving', [{ to: '' }], { to: [blank] }],
  ])('%s has its errors', async (_, slug, answers, errors) => {
    expect(await errorsOf(slug, ...answers)).toEqual(errors)
  })

  it('errors are told once', async () => {
    await errorsOf('sign-in', {})

    expect(await (await browser.fetch(executor('sign-in'))).json()).not.toHaveProperty('response_errors')
  })

  it.each([
    ['another component', { component: 'ak-stage-consent' }],
    ['a component that is a number', { component: 5 }],
    ['members that nobody knows', { is_superuser: true, __proto__: null, constructor: 1, toString: 'x' }],
    ['the older type', { type: 'native' }],
  ])('%s in an answer does not matter', async (_, more) => {
    const response = await browser.post(executor('sign-in'), { ...who, ...more })

    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe(executor('sign-in'))
    expect(await (await browser.fetch(executor('sign-in'))).json()).toMatchObject({ component: 'ak-stage-password' })
  })

  it.each(['none', '%00', 'a%00b', '%ff', '%F0%9F%91%A9', 'x'.repeat(10_000), '__proto__', '..%2f..'])(
    'there is no flow called %s',
    async (slug) => {
      for (const response of [await browser.fetch(executor(slug)), await browser.post(executor(slug), {})]) {
        expect(response.status).toBe(404)
        expect(response.headers.get('content-type')).toMatch('application/json')
        expect(await response.json()).toMatchObject({ detail: expect.any(String) })
      }
    },
  )

  it.each(['%00', 'next=%2500', 'next%3D%2500', '%25', '%', '&&&', 'next=%ff', 'next%3D%ED%A0%80'])(
    'a page may have the query %s',
    async (query) => {
      expect(await (await browser.fetch(`${executor('greeting')}?query=${query}`)).json()).toMatchObject({
        component: 'ak-stage-dummy',
      })
    },
  )

  it('a person with odd characters is signed in by nothing', async () => {
    expect(await errorsOf('sign-in', { uid_field: "' OR 1=1 --" }, { password: ada.password })).toEqual({
      password: [{ string: 'Invalid password', code: 'invalid' }],
    })
  })
})

describe('a body over REST', () => {
  let app: TestApp
  let browser: Browser

  beforeAll(async () => {
    app = await startTestApp()
    await seedFlow(app.database, { slug: 'greeting', stages: [{ kind: 'dummy' }] })
  })

  beforeEach(() => {
    browser = new Browser(app.url)
  })

  afterAll(() => app.close())

  const send = (body: BodyInit | undefined, type?: string) =>
    browser.fetch(executor('greeting'), {
      method: 'POST',
      ...(body !== undefined && { body }),
      ...(type && { headers: { 'content-type': type } }),
    })

  it.each([
    ['what is no JSON', '{"a":', 'parse_error'],
    ['two objects', '{}{}', 'parse_error'],
    ['what nests without end', `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 'parse_error'],
    ['a list', '[]', 'invalid'],
    ['a text', '"password"', 'invalid'],
    ['a number', '5', 'invalid'],
    ['null', 'null', 'invalid'],
  ])('is not %s', async (_, body, code) => {
    const response = await send(body, 'application/json')

    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ detail: expect.any(String), code })
  })

  it.each([
    ['text', '{}', 'text/plain'],
    ['a form', new URLSearchParams({ a: 'b' }), undefined],
    ['a form with files', new FormData(), undefined],
    ['without a type', new Blob(['{}']), undefined],
    ['nearly JSON', '{}', 'application/json-patch+json'],
  ])('is not %s', async (_, body, type) => {
    const response = await send(body, type)

    expect(response.status).toBe(415)
    expect(await response.json()).toMatchObject({ code: 'unsupported_media_type' })
    expect(await browser.cookieHeader()).toBe('')
  })

  it('may be left out', async () => {
    expect(await (await send(undefined)).json()).toMatchObject({ component: 'xak-flow-redirect' })
    expect(await (await send('', 'application/json')).json()).toMatchObject({ component: 'xak-flow-redirect' })
  })

  it('has at most a mebibyte', async () => {
    const padded = (size: number) => `{"a":"${'x'.repeat(size - 8)}"}`

    expect((await send(padded(largestBody), 'application/json')).status).toBe(200)
    const refused = await send(padded(largestBody + 1), 'application/json')
    expect(refused.status).toBe(413)
    expect(await refused.json()).toMatchObject({ code: 'too_large' })
  })
})

describe('an address over REST', () => {
  let app: TestApp

  beforeAll(async () => {
    app = await startTestApp()
    await seedFlow(app.database, { slug: 'greeting', stages: [{ kind: 'dummy' }] })
  })

  afterAll(() => app.close())

  it.each([
    '/api/v3/flows/executor/greeting',
    '/api/v3/core/users/me',
    '/api/v3/root/config',
    '/api/v3/none/',
    '/api/v2/flows/executor/greeting/',
  ])('is exact: %s is none', async (path) => {
    const response = await fetch(app.url + path, { redirect: 'manual' })

    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({ detail: 'Not found.', code: 'not_found' })
  })

  it('may be asked for its head', async () => {
    const response = await fetch(app.url + executor('greeting'), { method: 'HEAD' })

    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })

  it.each(['PUT', 'PATCH', 'DELETE'])('knows no %s', async (method) => {
    const response = await fetch(app.url + executor('greeting'), { method })

    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, HEAD, POST')
    expect(await response.json()).toEqual({ detail: `Method "${method}" not allowed.`, code: 'method_not_allowed' })
  })
})
