import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { Browser, respond, type Step } from '../support/browser.ts'
import { type ChildServer, startChildServer } from '../support/child-server.ts'
import { createDatabase, postgresqlAvailable } from '../support/postgresql.ts'
import { redisAvailable, redisUrl } from '../support/redis.ts'
import { type SeededFlow, seedFlow, signInStages } from '../support/seed.ts'
import { nextStep, overSocket } from '../support/streams.ts'
import { createAccount } from '../support/test-app.ts'

const slug = 'sign-in'
const password = 'the first administrator'

describe.skipIf(!postgresqlAvailable)('two servers on one PostgreSQL', { timeout: 60_000 }, () => {
  let server: Awaited<ReturnType<typeof createDatabase>>
  let database: Database
  let flow: SeededFlow
  let nodes: readonly ChildServer[] = []
  const urls = () => nodes.map(({ url }) => url) as [string, string]

  beforeAll(async () => {
    server = await createDatabase()
    const env = {
      NODE_ENV: 'benchmark',
      PASSWORD_HASHER: 'benchmark',
      SECRET_KEY: 'a secret key that both of them have',
      BOOTSTRAP_PASSWORD: password,
      DATABASE_URL: server.url,
      REDIS_URL: redisAvailable ? redisUrl : undefined,
    }
    // Nothing is in the database: both want to make the tables, and both want to make the administrator.
    nodes = await Promise.all([startChildServer(env), startChildServer(env)])
    database = openDatabase({ databaseUrl: server.url, dataDir: '' })
    flow = await seedFlow(database, { slug, stages: signInStages })
  })

  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    await database.close()
    await server.drop()
  })

  it('make their tables, flows and administrator once, and are both ready', async () => {
    const { prisma } = database

    const ready = await Promise.all(urls().map(async (url) => (await fetch(`${url}/readyz`)).status))

    expect(ready).toEqual([200, 200])
    expect(nodes.filter((node) => node.log().includes('the database was migrated'))).toHaveLength(1)
    expect(nodes.filter((node) => node.log().includes('a blueprint was applied'))).toHaveLength(1)
    expect(await prisma.user.findMany({ select: { username: true } })).toEqual([{ username: 'akadmin' }])
    expect(await prisma.group.count()).toBe(1)
    for (const url of urls()) {
      const signedIn = await new Browser(url).signIn('default-authentication-flow', { username: 'akadmin', password })
      expect(signedIn.status).toBe('FINISHED')
    }
  })

  it('answer for each other: an execution goes on at the node it did not begin at, and so does a session', async () => {
    const [a, b] = urls()
    const ada = await createAccount(database, 'ada')
    const browser = new Browser(a)

    const begun = await browser.start(slug)
    const asked = await browser.at(b).answer(begun, { identification: { uidField: ada.username } })
    const finished = await browser.at(a).answer(asked, { password: { password: ada.password } })

    expect([begun, asked, finished].map(({ id }) => id)).toEqual([begun.id, begun.id, begun.id])
    expect(finished.status).toBe('FINISHED')
    expect(await browser.at(b).graphql('{ viewer { user { username } } }')).toEqual({
      data: { viewer: { user: { username: ada.username } } },
    })
  })

  it('both see at once what an operator has changed', async () => {
    const titles = () =>
      Promise.all(
        urls().map((url) => new Browser(url).graphql('query ($slug: String!) { flow(slug: $slug) { title } }', { slug })),
      )
    const both = (title: string) => [title, title].map((title) => ({ data: { flow: { title } } }))
    expect(await titles()).toEqual(both(slug))

    for (const title of ['Welcome', 'Welcome back']) {
      await database.prisma.flow.update({ where: { id: flow.id }, data: { title } })
      expect(await titles()).toEqual(both(title))
    }
  })

  it('take the same answer, sent to both at once, as one', async () => {
    const accounts = await Promise.all(Array.from({ length: 20 }, (_, index) => createAccount(database, `twice${index}`)))

    const replies = await Promise.all(
      accounts.map(async (account) => {
        const browser = new Browser(urls()[0])
        const asked = await browser.answer(await browser.start(slug), { identification: { uidField: account.username } })
        return Promise.all(urls().map((url) => browser.at(url).answer(asked, { password: { password: account.password } })))
      }),
    )

    for (const [one, other] of replies) {
      expect(one).toEqual(other)
      expect(one).toMatchObject({ status: 'FINISHED', sequence: 3 })
    }
    const userId = { in: accounts.map(({ id }) => id) }
    expect(await database.prisma.event.count({ where: { action: 'login', userId } })).toBe(accounts.length)
    expect(await database.prisma.session.count({ where: { userId } })).toBe(accounts.length)
  })

  it('take one of two different answers that come at once, and tell the other what stands', async () => {
    const browsers = Array.from({ length: 20 }, () => new Browser(urls()[0]))

    const outcomes = await Promise.all(
      browsers.map(async (browser) => {
        const { id, stepToken } = await browser.start(slug)
        const answers = urls().map((url, index) => {
          const response = { identification: { uidField: `somebody${index}` } }
          return browser.at(url).graphql<{ respond: Step }>(respond, { input: { executionId: id, stepToken, response } })
        })
        return (await Promise.all(answers)).map(({ data }) => data?.respond.__typename).sort()
      }),
    )

    expect(outcomes).toEqual(browsers.map(() => ['FlowExecution', 'StaleStepError']))
  })

  it.skipIf(!redisAvailable)('tell through Redis whoever listens at one of them what happens at the other', async () => {
    const [a, b] = urls()
    const grace = await createAccount(database, 'grace')
    const browser = new Browser(a)
    const begun = await browser.start(slug)
    const stream = await overSocket.listen(browser.at(b), begun.id)
    expect(await nextStep(stream)).toEqual(begun)

    const asked = await browser.answer(begun, { identification: { uidField: grace.username } })
    expect(await nextStep(stream)).toEqual(asked)

    const finished = await browser.answer(asked, { password: { password: grace.password } })
    expect(await nextStep(stream)).toEqual(finished)
    expect(await stream.next()).toMatchObject({ done: true })
  })
})
