import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { Clock } from '../../test/support/clock.ts'
import { mailTo, Traces, textTo } from '../../test/support/lanes.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.ts'
import { createSecretBox } from '../credentials/secret-box.ts'
import { messageStatement, SqlMessageQueue } from '../db/message-queue.ts'
import type { OutgoingMessage } from '../flow/accounts.ts'
import { Courier } from './courier.ts'
import { mailChannel } from './mail-channel.ts'
import { smsChannel } from './sms-channel.ts'

const box = createSecretBox(['a key for tests, and for nothing else'])
const aMail: OutgoingMessage = { channel: 'mail', mail: mailTo('ada@example.test') }
const aText: OutgoingMessage = textTo('+15550100')

describe('the courier', () => {
  let store: TestDatabase
  let clock: Clock
  let queue: SqlMessageQueue

  beforeAll(async () => {
    store = await createTestDatabase('sqlite')
  })
  beforeEach(async () => {
    await store.database.prisma.queuedMessage.deleteMany()
    clock = new Clock()
    queue = new SqlMessageQueue(store.database.sql, box, () => clock.now())
  })
  afterAll(() => store?.drop())

  const put = (messages: readonly OutgoingMessage[]) =>
    store.database.sql.write(messages.map((message) => messageStatement(message, box, clock.now())))

  /** A courier whose providers answer when they are told to. */
  function hired() {
    const traces = new Traces()
    const [sent, open] = [
      { mail: 0, sms: 0 },
      { mail: Promise.withResolvers<void>(), sms: Promise.withResolvers<void>() },
    ]
    const begun = { mail: 0, sms: 0 }
    const by = (name: 'mail' | 'sms') => async () => {
      begun[name] += 1
      await open[name].promise
      sent[name] += 1
    }
    const courier = new Courier(traces.dependencies(queue, clock), { mail: mailChannel(by('mail')), sms: smsChannel(by('sms')) })
    onTestFinished(async () => {
      for (const { resolve } of Object.values(open)) resolve()
      await courier.close()
    })
    courier.start()
    return { courier, sleeper: traces.sleeper, sent, begun, open }
  }

  it.each([
    ['mail', 'sms', aMail, aText, 4],
    ['sms', 'mail', aText, aMail, 8],
  ] as const)('that waits for a provider of %s sends every %s meanwhile', async (stuck, free, held, passing, most) => {
    await put([...Array.from({ length: 20 }, () => held)])
    clock.advance(1)
    await put(Array.from({ length: 20 }, () => passing))
    const { courier, sleeper, sent, begun, open } = hired()
    open[free].resolve()
    courier.wake()
    await sleeper.until(() => sent[free] === 20)

    expect(sent[stuck]).toBe(0)
    expect(begun[stuck]).toBe(most)
  })
})
