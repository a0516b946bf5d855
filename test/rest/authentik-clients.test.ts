import * as api2024 from 'authentik-api-2024'
import * as api2026 from 'authentik-api-2026'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../support/browser.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from '../support/test-app.ts'

type Api = typeof api2026

// What is used here is the same in both.
const versions: readonly (readonly [string, Api])[] = [
  ['2026.8.3', api2026],
  ['2024.12.3', api2024 as unknown as Api],
]

const flowSlug = 'default-authentication-flow'
const query = 'next=%2Fafter'

let app: TestApp
let ada: Account

beforeAll(async () => {
  app = await startTestApp()
  ada = await createAccount(app.database, 'ada')
  await seedFlow(app.database, { slug: flowSlug, stages: signInStages, flow: { title: 'Welcome' } })
  await seedFlow(app.database, { slug: 'greeting', stages: [{ kind: 'dummy', name: 'hello' }] })
})

afterAll(() => app.close())

describe.each(versions)("authentik's own client %s, unchanged", (_, api) => {
  it('signs in, is told of a wrong password, and learns who it is', async () => {
    const { flows, core } = connect(api)
    const answer = (flowChallengeResponseRequest: api2026.FlowChallengeResponseRequest) =>
      flows.flowsExecutorSolve({ flowSlug, query, flowChallengeResponseRequest })

    const identification = await flows.flowsExecutorGet({ flowSlug, query })
    const password = await answer({ component: 'ak-stage-identification', uidField: ada.email })
    const refused = await answer({ component: 'ak-stage-password', password: 'not that one' })
    const finished = await answer({ component: 'ak-stage-password', password: ada.password })
    const me = await core.coreUsersMeRetrieve()

    expect(identification).toMatchObject({
      component: 'ak-stage-identification',
      flowInfo: { title: 'Welcome', layout: 'stacked' },
      userFields: ['email', 'username'],
      primaryAction: 'Log in',
    })
    expect(password).toMatchObject({ component: 'ak-stage-password', pendingUser: 'ada', responseErrors: undefined })
    expect(refused).toMatchObject({
      component: 'ak-stage-password',
      responseErrors: { password: [{ string: 'Invalid password', code: 'invalid' }] },
    })
    expect(finished).toMatchObject({ component: 'xak-flow-redirect', to: '/after' })
    expect(me.user).toMatchObject({ pk: ada.id, username: 'ada', email: ada.email, isSuperuser: false, isActive: true })
  })

  it('answers a challenge while it is signed in, with the token of its cookie', async () => {
    const { flows, browser } = connect(api)
    await browser.signIn(flowSlug, ada)

    const shown = await flows.flowsExecutorGet({ flowSlug: 'greeting', query: '' })
    const finished = await flows.flowsExecutorSolve({
      flowSlug: 'greeting',
      query: '',
      flowChallengeResponseRequest: { component: 'ak-stage-dummy' },
    })

    expect(shown).toMatchObject({ component: 'ak-stage-dummy', name: 'hello' })
    expect(finished).toMatchObject({ component: 'xak-flow-redirect', to: '/' })
  })

  it('reads what it asks for before anybody has signed in', async () => {
    const { core, root } = connect(api)

    expect(await root.rootConfigRetrieve()).toMatchObject({ capabilities: [], errorReporting: { enabled: false } })
    expect(await core.coreBrandsCurrentRetrieve()).toMatchObject({ brandingTitle: expect.any(String), uiFooterLinks: [] })
    await expect(core.coreUsersMeRetrieve()).rejects.toMatchObject({ response: { status: 403 } })
  })

  it('is told when there is no such flow', async () => {
    const { flows } = connect(api)

    await expect(flows.flowsExecutorGet({ flowSlug: 'none', query: '' })).rejects.toMatchObject({ response: { status: 404 } })
  })
})

/** The client as authentik's pages make it: cookies come along, and the CSRF cookie is repeated in a header. */
function connect(api: Api) {
  const browser = new Browser(app.url)
  const configuration = new api.Configuration({
    basePath: `${app.url}/api/v3`,
    fetchApi: browser.fetch as typeof fetch,
    middleware: [
      {
        pre: async (context) => {
          const cookies = await browser.jar.getCookies(app.url)
          const token = cookies.find(({ key }) => key === 'authentik_csrf')?.value ?? ''
          return { ...context, init: { ...context.init, headers: { ...context.init.headers, 'X-authentik-CSRF': token } } }
        },
      },
    ],
  })
  return {
    browser,
    flows: new api.FlowsApi(configuration),
    core: new api.CoreApi(configuration),
    root: new api.RootApi(configuration),
  }
}
