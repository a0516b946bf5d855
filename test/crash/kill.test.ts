import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SqlSessionDirectory } from '../../src/db/sessions.ts'
import { type ChildServer, startChildServer } from '../support/child-server.ts'
import { seedFlow, signInStages } from '../support/seed.ts'
import { type Account, createAccount } from '../support/test-app.ts'
import { createTestDatabase, type StoreProvider, stores, type TestDatabase } from '../support/test-database.ts'
import { Visitor } from './crowd.ts'

const slug = 'sign-in'
const people = 200
/** Of the 600 replies that all of them wait for: first when most have begun, then when some have come in. */
const killedAfter = [250, 200]

for (const { name, provider, available } of stores) {
  describe.skipIf(!available)(`a server that is killed while ${people} people sign in, on ${name}`, () => survives(provider))
}

function survives(provider: StoreProvider) {
  let store: TestDatabase
  let accounts: readonly Account[]
  const running: ChildServer[] = []

  beforeEach(async () => {
    store = await createTestDatabase(provider)
    await seedFlow(store.database, { slug, stages: signInStages })
    accounts = await Promise.all(Array.from({ length: people }, (_, index) => createAccount(store.database, `person${index}`)))
  })

  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop('SIGKILL')))
    await store.drop()
  })

  it('loses nothing and does nothing twice', { timeout: 60_000 }, async () => {
    const visitors = accounts.map((account) => new Visitor(account))
    const crashed: string[] = []
    for (const replies of killedAfter) {
      const cameIn = await signInUntilKilled(visitors, replies)
      expect(cameIn).toContain(false)
      await expectNobodyHalfSignedIn()
      await expectNothingForgotten(visitors)
      crashed.push(...(await executionIds()))
    }

    const { url } = await start()
    const cameIn = await Promise.all(visitors.map((visitor) => visitor.signIn(slug, url)))

    expect(cameIn).not.toContain(false)
    const viewers = await Promise.all(visitors.map(({ browser }) => browser.graphql('{ viewer { user { username } } }')))
    expect(viewers).toEqual(accounts.map(({ username }) => ({ data: { viewer: { user: { username } } } })))
    // Whoever was signed in by a reply that got lost has that very session now, and not a second one.
    expect(await expectNobodyHalfSignedIn()).toEqual(userIds())
    await expectLeftoversToExpire(crashed, visitors)
  })

  /** Lets everybody go on at a new server, which dies when so many replies were heard; tells who has come in before. */
  async function signInUntilKilled(visitors: readonly Visitor[], replies: number): Promise<readonly boolean[]> {
    const server = await start()
    let heard = 0
    const hear = () => {
      heard += 1
      if (heard === replies) void server.stop('SIGKILL')
    }
    const cameIn = await Promise.all(visitors.map((visitor) => visitor.signIn(slug, server.url, hear)))
    await server.stop('SIGKILL')
    return cameIn
  }

  function userIds(): readonly number[] {
    return accounts.map(({ id }) => id).sort((a, b) => a - b)
  }

  async function start(): Promise<ChildServer> {
    const server = await startChildServer({
      NODE_ENV: 'benchmark',
      PASSWORD_HASHER: 'benchmark',
      SECRET_KEY: 'a secret key that outlives the server',
      BOOTSTRAP_PASSWORD: 'nobody signs in with this',
      DATA_DIR: store.dataDir,
      DATABASE_URL: store.databaseUrl,
    })
    running.push(server)
    return server
  }

  /** A session has a user if, and only if, an execution of it came to its end, and the audit trail says so too; tells who is in. */
  async function expectNobodyHalfSignedIn(): Promise<readonly number[]> {
    const { prisma } = store.database
    const sessions = await prisma.session.findMany({ include: { executions: true, user: true } })
    for (const { userId, user, executions } of sessions) {
      const ended = executions.filter(({ status }) => status === 'finished')
      expect(ended.map(({ pendingUserId }) => pendingUserId)).toEqual(userId === null ? [] : [userId])
      expect(user?.lastLoginAt).not.toBeNull()
    }
    const signedIn = sessions.flatMap(({ userId }) => userId ?? []).sort((a, b) => a - b)
    const logins = await prisma.event.findMany({ where: { action: 'login' }, orderBy: { userId: 'asc' } })
    expect(logins.map(({ userId }) => userId)).toEqual(signedIn)

    const pinned = new Set((await prisma.flowDefinition.findMany()).map(({ id }) => id))
    const executions = await prisma.execution.findMany()
    expect(executions.filter(({ definitionId }) => !pinned.has(definitionId))).toEqual([])
    const users = await prisma.user.findMany({ where: { id: { in: [...userIds()] }, passwordHash: { not: null } } })
    expect(users).toHaveLength(people)
    return signedIn
  }

  /** What people were told stands in the store: that step, or one that came after it. */
  async function expectNothingForgotten(visitors: readonly Visitor[]): Promise<void> {
    const stored = new Map((await store.database.prisma.execution.findMany()).map((execution) => [execution.id, execution]))
    for (const { step } of visitors) {
      if (!step) continue
      const { sequence = 0, stepToken, status } = stored.get(step.id) ?? {}
      expect(sequence - step.sequence).toBeOneOf([0, 1])
      if (sequence === step.sequence)
        expect({ stepToken, status }).toEqual({ stepToken: step.stepToken, status: step.status.toLowerCase() })
    }
  }

  async function executionIds(): Promise<readonly string[]> {
    return (await store.database.prisma.execution.findMany()).map(({ id }) => id)
  }

  /** Executions whose first reply was lost belong to nobody: they stand still, and are swept when their time is over. */
  async function expectLeftoversToExpire(crashed: readonly string[], visitors: readonly Visitor[]): Promise<void> {
    const { prisma, sql } = store.database
    const known = new Set(visitors.map(({ step }) => step?.id))
    const orphans = crashed.filter((id) => !known.has(id))
    const left = await prisma.execution.findMany({ where: { id: { in: orphans } }, include: { session: true } })
    expect(left.filter(({ status, session }) => status !== 'active' || session.userId !== null)).toEqual([])

    const inAYear = new Date(Date.now() + 365 * 86_400_000)
    await new SqlSessionDirectory(sql, () => inAYear).sweep()
    expect([await prisma.execution.count(), await prisma.session.count()]).toEqual([0, 0])
    expect(await prisma.user.count({ where: { id: { in: [...userIds()] } } })).toBe(people)
  }
}
