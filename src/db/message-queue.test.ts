import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Clock } from '../../test/support/clock.ts'
import { mailTo, textTo } from '../../test/support/lanes.ts'
import { createTestDatabase, stores, type TestDatabase } from '../../test/support/test-database.ts'
import { createSecretBox } from '../credentials/secret-box.ts'
import type { OutgoingMail, QueuedMessage } from '../flow/accounts.ts'
import { messageOf, messageStatement, SqlMessageQueue } from './message-queue.ts'
import { SqlSessionDirectory } from './sessions.ts'

const box = createSecretBox(['a key for tests, and for nothing else'])
const lease = 120

const addressOf = ({ message }: QueuedMessage) => (message?.channel === 'mail' ? message.mail.to?.address : undefined)

describe.each(stores)('messages that wait in $name', ({ provider, available }) => {
  const test = it.skipIf(!available)
  let store: TestDatabase
  let clock: Clock
  let queue: SqlMessageQueue

  beforeAll(async () => {
    if (available) store = await createTestDatabase(provider)
  })
  beforeEach(async () => {
    if (!available) return
    await store.database.prisma.queuedMessage.deleteMany()
    clock = new Clock()
    queue = new SqlMessageQueue(store.database.sql, box, () => clock.now())
  })
  afterAll(() => store?.drop())

  const put = (...mails: OutgoingMail[]) =>
    store.database.sql.write(mails.map((mail) => messageStatement({ channel: 'mail', mail }, box, clock.now())))
  /** A mail that an execution asks about by this name. */
  const putTold = (messageId: string) => {
    const told = { messageId, executionId: 'an execution' }
    const message = { channel: 'mail', mail: mailTo('ada@example.test') } as const
    return store.database.sql.write([messageStatement(message, box, clock.now(), told)])
  }
  const rows = () => store.database.prisma.queuedMessage.findMany()
  const inSeconds = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000)

  test('are given out as they were put in, sealed meanwhile', async () => {
    await put(mailTo('ada@example.test'), { ...mailTo('x'), to: undefined })

    expect(JSON.stringify(await rows())).not.toMatch(/ada|hush/)
    const claimed = await queue.claim('mail', 10, lease)
    expect(claimed.map(({ message, attempts, executionId }) => ({ message, attempts, executionId }))).toEqual(
      expect.arrayContaining([
        { message: { channel: 'mail', mail: mailTo('ada@example.test') }, attempts: 1, executionId: undefined },
        { message: { channel: 'mail', mail: { ...mailTo('x'), to: undefined } }, attempts: 1, executionId: undefined },
      ]),
    )
  })

  test('are as the effects say that send them', async () => {
    const mail = mailTo('ada@example.test')
    const { channel: _, ...sms } = textTo('+15550100', { expiresAt: inSeconds(300).toISOString() })

    expect(messageOf({ type: 'send_mail', mail, messageId: 'one' })).toEqual({ channel: 'mail', mail })
    expect(messageOf({ type: 'send_sms', ...sms, messageId: 'two' })).toEqual({ channel: 'sms', ...sms })
  })

  test('are given out by channel', async () => {
    await put(mailTo('ada@example.test'))
    await store.database.sql.write([messageStatement(textTo('+15550100'), box, clock.now())])

    expect(JSON.stringify(await rows())).not.toMatch(/5550100|hush|123456/)
    expect((await queue.claim('sms', 10, lease)).map(({ message }) => message)).toEqual([textTo('+15550100')])
    expect(await queue.claim('sms', 10, lease)).toEqual([])
    expect((await queue.claim('mail', 10, lease)).map(addressOf)).toEqual(['ada@example.test'])
  })

  test('are given to nobody else until their lease ends', async () => {
    await put(mailTo('ada@example.test'))

    expect(await queue.claim('mail', 10, lease)).toHaveLength(1)
    clock.advance(lease - 1)
    expect(await queue.claim('mail', 10, lease)).toEqual([])
    clock.advance(1)
    expect(await queue.claim('mail', 10, lease)).toMatchObject([{ attempts: 2 }])
  })

  test('are given out one time each to many who ask at once', async () => {
    await put(...Array.from({ length: 20 }, (_, index) => mailTo(`ada${index}@example.test`)))
    const claimed = (await Promise.all(Array.from({ length: 8 }, () => queue.claim('mail', 3, lease)))).flat()
    const rest = await queue.claim('mail', 50, lease)

    expect(new Set([...claimed, ...rest].map(({ id }) => id)).size).toBe(20)
    expect(claimed.length + rest.length).toBe(20)
  })

  test('are given out as many as are asked for, the oldest first', async () => {
    for (const name of ['first', 'second', 'third']) {
      await put(mailTo(name))
      clock.advance(1)
    }

    expect((await queue.claim('mail', 2, lease)).map(addressOf).sort()).toEqual(['first', 'second'])
  })

  test('are forgotten once sent, and kept with what was wrong until they are due again', async () => {
    await put(mailTo('ada@example.test'), mailTo('bob@example.test'))
    const [ada, bob] = (await queue.claim('mail', 2, lease)) as [QueuedMessage, QueuedMessage]
    await queue.sent(ada.id)
    await queue.failed(bob, inSeconds(10), 'x'.repeat(1000))

    expect(await rows()).toMatchObject([{ id: bob.id, problem: 'x'.repeat(500), attempts: 1 }])
    expect(await queue.claim('mail', 10, lease)).toEqual([])
    clock.advance(10)
    const [again] = (await queue.claim('mail', 10, lease)) as [QueuedMessage]
    expect(again).toMatchObject({ id: bob.id, attempts: 2 })

    await queue.failed(again, undefined, 'no such mailbox')
    expect(await rows()).toEqual([])
  })

  test('are told about for an hour where an execution asks, by nothing but how it went', async () => {
    await putTold('good')
    await putTold('bad')
    expect(await queue.of('good')).toEqual({ state: 'queued', problem: '' })
    const claimed = await queue.claim('mail', 2, lease)
    expect(claimed.map(({ executionId }) => executionId)).toEqual(['an execution', 'an execution'])
    await queue.sent('good')
    await queue.failed({ id: 'bad', attempts: 1 }, undefined, 'no such mailbox')

    expect(await queue.of('good')).toEqual({ state: 'sent', problem: '' })
    expect(await queue.of('bad')).toEqual({ state: 'failed', problem: 'no such mailbox' })
    expect((await rows()).map(({ sealed }) => sealed)).toEqual(['', ''])
    clock.advance(lease)
    expect(await queue.claim('mail', 10, lease)).toEqual([])

    const sweep = () => new SqlSessionDirectory(store.database.sql, () => clock.now()).sweep()
    clock.advance(3600 - lease)
    await sweep()
    expect(await rows()).toHaveLength(2)
    clock.advance(1)
    await putTold('waits')
    await sweep()
    expect((await rows()).map(({ id }) => id)).toEqual(['waits'])
    expect(await queue.of('good')).toBeUndefined()
  })

  test('are failed by nobody who was slower than his lease', async () => {
    await putTold('one')
    const [slow] = (await queue.claim('mail', 1, lease)) as [QueuedMessage]
    clock.advance(lease)
    const [quick] = (await queue.claim('mail', 1, lease)) as [QueuedMessage]
    await queue.failed(slow, clock.now(), 'too late')
    await queue.failed(slow, undefined, 'too late')
    expect(await queue.of('one')).toEqual({ state: 'queued', problem: '' })
    expect(await queue.claim('mail', 1, lease)).toEqual([])

    await queue.sent(quick.id)
    await queue.failed(quick, undefined, 'not any more')
    expect(await queue.of('one')).toEqual({ state: 'sent', problem: '' })

    await put(mailTo('bob@example.test'))
    const [bob] = (await queue.claim('mail', 1, lease)) as [QueuedMessage]
    await queue.failed({ ...bob, attempts: bob.attempts - 1 }, undefined, 'too late')
    expect(await rows()).toHaveLength(2)
  })

  test('are given out without their content when its key is gone, or it is that of another message', async () => {
    await put(mailTo('ada@example.test'))
    const other = new SqlMessageQueue(store.database.sql, createSecretBox(['another key']), () => clock.now())
    expect(await other.claim('mail', 1, 0)).toMatchObject([{ message: undefined }])

    await put(mailTo('bob@example.test'))
    const [one, two] = await rows()
    await store.database.prisma.queuedMessage.update({ where: { id: one?.id ?? '' }, data: { sealed: two?.sealed ?? '' } })
    expect((await queue.claim('mail', 2, lease)).filter(({ message }) => message === undefined)).toHaveLength(1)
  })

  test('are read as they were written before there were other messages than mails', async () => {
    await put(mailTo('ada@example.test'))
    const [row] = await rows()
    const sealed = box.seal(JSON.stringify(mailTo('old@example.test')), `mail ${row?.id}`)
    await store.database.prisma.queuedMessage.update({ where: { id: row?.id ?? '' }, data: { sealed } })

    expect((await queue.claim('mail', 1, lease)).map(addressOf)).toEqual(['old@example.test'])
  })

  test('come and go with what they are written with', async () => {
    const failing = { text: `DELETE FROM "QueuedMessage" WHERE "id" = $1`, values: ['nobody'] }
    const message = { channel: 'mail', mail: mailTo('ada@example.test') } as const
    const saved = await store.database.sql.write([failing, messageStatement(message, box, clock.now())], 0)

    expect(saved).toBe(false)
    expect(await rows()).toEqual([])
  })
})
