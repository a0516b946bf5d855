import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { describeInChromium } from '../support/browsing.ts'
import { addVirtualAuthenticator } from '../support/chromium.ts'
import { applyFlows } from '../support/default-flows.ts'
import { seedFlow } from '../support/seed.ts'
import { type Account, createAccount } from '../support/test-app.ts'

const setUp = '/if/flow/default-authenticator-webauthn-setup/'

describeInChromium('passkeys on the built-in page', (browsing) => {
  let made = 0

  beforeAll(async () => {
    await applyFlows(browsing.app)
    const validate = await browsing.app.database.prisma.stage.findUniqueOrThrow({
      where: { name: 'passwordless-authentication-validate' },
    })
    const password = await browsing.app.database.prisma.stage.findUniqueOrThrow({
      where: { name: 'default-authentication-password' },
    })
    const config = { userFields: ['username'], passwordStage: password.id, webauthnStage: validate.id }
    await seedFlow(browsing.app.database, {
      slug: 'by-passkey-or-name',
      stages: [{ kind: 'identification', config }, { kind: 'user_login' }],
    })
    await seedFlow(browsing.app.database, {
      slug: 'second-factor',
      stages: [
        { kind: 'identification' },
        { kind: 'password' },
        { kind: 'authenticator_validate', config: { deviceClasses: ['webauthn'], notConfiguredAction: 'deny' } },
        { kind: 'user_login' },
      ],
    })
  })

  /** Somebody with a browser whose device keeps passkeys, and has one of theirs by now. */
  const withPasskey = async (prepare: (page: Page) => Promise<unknown> = async () => undefined, options = {}) => {
    made += 1
    const account = await createAccount(browsing.app.database, `person${made}`)
    const page = await browsing.visit('/healthz')
    await prepare(page)
    const device = await addVirtualAuthenticator(page, options)
    await page.goto(`/if/flow/default-authentication-flow/?${new URLSearchParams({ next: setUp })}`)
    await browsing.signIn(page, account)
    await page.getByRole('button', { name: 'Set up a passkey or security key' }).click()
    await greeted(page, account)
    expect(await device.credentials()).toHaveLength(1)
    return { account, page, device }
  }

  const greeted = (page: Page, { username }: Account) => page.getByRole('heading', { name: `Hello, ${username}` }).waitFor()

  const signOut = async (page: Page) => {
    await page.goto('/flows/-/default/invalidation/')
    await page.getByRole('heading', { name: 'Welcome to Stagedoor' }).waitFor()
  }

  it('are registered, and sign in with nothing else', async () => {
    const { account, page, device } = await withPasskey()
    await signOut(page)
    await page.goto('/if/flow/passwordless-authentication/')
    await page.getByRole('button', { name: 'Use a passkey or security key' }).click()

    await greeted(page, account)
    expect((await device.credentials())[0]?.signCount).toBeGreaterThan(1)
    expect(await setUpOnceMore(page)).toContain('set up already')
  })

  const setUpOnceMore = async (page: Page) => {
    await page.goto(setUp)
    await page.getByRole('button', { name: 'Set up a passkey or security key' }).click()
    return page.getByRole('alert').textContent()
  }

  it('are offered in the field for the name', async () => {
    const { account, page } = await withPasskey((fresh) =>
      fresh.addInitScript(`
        const get = navigator.credentials.get.bind(navigator.credentials)
        navigator.credentials.get = (options) => (console.info('mediation:', options.mediation), get(options))
      `),
    )
    await signOut(page)
    const asked = page.waitForEvent('console', (message) => message.text().startsWith('mediation:'))
    await page.goto('/if/flow/by-passkey-or-name/')

    expect((await asked).text()).toBe('mediation: conditional')
    await greeted(page, account)
  })

  it('are asked for by a button where the field does not offer them', async () => {
    const { account, page } = await withPasskey((fresh) =>
      fresh.addInitScript('PublicKeyCredential.isConditionalMediationAvailable = async () => false'),
    )
    await signOut(page)
    await page.goto('/if/flow/by-passkey-or-name/')
    expect(await page.getByLabel('User name').getAttribute('autocomplete')).toBe('username webauthn')
    await page.getByRole('button', { name: 'Use a passkey' }).click()

    await greeted(page, account)
  })

  it('leave the way by name and password open', async () => {
    const account = await createAccount(browsing.app.database, 'without')
    const page = await browsing.visit('/healthz')
    await page.addInitScript(`
      const get = navigator.credentials.get.bind(navigator.credentials)
      navigator.credentials.get = (options) => {
        options.signal?.addEventListener('abort', () => console.info('the offer is withdrawn'))
        return get(options)
      }
    `)
    await addVirtualAuthenticator(page)
    await page.goto('/if/flow/by-passkey-or-name/')
    // Some browsers refuse to ask while they still offer.
    const withdrawn = page.waitForEvent('console', (message) => message.text() === 'the offer is withdrawn')
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await withdrawn
    await page.getByText('The key was not used').waitFor()

    await page.getByLabel('User name').fill(account.username)
    await page.getByLabel('Password').fill(account.password)
    await page.getByRole('button', { name: 'Log in' }).click()
    await greeted(page, account)
  })

  it('work in browsers that do not read and write the JSON of them, also as a second factor', async () => {
    const withoutJson = `
      delete PublicKeyCredential.parseCreationOptionsFromJSON
      delete PublicKeyCredential.parseRequestOptionsFromJSON
      delete PublicKeyCredential.prototype.toJSON
    `
    const { account, page } = await withPasskey((fresh) => fresh.addInitScript(withoutJson), { hasResidentKey: false })
    await signOut(page)
    await page.goto('/if/flow/second-factor/')
    await browsing.signIn(page, account)
    await page.getByRole('button', { name: 'Use a passkey or security key' }).click()

    await greeted(page, account)
  })
})
