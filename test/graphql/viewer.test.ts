import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Browser } from '../support/browser.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

interface SessionView {
  readonly id: string
  readonly current: boolean
  readonly clientIp: string
  readonly userAgent: string
  readonly authMethod: string | null
}

let app: TestApp
let ada: Account
let bob: Account
let browser: Browser

beforeAll(async () => {
  app = await startTestApp()
  await seedFlow(app.database, { slug: 'sign-in', stages: signInStages })
  await seedFlow(app.database, { slug: 'enrol', stages: [{ kind: 'dummy' }], flow: { designation: 'enrollment', title: 'Join' } })
  await seedFlow(app.database, {
    slug: 'settings',
    stages: [{ kind: 'dummy' }],
    flow: { designation: 'stage_configuration', authentication: 'require_authenticated' },
  })
})

beforeEach(async () => {
  browser = new Browser(app.url)
  ada = await createAccount(app.database, `ada-${crypto.randomUUID()}`)
  bob = await createAccount(app.database, `bob-${crypto.randomUUID()}`)
})

afterAll(() => app.close())

describe('the viewer', () => {
  it('is nobody before the sign-in has ended', async () => {
    expect(await browser.graphql('{ viewer { user { id } } }')).toEqual({ data: { viewer: null } })
    await browser.answer(await browser.start('sign-in'), { identification: { uidField: ada.username } })

    expect(await browser.graphql('{ viewer { user { id } } }')).toEqual({ data: { viewer: null } })
  })

  it('is who has signed in', async () => {
    await browser.signIn('sign-in', ada)

    expect(await browser.graphql('{ viewer { user { username name email type } } }')).toEqual({
      data: { viewer: { user: { username: ada.username, name: '', email: ada.email, type: 'INTERNAL' } } },
    })
  })

  it('is nobody once the account is disabled, or the session has stood idle', async () => {
    await browser.signIn('sign-in', ada)
    await app.database.prisma.user.update({ where: { id: ada.id }, data: { isActive: false } })
    expect(await browser.graphql('{ viewer { user { id } } }')).toEqual({ data: { viewer: null } })

    const other = new Browser(app.url)
    await other.signIn('sign-in', bob)
    app.clock.advance(app.config.sessionLifetimes.idle)
    expect(await other.graphql('{ viewer { user { id } } }')).toEqual({ data: { viewer: null } })
  })
})

describe('sessions', () => {
  it("are the viewer's own, each with what tells it apart", async () => {
    await browser.signIn('sign-in', ada)
    const elsewhere = new Browser(app.url)
    await elsewhere.signIn('sign-in', ada)
    await new Browser(app.url).signIn('sign-in', bob)

    const own = await sessionsOf(browser)

    expect(own).toHaveLength(2)
    expect(own.filter(({ current }) => current)).toHaveLength(1)
    for (const session of own) expect(session).toMatchObject({ clientIp: '127.0.0.1', userAgent: 'node', authMethod: 'password' })
  })

  it('end when they are revoked, at once and with all that runs in them', async () => {
    await browser.signIn('sign-in', ada)
    const elsewhere = new Browser(app.url)
    await elsewhere.signIn('sign-in', ada)
    const { id } = await elsewhere.start('enrol')
    const other = (await sessionsOf(browser)).find(({ current }) => !current)

    expect(await revoke(browser, other?.id)).toEqual({ data: { revokeSession: true } })

    expect(await elsewhere.graphql('{ viewer { user { id } } }')).toEqual({ data: { viewer: null } })
    expect(await elsewhere.graphql('query ($id: ID!) { flowExecution(id: $id) { id } }', { id })).toMatchObject({
      errors: [{ extensions: { code: 'EXECUTION_NOT_FOUND' } }],
    })
    expect(await sessionsOf(browser)).toHaveLength(1)
    expect(await revoke(browser, other?.id)).toEqual({ data: { revokeSession: false } })
  })

  it('may end themselves', async () => {
    await browser.signIn('sign-in', ada)
    const [own] = await sessionsOf(browser)

    expect(await revoke(browser, own?.id)).toEqual({ data: { revokeSession: true } })
    expect(await browser.graphql('{ viewer { user { id } } }')).toEqual({ data: { viewer: null } })
  })

  it('are not revoked by anybody else', async () => {
    await browser.signIn('sign-in', ada)
    const stranger = new Browser(app.url)
    await stranger.signIn('sign-in', bob)
    const [own] = await sessionsOf(browser)

    expect(await revoke(stranger, own?.id)).toEqual({ data: { revokeSession: false } })
    expect(await revoke(new Browser(app.url), own?.id)).toMatchObject({
      data: null,
      errors: [{ message: 'Sign in first.', extensions: { code: 'UNAUTHENTICATED' } }],
    })
    expect(await sessionsOf(browser)).toHaveLength(1)
  })
})

describe('flows', () => {
  it('are told by slug', async () => {
    expect(await browser.graphql('{ flow(slug: "enrol") { slug name title designation layout background cancelUrl } }')).toEqual({
      data: {
        flow: {
          slug: 'enrol',
          name: 'enrol',
          title: 'Join',
          designation: 'ENROLLMENT',
          layout: 'STACKED',
          background: '',
          cancelUrl: '/flows/-/cancel/',
        },
      },
    })
    expect(await browser.graphql('{ flow(slug: "none") { slug } }')).toEqual({ data: { flow: null } })
  })

  it('that the visitor may start are listed, whoever it is', async () => {
    const list = '{ all: flows { slug } some: flows(designation: STAGE_CONFIGURATION) { slug } }'
    const anonymous = await browser.graphql(list)
    await browser.signIn('sign-in', ada)

    expect(anonymous).toEqual({ data: { all: [{ slug: 'enrol' }, { slug: 'sign-in' }], some: [] } })
    expect(await browser.graphql(list)).toEqual({
      data: { all: [{ slug: 'enrol' }, { slug: 'settings' }, { slug: 'sign-in' }], some: [{ slug: 'settings' }] },
    })
  })
})

async function sessionsOf(of: Browser): Promise<readonly SessionView[]> {
  const query = '{ viewer { sessions { id current clientIp userAgent authMethod } } }'
  const reply = await of.graphql<{ viewer: { sessions: SessionView[] } }>(query)
  return reply.data?.viewer.sessions ?? []
}

function revoke(by: Browser, id: string | undefined) {
  return by.graphql('mutation ($id: ID!) { revokeSession(id: $id) }', { id })
}
