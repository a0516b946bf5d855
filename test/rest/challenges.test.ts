import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Browser } from '../support/browser.ts'
import { type ChallengeDocuments, challengeDocuments } from '../support/challenge-documents.ts'
import { authentikDocument, type Check, checkerOf } from '../support/json-schemas.ts'
import { type SeedStage, seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let ada: Account
let admin: Account
let check: Check
let documents: ChallengeDocuments
let browser: Browser

beforeAll(async () => {
  check = checkerOf(authentikDocument())
  app = await startTestApp()
  documents = await challengeDocuments(app.url)
  ada = await createAccount(app.database, 'ada')
  admin = await createAccount(app.database, 'root', { superuser: true })
  await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
  const recovery = { slug: 'recover', stages: [{ kind: 'dummy' }], flow: { designation: 'recovery' } } as const
  const { id: recoveryFlow } = await seedFlow(app.database, recovery)
  const [passwordStage] = (await seedFlow(app.database, { slug: 'asks', stages: [{ kind: 'password' }] })).stageIds
  const identification = { userFields: ['username'], recoveryFlow, enrollmentFlow: recoveryFlow, passwordlessFlow: recoveryFlow }
  const flows: Record<string, readonly SeedStage[]> = {
    embedded: [{ kind: 'identification', config: { ...identification, passwordStage } }, { kind: 'user_login' }],
    remembering: [{ kind: 'identification' }, { kind: 'user_login', config: { rememberMeOffset: 'days=30' } }],
    greeting: [{ kind: 'dummy' }],
    leaving: [{ kind: 'redirect', config: { mode: 'static', targetStatic: 'https://example.test/welcome' } }],
    switching: [{ kind: 'redirect', config: { mode: 'flow', targetFlow: recoveryFlow } }],
    denying: [{ kind: 'deny', config: { denyMessage: 'Not today.' } }],
    broken: [{ kind: 'dummy', config: { throwError: true } }],
  }
  for (const [slug, stages] of Object.entries(flows)) await seedFlow(app.database, { slug, stages })
})

beforeEach(() => {
  browser = new Browser(app.url)
})

afterAll(() => app.close())

const path = (slug: string) => `/api/v3/flows/executor/${slug}/?query=${encodeURIComponent('next=/after&a=b')}`

/** What comes for a GET, or for an answer once its redirect was followed. */
async function challengeOf(slug: string, answer?: object): Promise<Record<string, unknown>> {
  const sent = answer
    ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) }
    : undefined
  const response = await browser.fetch(path(slug), sent)
  expect(response.status).toBe(200)
  return (await response.json()) as Record<string, unknown>
}

describe('every challenge is what authentik describes, and what our own document does', () => {
  const who = { uid_field: 'ada' }
  const cases: readonly (readonly [string, string, readonly object[], object])[] = [
    ['identification', 'sign-in', [], { component: 'ak-stage-identification', password_fields: false }],
    ['identification, refused', 'sign-in', [{}], { response_errors: { non_field_errors: [expect.anything()] } }],
    ['identification with a password', 'embedded', [], { password_fields: true, enroll_url: expect.any(String) }],
    [
      'identification with a password, refused',
      'embedded',
      [{ ...who, password: 'wrong' }],
      { response_errors: { non_field_errors: [{ string: 'Failed to authenticate.', code: 'invalid' }] } },
    ],
    ['password', 'sign-in', [who], { component: 'ak-stage-password', pending_user: 'ada' }],
    ['password, refused', 'sign-in', [who, { password: 'wrong' }], { response_errors: { password: [expect.anything()] } }],
    ['user login', 'remembering', [who], { component: 'ak-stage-user-login' }],
    [
      'user login, refused',
      'remembering',
      [who, { remember_me: 'x' }],
      { response_errors: { remember_me: [expect.anything()] } },
    ],
    ['dummy', 'greeting', [], { component: 'ak-stage-dummy' }],
    ['redirect', 'leaving', [], { component: 'xak-flow-redirect', to: 'https://example.test/welcome', final_redirect: false }],
    ['redirect into another flow', 'switching', [], { component: 'xak-flow-redirect', final_redirect: false }],
    ['the end', 'greeting', [{}], { component: 'xak-flow-redirect', to: '/after', final_redirect: true }],
    ['access denied', 'denying', [], { component: 'ak-stage-access-denied', error_message: 'Not today.' }],
    ['an error', 'broken', [], { component: 'ak-stage-flow-error', request_id: expect.any(String) }],
  ]

  it.each(cases)('%s', async (_, slug, answers, expected) => {
    let challenge = await challengeOf(slug)
    for (const answer of answers) challenge = await challengeOf(slug, answer)

    expect(challenge).toMatchObject(expected)
    documents.expectDescribed(challenge)
  })

  it('and to superusers an error says what failed', async () => {
    await browser.signIn('sign-in', admin)
    const challenge = await challengeOf('broken')

    expect(challenge).toMatchObject({ error: expect.any(String), traceback: expect.any(String) })
    expect(check('FlowErrorChallenge', challenge)).toEqual([])
  })

  it('`type` says the same as `component`, in the older way', async () => {
    expect(await challengeOf('greeting')).toMatchObject({ type: 'native' })
    expect(await challengeOf('leaving')).toMatchObject({ type: 'redirect' })
    expect(await challengeOf('denying')).toMatchObject({ type: 'native' })
  })
})

describe('what else such clients ask is what authentik describes', () => {
  it.each([
    ['/api/v3/root/config/', 'Config'],
    ['/api/v3/core/brands/current/', 'CurrentBrand'],
  ])('%s', async (address, schema) => {
    const response = await browser.fetch(address)

    expect(response.status).toBe(200)
    expect(check(schema, await response.json())).toEqual([])
  })

  it('/api/v3/core/users/me/', async () => {
    const group = await app.database.prisma.group.create({ data: { name: 'staff', numericId: 77, attributes: {} } })
    await app.database.prisma.groupMember.create({ data: { groupId: group.id, userId: ada.id } })
    await browser.signIn('sign-in', ada)

    const me = await (await browser.fetch('/api/v3/core/users/me/')).json()

    expect(me).toMatchObject({ user: { groups: [{ name: 'staff' }] } })
    expect(check('SessionUser', me)).toEqual([])
  })

  it('/api/v3/flows/instances/:slug/execute/', async () => {
    await browser.signIn('sign-in', admin)
    const response = await browser.fetch('/api/v3/flows/instances/greeting/execute/')
    const body = (await response.json()) as { link: string }

    expect(response.status).toBe(200)
    expect(check('Link', body)).toEqual([])
    expect(body.link).toBe(`${app.url}/if/flow/greeting/`)
    expect(await challengeOf('greeting')).toMatchObject({ component: 'ak-stage-dummy' })
  })

  it.each(['/api/v3/core/users/me/', '/api/v3/flows/instances/greeting/execute/'])('%s without a session', async (address) => {
    const response = await browser.fetch(address)

    expect(response.status).toBe(403)
    expect(check('GenericError', await response.json())).toEqual([])
  })
})

it('the check itself finds what is wrong', () => {
  const challenge = { component: 'ak-stage-dummy', flow_info: { cancel_url: '/', layout: 'upside-down' } }

  expect(check('DummyChallenge', challenge)).toEqual([
    "/ must have required property 'name'",
    '/flow_info/layout must be equal to one of the allowed values',
  ])
  expect(check('IdentificationChallenge', { user_fields: null })).not.toContain('/user_fields must be array')
})
