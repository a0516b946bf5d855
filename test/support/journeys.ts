import { afterAll, beforeAll, describe } from 'vitest'
import type { StageDefinition } from '../../src/flow/stage.ts'
import type { JourneyClient, View } from './journey-view.ts'
import { type SeededFlow, type SeedFlow, type SeedStage, seedFlow, signInStages } from './seed.ts'
import { type Account, createAccount, startTestApp, type TestApp } from './test-app.ts'
import { stores } from './test-database.ts'

/** What journeys start from: a server, and people and flows that no other journey touches. */
export class Ground {
  private started: TestApp | undefined
  private made = 0

  get app(): TestApp {
    if (!this.started) throw new Error('The server runs inside tests and their hooks only.')
    return this.started
  }

  get prisma() {
    return this.app.database.prisma
  }

  async open(options: Parameters<typeof startTestApp>[0]): Promise<void> {
    this.started = await startTestApp(options)
  }

  async close(): Promise<void> {
    await this.started?.close()
  }

  person(options?: Parameters<typeof createAccount>[2]): Promise<Account> {
    this.made += 1
    return createAccount(this.app.database, `person${this.made}`, options)
  }

  /** A flow with a slug of its own; sign-in as most people know it unless told. */
  async flow({ stages = signInStages, ...rest }: Partial<SeedFlow> = {}): Promise<SeededFlow & { readonly slug: string }> {
    this.made += 1
    const slug = rest.slug ?? `flow${this.made}`
    return { slug, ...(await seedFlow(this.app.database, { stages, ...rest, slug })) }
  }

  /** How often something stands in the audit trail about somebody. */
  events(action: string, userId: number): Promise<number> {
    return this.prisma.event.count({ where: { action, userId } })
  }

  /** How the executions of a flow ended, as the audit trail has it. */
  async outcomes(slug: string): Promise<unknown[]> {
    const events = await this.prisma.event.findMany({ where: { action: 'flow_execution' }, orderBy: { createdAt: 'asc' } })
    const contexts = events.map(({ context }) => context as { flow: string; outcome: string })
    return contexts.filter(({ flow }) => flow === slug).map(({ outcome }) => outcome)
  }

  /** Changes what a dummy policy says. */
  async decide(policyId: string | undefined, result: boolean): Promise<void> {
    const config = { result, waitMin: 0, waitMax: 0 }
    await this.prisma.policy.update({ where: { id: String(policyId) }, data: { config } })
  }
}

/** Journeys on every store. One that a developer's machine lacks is left out; in CI none is. */
export function describeJourneys(
  title: string,
  body: (ground: Ground) => void,
  env: Record<string, string> = {},
  kinds?: readonly StageDefinition[],
): void {
  for (const { name, provider, available } of stores) {
    const reason = available ? '' : ', which is out of reach: set TEST_POSTGRES_URL'
    describe.skipIf(!available)(`${title}, on ${name}${reason}`, () => {
      const ground = new Ground()
      beforeAll(() => ground.open({ provider, env, ...(kinds && { kinds }) }))
      afterAll(() => ground.close())
      body(ground)
    })
  }
}

/** Identification and password, up to what comes after them. */
export async function signIn(
  client: JourneyClient,
  slug: string,
  { username, password }: Account,
  query?: string,
): Promise<View> {
  await client.start(slug, query)
  await client.answer('identification', { uidField: username })
  return client.answer('password', { password })
}

/** Sign-in with name and password on one screen. */
export async function oneScreenSignIn(ground: Ground, password: object = {}): Promise<SeedStage[]> {
  const config = { backends: ['authentik.core.auth.InbuiltBackend'], ...password }
  const { stageIds } = await ground.flow({ stages: [{ kind: 'password', config }] })
  const identification = { userFields: ['username'], passwordStage: stageIds[0] }
  return [{ kind: 'identification', config: identification }, { kind: 'user_login' }]
}
