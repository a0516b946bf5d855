import { Secret, TOTP } from 'otpauth'
import { type Ground, signIn } from './journeys.ts'
import { RestJourney } from './rest-journey.ts'
import type { Account } from './test-app.ts'

/** What somebody's app knows. */
export interface TotpApp {
  readonly secret: string
  /** The code at the server's time. */
  readonly codeNow: () => string
}

/** Signs somebody in by a flow of its own and sets up an authenticator app for them, as people do. */
export async function setUpTotp(ground: Ground, account: Account): Promise<TotpApp> {
  const { slug } = await ground.flow({
    stages: [{ kind: 'identification' }, { kind: 'password' }, { kind: 'authenticator_totp' }, { kind: 'user_login' }],
  })
  const client = new RestJourney(ground.app.url)
  const shown = await signIn(client, slug, account)
  const app = appFor(ground, shown.fields.configUrl)
  const done = await client.answer('authenticator_totp', { code: app.codeNow() })
  if (done.kind !== 'redirect') throw new Error(`The app was not set up: ${JSON.stringify(done)}`)
  // A code counts once, also the one that set the app up.
  ground.app.clock.advance(60)
  return app
}

/** What an app makes of the address that it is set up with. */
export function appFor(ground: Ground, configUrl: unknown): TotpApp {
  const secret = new URL(String(configUrl)).searchParams.get('secret') ?? ''
  const totp = new TOTP({ secret: Secret.fromBase32(secret) })
  return { secret, codeNow: () => totp.generate({ timestamp: ground.app.clock.now().getTime() }) }
}
