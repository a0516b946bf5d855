import type { Route } from 'playwright-core'
import { afterAll, beforeAll, it } from 'vitest'
import { describeInChromium } from '../support/browsing.ts'
import { type OpenIdProvider, providerClient, startOpenIdProvider } from '../support/openid-provider.ts'
import { seedFlow } from '../support/seed.ts'
import { createAccount } from '../support/test-app.ts'

describeInChromium('another place to sign in, on the built-in page', (browsing) => {
  let provider: OpenIdProvider
  let source: string

  beforeAll(async () => {
    provider = await startOpenIdProvider([browsing.url('/source/oauth/callback/corp/')])
    const { id: consumerKey, secret: consumerSecret } = providerClient
    const login = await seedFlow(browsing.app.database, {
      slug: 'from-a-source',
      stages: [{ kind: 'dummy', name: 'welcome' }, { kind: 'user_login' }],
    })
    const config = {
      slug: 'corp',
      consumerKey,
      consumerSecret,
      oidcWellKnownUrl: provider.wellKnownUrl,
      authenticationFlow: login.id,
    }
    const { prisma } = browsing.app.database
    source = (await prisma.stageObject.create({ data: { name: 'Corp', kind: 'oauth_source', config } })).id
    const { id: userId } = await createAccount(browsing.app.database, 'rosa')
    await prisma.sourceConnection.create({ data: { source, identifier: 'rosa at corp', userId, createdAt: new Date() } })
    await seedFlow(browsing.app.database, {
      slug: 'buttons',
      stages: [{ kind: 'identification', config: { userFields: ['username'], sources: [source] } }],
    })
    await seedFlow(browsing.app.database, {
      slug: 'straight-there',
      stages: [{ kind: 'source', config: { source } }, { kind: 'user_login' }],
    })
  })
  afterAll(() => provider?.close())

  it('is a button, whose way comes back to where the page was to lead', async () => {
    provider.visitor = 'rosa at corp'
    const page = await browsing.visit('/if/flow/buttons/?next=%2F%3Ffrom%3Dcorp')
    await page.getByRole('link', { name: 'Sign in with Corp' }).click()
    await page.getByText('welcome').waitFor()
    await page.getByRole('button', { name: 'Continue' }).click()

    await page.waitForURL('**/?from=corp')
    await page.getByRole('heading', { name: 'Hello, rosa' }).waitFor()
  })

  it('is not gone to again by itself when the way took too long', async () => {
    provider.visitor = 'rosa at corp'
    const page = await browsing.visit('/healthz')
    const onTheWay = async (route: Route) => {
      browsing.app.clock.advance(11 * 60)
      await route.continue()
    }
    await page.route(`${provider.issuer}/auth?*`, onTheWay, { times: 1 })
    await page.goto('/if/flow/straight-there/')
    await page.getByRole('link', { name: 'Go on' }).click()
    await page.getByText('This took too long. Please try again.').waitFor()

    await page.getByRole('link', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'Hello, rosa' }).waitFor()
  })

  it('is gone to at once, but not again by itself once it has said no', async () => {
    provider.visitor = undefined
    const page = await browsing.visit('/if/flow/straight-there/')
    await page.getByText('Corp did not sign you in.').waitFor()

    provider.visitor = 'rosa at corp'
    await page.reload()
    await page.getByRole('heading', { name: 'Hello, rosa' }).waitFor()
  })
})
