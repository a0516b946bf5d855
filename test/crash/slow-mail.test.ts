import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ChildServer, startChildServer } from '../support/child-server.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { linkIn } from '../support/mailed-links.ts'
import { linkStage, toldOf } from '../support/messages.ts'
import { seedFlow } from '../support/seed.ts'
import { nextStep, overSocket } from '../support/streams.ts'
import { type Account, createAccount } from '../support/test-app.ts'
import { createTestDatabase, type StoreProvider, stores, type TestDatabase } from '../support/test-database.ts'
import { WaitingBrowser } from '../support/waiting-journey.ts'

const slug = 'mail-sign-in'

for (const { name, provider, available } of stores)
  describe.skipIf(!available)(`a server that is killed while it sends a mail, on ${name}`, () => leavesIt(provider))

function leavesIt(provider: StoreProvider) {
  let store: TestDatabase
  let mails: MailServer
  let ada: Account
  const running: ChildServer[] = []

  beforeEach(async () => {
    store = await createTestDatabase(provider)
    mails = await startMailServer()
    ada = await createAccount(store.database, 'ada')
    const stages = [{ kind: 'identification' }, { kind: 'password' }, linkStage(mails), { kind: 'user_login' }]
    await seedFlow(store.database, { slug, stages })
  })

  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop('SIGKILL')))
    await mails.close()
    await store.drop()
  })

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

  it('leaves it to the next one, which sends it once more with the same link and tells who waits', {
    timeout: 120_000,
  }, async () => {
    const doomed = await start()
    const taken = Promise.withResolvers<void>()
    mails.hold = taken.promise
    const browser = new WaitingBrowser(doomed.url)
    const named = await browser.reply(await browser.begin(slug), { identification: { uidField: ada.username } })
    const step = await browser.reply(named, { password: { password: ada.password } })
    expect(toldOf(step)).toMatchObject({ waiting: { delivery: 'QUEUED' } })
    const queued = () => store.database.prisma.queuedMessage.findFirstOrThrow({ where: { executionId: step.id } })
    await mails.has(1)
    expect(await queued()).toMatchObject({ attempts: 1, state: 'queued' })

    await doomed.stop('SIGKILL')
    // The mail server has it, and nobody knows.
    taken.resolve()
    const first = await mails.to(ada.email)
    const { id, dueAt } = await queued()
    expect(dueAt.getTime() - Date.now()).toBeGreaterThan(60_000)
    // As if the rest of the lease had gone by.
    await store.database.prisma.queuedMessage.update({ where: { id }, data: { dueAt: new Date() } })
    const successor = await start()
    const stream = await overSocket.listen(browser.at(successor.url), step.id, step.sequence)

    expect(toldOf(await nextStep(stream))).toMatchObject({ waiting: { delivery: 'SENT' } })
    const second = await mails.to(ada.email, 2)
    expect(second.headers['message-id']).toBe(first.headers['message-id'])
    expect(linkIn(second)).toEqual(linkIn(first))
    expect(await queued()).toMatchObject({ state: 'sent', attempts: 2, sealed: '' })
    await stream.return?.()
  })
}
