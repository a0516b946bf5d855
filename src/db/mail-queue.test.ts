import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Clock } from '../../test/support/clock.ts'
import { createTestDatabase, stores, type TestDatabase } from '../../test/support/test-database.ts'
import { createSecretBox } from '../credentials/secret-box.ts'
import type { OutgoingMail } from '../flow/accounts.ts'
import { mailStatement, SqlMailQueue } from './mail-queue.ts'

const box = createSecretBox(['a key for tests, and for nothing else'])
const lease = 120

const mailTo = (address: string): OutgoingMail => ({
  to: { address, name: 'Ada' },
  from: 'login@example.test',
  subject: 'Hello',
  template: 'email/password_reset.html',
  values: { url: 'https://login.example.test/?flow_token=hush' },
  smtp: undefined,
})

describe.each(stores)('mails that wait in $name', ({ provider, available }) => {
  const test = it.skipIf(!available)
  let store: TestDatabase
  let clock: Clock
  let queue: SqlMailQueue

  beforeAll(async () => {
    if (available) store = await createTestDatabase(provider)
  })
  beforeEach(async () => {
    if (!available) return
    await store.database.prisma.queuedMail.deleteMany()
    clock = new Clock()
    queue = new SqlMailQueue(store.database.sql, box, () => clock.now())
  })
  afterAll(() => store?.drop())

  const put = (...mails: OutgoingMail[]) => store.database.sql.write(mails.map((mail) => mailStatement(mail, box, clock.now())))
  const rows = () => store.database.prisma.queuedMail.findMany()

  test('are given out as they were put in, sealed meanwhile', async () => {
    await put(mailTo('ada@example.test'), { ...mailTo('x'), to: undefined })

    expect(JSON.stringify(await rows())).not.toMatch(/ada|hush/)
    const claimed = await queue.claim(10, lease)
    expect(claimed.map(({ mail, attempts }) => ({ ...mail, attempts }))).toEqual(
      expect.arrayContaining([
        { ...mailTo('ada@example.test'), smtp: undefined, attempts: 1 },
        { ...mailTo('x'), to: undefined, attempts: 1 },
      ]),
    )
  })

  test('are given to nobody else until their lease ends', async () => {
    await put(mailTo('ada@example.test'))

    expect(await queue.claim(10, lease)).toHaveLength(1)
    clock.advance(lease - 1)
    expect(await queue.claim(10, lease)).toEqual([])
    clock.advance(1)
    expect(await queue.claim(10, lease)).toMatchObject([{ attempts: 2 }])
  })

  test('are given out one time each to many who ask at once', async () => {
    await put(...Array.from({ length: 20 }, (_, index) => mailTo(`ada${index}@example.test`)))
    const claimed = (await Promise.all(Array.from({ length: 8 }, () => queue.claim(3, lease)))).flat()
    const rest = await queue.claim(50, lease)

    expect(new Set([...claimed, ...rest].map(({ id }) => id)).size).toBe(20)
    expect(claimed.length + rest.length).toBe(20)
  })

  test('are given out as many as are asked for, the oldest first', async () => {
    for (const name of ['first', 'second', 'third']) {
      await put(mailTo(name))
      clock.advance(1)
    }

    const claimed = await queue.claim(2, lease)
    expect(claimed.map(({ mail }) => mail?.to?.address).sort()).toEqual(['first', 'second'])
  })

  test('are forgotten once sent, and kept with what was wrong until they are due again', async () => {
    await put(mailTo('ada@example.test'), mailTo('bob@example.test'))
    const [ada, bob] = await queue.claim(2, lease)
    await queue.sent(ada?.id ?? '')
    await queue.failed(bob?.id ?? '', new Date(clock.now().getTime() + 10_000), 'x'.repeat(1000))

    expect(await rows()).toMatchObject([{ id: bob?.id, problem: 'x'.repeat(500), attempts: 1 }])
    expect(await queue.claim(10, lease)).toEqual([])
    clock.advance(10)
    expect(await queue.claim(10, lease)).toMatchObject([{ id: bob?.id, attempts: 2 }])

    await queue.failed(bob?.id ?? '', undefined, 'no such mailbox')
    expect(await rows()).toEqual([])
  })

  test('are given out without their content when its key is gone, or it is that of another mail', async () => {
    await put(mailTo('ada@example.test'))
    const other = new SqlMailQueue(store.database.sql, createSecretBox(['another key']), () => clock.now())
    expect(await other.claim(1, 0)).toMatchObject([{ mail: undefined }])

    await put(mailTo('bob@example.test'))
    const [one, two] = await rows()
    await store.database.prisma.queuedMail.update({ where: { id: one?.id ?? '' }, data: { sealed: two?.sealed ?? '' } })
    expect((await queue.claim(2, lease)).filter(({ mail }) => mail === undefined)).toHaveLength(1)
  })

  test('come and go with what they are written with', async () => {
    const failing = { text: `DELETE FROM "QueuedMail" WHERE "id" = $1`, values: ['nobody'] }
    const saved = await store.database.sql.write([failing, mailStatement(mailTo('ada@example.test'), box, clock.now())], 0)

    expect(saved).toBe(false)
    expect(await rows()).toEqual([])
  })
})
