import { Secret, TOTP } from 'otpauth'
import { RestJourney } from './rest-journey.ts'
import { type Ground, signIn } from './journeys.ts'
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
  const secret = new URL(String(shown.fields.configUrl)).searchParams.get('secret') ?? ''
  const totp = new TOTP({ secret: Secret.fromBase32(secret) })
  const codeNow = () => totp.generate({ timestamp: ground.app.clock.now().getTime() })
  const done = await client.answer('authenticator_totp', { code: codeNow() })
  if (done.kind !== 'redirect') throw new Error(`The app was not set up: ${JSON.stringify(done)}`)
  // A code counts once, also the one that set the app up.
  ground.app.clock.advance(60)
  return { secret, codeNow }
}
