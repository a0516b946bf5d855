import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'

/** Why a test that needs one is left out. */
export const noChromium = `there is no Chromium at ${executablePath} (CHROMIUM_PATH)`

/** Whether there is a Chromium to test with; where it is false, skip. In CI nothing may be skipped, so there it is true or an error. */
export const chromiumAvailable: boolean = isThere()

function isThere(): boolean {
  const there = existsSync(executablePath)
  if (!there && process.env.CI) throw new Error(`In CI, ${noChromium}.`)
  return there
}

/** Opens one without a window, which asks nobody outside for anything. */
export function openChromium(): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ]
  return chromium.launch({ executablePath, args })
}

/** An authenticator that the browser believes is built in: it answers at once, and keeps passkeys until the page is closed. */
export interface VirtualAuthenticator {
  /** What it holds. */
  readonly credentials: () => Promise<readonly { readonly credentialId: string; readonly signCount: number }[]>
  /** Whether it recognises the person from now on. */
  readonly setUserVerified: (verified: boolean) => Promise<void>
}

/** Gives a page one. One that keeps no passkeys knows its keys only when it is told which. */
export async function addVirtualAuthenticator(page: Page, { hasResidentKey = true } = {}): Promise<VirtualAuthenticator> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    credentials: async () => (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    setUserVerified: async (isUserVerified) => {
      await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
  }
}
