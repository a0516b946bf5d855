import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { randomToken } from '../../src/credentials/random.ts'
import { assertionOptions, verifyAssertion } from '../../src/credentials/webauthn.ts'
import { registrationOptions, userHandle, verifyRegistration } from '../../src/credentials/webauthn-registration.ts'
import { addVirtualAuthenticator, chromiumAvailable, noChromium, openChromium } from '../support/chromium.ts'

const rpId = 'localhost'
const handle = userHandle('b0a2f5ac-6a0d-4a30-8c22-64a6f1b7a111')

describe.skipIf(!chromiumAvailable)(`WebAuthn in a browser${chromiumAvailable ? '' : `: ${noChromium}`}`, () => {
  let browser: Browser
  let server: Server
  let origin: string
  let page: Page

  beforeAll(async () => {
    server = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>A page</title>'),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://localhost:${(server.address() as AddressInfo).port}`
    browser = await openChromium()
  })

  afterAll(async () => {
    await browser?.close()
    server?.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  beforeEach(async () => {
    page = await browser.newPage()
    await page.goto(origin)
    return () => page.close()
  })

  /** What the page says to `navigator.credentials.create`, as pages do it since browsers read and write the JSON themselves. */
  const register = (options: object) =>
    page.evaluate(`(async () => {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(${JSON.stringify(options)})
      return (await navigator.credentials.create({ publicKey })).toJSON()
    })()`)

  const authenticate = (options: object) =>
    page.evaluate(`(async () => {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(${JSON.stringify(options)})
      return (await navigator.credentials.get({ publicKey })).toJSON()
    })()`)

  const asked = (existing: readonly Readonly<Record<string, unknown>>[] = []) =>
    registrationOptions({
      challenge: randomToken(),
      relyingParty: { id: rpId, name: 'Acme' },
      user: { handle, name: 'ada', displayName: 'Ada Lovelace' },
      userVerification: 'required',
      residentKey: 'required',
      attachment: 'platform',
      hints: ['client-device'],
      existing,
    })

  async function enrolled() {
    const options = await asked()
    const registered = await verifyRegistration({
      response: await register(options),
      challenge: String(options.challenge),
      rpId,
      origins: [origin],
      requireUserVerification: true,
      userHandle: handle,
    })
    if (registered.type === 'refused') throw new Error(registered.problem)
    return registered
  }

  const judged = async (options: Awaited<ReturnType<typeof assertionOptions>>, data: Readonly<Record<string, unknown>>) =>
    verifyAssertion({
      response: await authenticate(options),
      challenge: String(options.challenge),
      rpId,
      origins: [origin],
      requireUserVerification: options.userVerification === 'required',
      authenticator: { data },
    })

  it('enrols a passkey and signs in with it, by name and without one', async () => {
    const device = await addVirtualAuthenticator(page)
    const { data, credentialId } = await enrolled()
    const named = await assertionOptions({ rpId, userVerification: 'required', allowCredentials: [credentialId] })
    const first = await judged(named, data)
    const anybody = await assertionOptions({ rpId, userVerification: 'required', allowCredentials: [] })
    const second = await judged(anybody, first?.data ?? {})
    const [held] = await device.credentials()

    expect(data).toMatchObject({ rpId, userHandle: handle, transports: ['internal'] })
    expect(first?.data.signCount).toBeGreaterThan(Number(data.signCount))
    expect(second?.data.signCount).toBe(held?.signCount)
  })

  it('does not enrol what is enrolled already', async () => {
    await addVirtualAuthenticator(page)
    const { data } = await enrolled()

    await expect(register(await asked([data]))).rejects.toThrow('InvalidStateError')
  })

  it('does not accept somebody whom the authenticator does not know, where that is required', async () => {
    const device = await addVirtualAuthenticator(page)
    const { data, credentialId } = await enrolled()
    await device.setUserVerified(false)
    const lax = await assertionOptions({ rpId, userVerification: 'discouraged', allowCredentials: [credentialId] })
    const response = await authenticate(lax)
    const judge = (requireUserVerification: boolean) =>
      verifyAssertion({
        response,
        challenge: String(lax.challenge),
        rpId,
        origins: [origin],
        requireUserVerification,
        authenticator: { data },
      })

    expect(await judge(false)).toBeDefined()
    expect(await judge(true)).toBeUndefined()
  })
})
