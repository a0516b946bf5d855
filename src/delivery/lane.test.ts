import { setImmediate as tick } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Clock } from '../../test/support/clock.ts'
import { mailTo, startLane } from '../../test/support/lanes.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.ts'
import { createSecretBox } from '../credentials/secret-box.ts'
import { messageStatement, SqlMessageQueue } from '../db/message-queue.ts'
import type { MessageQueue, OutgoingMail } from '../flow/accounts.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import type { CourierDependencies } from './lane.ts'
import { mailChannel } from './mail-channel.ts'

const box = createSecretBox(['a key for tests, and for nothing else'])

describe('the lane of mails', () => {
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

  const put = (...mails: OutgoingMail[]) =>
    store.database.sql.write(mails.map((mail) => messageStatement({ channel: 'mail', mail }, box, clock.now())))
  const waiting = () => store.database.prisma.queuedMessage.findMany()

  /** The queue, with another way to give mails out. */
  const queueThat = (claim: MessageQueue['claim']): MessageQueue => ({
    claim,
    sent: (id) => queue.sent(id),
    failed: (...failure) => queue.failed(...failure),
  })

  /** A lane at work, and what came of it. */
  function hired(
    send: Parameters<typeof mailChannel>[0] = async () => undefined,
    { queue: other = queue, ...about }: Partial<CourierDependencies> = {},
  ) {
    const sent: string[] = []
    const channel = mailChannel(async (id, mail, signal) => {
      await send(id, mail, signal)
      sent.push(mail.to.address)
    })
    return { ...startLane({ queue: other, clock }, channel, about), sent }
  }

  it('sends what waits when it starts, and forgets it', async () => {
    await put(mailTo('ada@example.test'), mailTo('bob@example.test'))
    const { sleeper, sent, events } = hired()
    await sleeper.until(async () => (await waiting()).length === 0 && events.length === 2)

    expect(sent.sort()).toEqual(['ada@example.test', 'bob@example.test'])
    expect(events).toContainEqual({
      action: 'email_sent',
      context: { to_email: 'ada@example.test', subject: 'Hello', template: 'email/password_reset.html' },
    })
    expect(JSON.stringify(events)).not.toContain('hush')
  })

  it('sends at once when it is woken, and looks by itself from time to time', async () => {
    const { lane, sleeper, sent } = hired()
    await sleeper.until(() => true)

    await put(mailTo('woken@example.test'))
    lane.wake()
    await sleeper.until(() => sent.length === 1)

    await put(mailTo('found@example.test'))
    sleeper.pass()
    await sleeper.until(() => sent.length === 2)
  })

  it('hears who wakes it while it looks', async () => {
    const looked: (() => void)[] = []
    const slow = queueThat(async (channel, most, lease) => {
      const claimed = await queue.claim(channel, most, lease)
      await new Promise<void>((resolve) => looked.push(resolve))
      return claimed
    })
    const { lane, sleeper, sent } = hired(undefined, { queue: slow })
    while (looked.length < 1) await tick()
    await put(mailTo('ada@example.test'))
    lane.wake()
    looked[0]?.()
    while (looked.length < 2) await tick()
    slow.claim = (channel, most, lease) => queue.claim(channel, most, lease)
    looked[1]?.()
    await sleeper.until(() => sent.length === 1)
  })

  it('drops what is for nobody, as if it were sent', async () => {
    await put({ ...mailTo('x'), to: undefined })
    const { sleeper, sent, events } = hired()
    await sleeper.until(async () => (await waiting()).length === 0)

    expect(sent).toEqual([])
    expect(events).toEqual([])
  })

  it('sends a few at once, and the others after them', async () => {
    await put(...Array.from({ length: 10 }, (_, index) => mailTo(`ada${index}@example.test`)))
    let now = 0
    let most = 0
    const { sleeper, sent } = hired(async () => {
      now += 1
      most = Math.max(most, now)
      await tick()
      now -= 1
    })
    await sleeper.until(() => sent.length === 10)

    expect(most).toBe(4)
  })

  it('tries again later and later, as long as that may help', async () => {
    await put(mailTo('ada@example.test'))
    let tries = 0
    const { lane, sleeper, events, logged } = hired(async () => {
      tries += 1
      throw new DeliveryFailure('451 not now', { permanent: false })
    })
    const after: number[] = []
    for (let expected = 1; expected < 10; expected += 1) {
      await sleeper.until(
        async () => tries === expected && (await waiting())[0]?.problem === '451 not now' && logged.length === expected,
      )
      const [{ dueAt } = { dueAt: clock.now() }] = await waiting()
      after.push((dueAt.getTime() - clock.now().getTime()) / 1000)

      clock.advance((after.at(-1) ?? 0) - 1)
      expect(await queue.claim('mail', 1, 0)).toEqual([])
      clock.advance(1)
      lane.wake()
    }
    await sleeper.until(() => events.length === 1)

    expect(after).toEqual([10, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800])
    expect(tries).toBe(10)
    expect(await waiting()).toEqual([])
    expect(events).toMatchObject([{ action: 'configuration_error', context: { problem: '451 not now', attempts: 10 } }])
  })

  it('gives up at once what will never be sent, and says why', async () => {
    await put(mailTo('ada@example.test'))
    const { sleeper, events, logged } = hired(async () => {
      throw new DeliveryFailure('550 <ada@example.test> has no mailbox here', { permanent: true })
    })
    await sleeper.until(() => events.length === 1)

    const problem = '550 <(the recipient)> has no mailbox here'
    const context = { message: 'A mail was not sent.', problem, attempts: 1, template: 'email/password_reset.html' }
    expect(await waiting()).toEqual([])
    expect(events).toEqual([{ action: 'configuration_error', context }])
    expect(JSON.stringify(logged)).toContain('has no mailbox here')
    expect(JSON.stringify([logged, events])).not.toMatch(/ada@|hush/)
  })

  it('tries again after a mistake of its own', async () => {
    await put(mailTo('ada@example.test'))
    let tries = 0
    const { lane, sleeper, sent } = hired(async () => {
      tries += 1
      if (tries === 1) throw new TypeError('nobody thought of this')
    })
    await sleeper.until(async () => (await waiting())[0]?.problem === 'nobody thought of this')
    clock.advance(10)
    lane.wake()
    await sleeper.until(() => sent.length === 1)
  })

  it('sends no link that works no more', async () => {
    await put(mailTo('late@example.test', clock.now().toISOString()))
    await put(mailTo('good@example.test', new Date(clock.now().getTime() + 1000).toISOString()))
    const { sleeper, sent, events } = hired()
    await sleeper.until(async () => (await waiting()).length === 0 && events.length === 2)

    expect(sent).toEqual(['good@example.test'])
    expect(events).toContainEqual(expect.objectContaining({ action: 'configuration_error' }))
  })

  it('gives up what was sealed with a key that is gone', async () => {
    await store.database.sql.write([
      messageStatement({ channel: 'mail', mail: mailTo('ada@example.test') }, createSecretBox(['an older key']), clock.now()),
    ])
    const { sleeper, sent, events } = hired()
    await sleeper.until(() => events.length === 1)

    expect(sent).toEqual([])
    expect(await waiting()).toEqual([])
  })

  it("says whom a mail was for on a developer's machine only, and never what it says", async () => {
    await put(mailTo('ada@example.test'))
    const refuse = async () => {
      throw new DeliveryFailure('no EMAIL_HOST', { permanent: false })
    }
    const developer = hired(refuse, { namesRecipients: true })
    await developer.sleeper.until(() => developer.logged.length === 1)
    await developer.lane.close()
    clock.advance(10)
    const operator = hired(refuse)
    await operator.sleeper.until(() => operator.logged.length === 1)

    expect(developer.logged[0]?.message).toBe('mail for ada@example.test was not sent: no EMAIL_HOST')
    expect(operator.logged[0]?.message).toBe('a mail was not sent: no EMAIL_HOST')
    expect(JSON.stringify([developer.logged, operator.logged])).not.toContain('hush')
  })

  it('goes on when the database does not answer for a while', async () => {
    await put(mailTo('ada@example.test'))
    let asked = 0
    const { sleeper, sent, logged } = hired(undefined, {
      queue: queueThat(async (channel, most, lease) => {
        asked += 1
        if (asked === 1) throw new Error('no connection')
        return queue.claim(channel, most, lease)
      }),
    })
    await sleeper.until(() => logged.length === 1)
    sleeper.pass()
    await sleeper.until(() => sent.length === 1)
  })

  it('sends again what a node had begun when it crashed', async () => {
    await put(mailTo('ada@example.test'))
    await queue.claim('mail', 1, 120)
    const { lane, sleeper, sent } = hired()
    await sleeper.until(() => true)
    expect(sent).toEqual([])

    clock.advance(120)
    lane.wake()
    await sleeper.until(() => sent.length === 1)
  })

  describe('that is told to stop', () => {
    it('finishes what it began, and begins nothing more', async () => {
      await put(mailTo('ada@example.test'))
      const through = Promise.withResolvers<void>()
      const begun = Promise.withResolvers<void>()
      const { lane, sent } = hired(async () => {
        begun.resolve()
        await through.promise
      })
      await begun.promise
      const closed = lane.close()
      await put(mailTo('late@example.test'))
      through.resolve()
      await closed

      expect(sent).toEqual(['ada@example.test'])
      expect(await waiting()).toHaveLength(1)
    })

    it('leaves to others what takes too long', async () => {
      await put(mailTo('ada@example.test'))
      const begun = Promise.withResolvers<void>()
      const { lane, sleeper, events } = hired(async (_, __, signal) => {
        begun.resolve()
        await new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new DeliveryFailure('aborted', { permanent: false }))),
        )
      })
      await begun.promise
      await sleeper.until(() => true)
      const closed = lane.close()
      await tick()
      await tick()
      sleeper.pass()
      await closed

      expect(await queue.claim('mail', 1, 0)).toMatchObject([{ attempts: 2 }])
      expect(events).toEqual([])
    })
  })
})
