import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Clock } from '../../test/support/clock.ts'
import { startLane, textTo } from '../../test/support/lanes.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.ts'
import { createSecretBox } from '../credentials/secret-box.ts'
import { messageStatement, SqlMessageQueue } from '../db/message-queue.ts'
import type { OutgoingSms } from '../flow/accounts.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import { smsChannel } from './sms-channel.ts'

const box = createSecretBox(['a key for tests, and for nothing else'])
const number = '+4915112345'
const refuses = (permanent: boolean) => async () => {
  throw new DeliveryFailure(`${number} is not ours.`, { permanent, detail: 'status 400' })
}

describe('the lane of text messages', () => {
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

  const put = (messageId: string, sms: OutgoingSms = textTo(number)) =>
    store.database.sql.write([messageStatement(sms, box, clock.now(), { messageId, executionId: `execution of ${messageId}` })])
  const rows = () => store.database.prisma.queuedMessage.findMany()
  const inSeconds = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000).toISOString()

  /** A lane at work, and what it sent. */
  function hired(send: Parameters<typeof smsChannel>[0] = async () => undefined) {
    const sent: { id: string; sms: OutgoingSms }[] = []
    const channel = smsChannel(async (id, sms, signal) => {
      sent.push({ id, sms })
      await send(id, sms, signal)
    })
    return { ...startLane({ queue, clock }, channel), sent }
  }

  it('sends what waits, tells its execution, and keeps for a while that it was sent, and nothing else', async () => {
    await put('one')
    const { sleeper, sent, told, events } = hired()
    await sleeper.until(() => told.length === 1)

    expect(sent).toEqual([{ id: 'one', sms: textTo(number) }])
    expect(told).toEqual(['execution of one'])
    expect(await queue.of('one')).toEqual({ state: 'sent', problem: '' })
    expect(await rows()).toMatchObject([{ sealed: '', finishedAt: clock.now() }])
    expect(events).toEqual([])
  })

  it('is told at once of a refusal for good, in words that name nobody', async () => {
    await put('one')
    const { sleeper, sent, told, events, logged } = hired(refuses(true))
    await sleeper.until(() => events.length === 1)

    const problem = '(the recipient) is not ours.'
    expect(sent).toHaveLength(1)
    expect(told).toEqual(['execution of one'])
    expect(await queue.of('one')).toEqual({ state: 'failed', problem })
    expect(await rows()).toMatchObject([{ sealed: '', finishedAt: clock.now() }])
    const context = { message: 'Error sending SMS', stage: 'phone set-up', problem, attempts: 1 }
    expect(events).toEqual([{ action: 'configuration_error', context }])
    expect(logged).toEqual([
      {
        members: { messageId: 'one', attempts: 1, detail: 'status 400' },
        message: `a text message was given up: ${problem}`,
      },
    ])
  })

  it('tries again soon, as often as somebody waits for it, and looks when it is time', async () => {
    await put('one')
    const { sleeper, sent, told } = hired(refuses(false))
    const pauses: number[] = []
    for (let tries = 1; tries <= 3; tries += 1) {
      const isPostponed = async () => (await rows())[0]?.dueAt.getTime() === clock.now().getTime() + sleeper.asked
      await sleeper.until(async () => sent.length === tries && (await isPostponed()))
      pauses.push(sleeper.asked)
      expect(told).toEqual([])
      clock.advance(sleeper.asked / 1000)
      sleeper.pass()
    }
    await sleeper.until(() => told.length === 1)

    expect(pauses).toEqual([1000, 4000, 10_000])
    expect(sent.map(({ id }) => id)).toEqual(['one', 'one', 'one', 'one'])
    expect(new Set(sent.map(({ sms }) => sms.message.code))).toEqual(new Set(['123456']))
    expect(await queue.of('one')).toMatchObject({ state: 'failed' })
  })

  it('sends no code that counts no more', async () => {
    await put('late', textTo(number, { expiresAt: inSeconds(0) }))
    await put('good', textTo(number, { expiresAt: inSeconds(1) }))
    const { sleeper, sent, told } = hired()
    await sleeper.until(() => told.length === 2)

    expect(sent.map(({ id }) => id)).toEqual(['good'])
    expect(await queue.of('late')).toMatchObject({ state: 'failed' })
  })

  it('gives up what could be tried again only when it is of no use', async () => {
    await put('soon over', textTo(number, { expiresAt: inSeconds(1) }))
    await put('good for longer', textTo(number, { expiresAt: inSeconds(2) }))
    const { sleeper, told } = hired(refuses(false))
    await sleeper.until(async () => told.length === 1 && (await rows()).every(({ problem }) => problem !== ''))

    expect(told).toEqual(['execution of soon over'])
    expect(await queue.of('good for longer')).toMatchObject({ state: 'queued' })
  })

  it('sends again, with the same code, what a node had taken when it was killed', async () => {
    await put('one')
    // It has reached the provider, and nobody has noted that.
    const killed = await queue.claim('sms', 1, 30)
    const { lane, sleeper, sent, told } = hired()
    await sleeper.until(() => true)
    expect(sent).toEqual([])
    clock.advance(29)
    lane.wake()
    await sleeper.until(() => true)
    expect(sent).toEqual([])

    clock.advance(1)
    lane.wake()
    await sleeper.until(() => told.length === 1)
    expect(sent).toEqual([{ id: 'one', sms: killed[0]?.message }])
  })
})
