import { describe, expect, it } from 'vitest'
import { limitMessage, messageWindow, mostMessages, nextMessageAt, resendAction, withMessage } from './message-limit.ts'

const limited = (waits: Readonly<Record<string, number>> = {}) => {
  const turns: (readonly [string, number, number])[] = []
  const services = {
    mac: (purpose: string, text: string) => `mac of ${purpose}, ${text.length}`,
    takeTurn: async (subject: string, most: number, window: number) => {
      turns.push([subject, most, window])
      return waits[subject]
    },
  }
  return { turns, services }
}
const person = 'messages to user 7'
const address = 'messages to mac of message limit, 16'

describe('messages to people', () => {
  it('are counted by person and by address, which is not named', async () => {
    const { turns, services } = limited()

    expect(await limitMessage(services, 7, 'ada@example.test')).toBeUndefined()
    expect(turns).toEqual([
      [person, mostMessages, messageWindow],
      [address, mostMessages, messageWindow],
    ])
  })

  it.each([
    [{ [person]: 1 }, 1, 'Too many messages. Try again in 1 minute.'],
    [{ [person]: 61 }, 61, 'Too many messages. Try again in 2 minutes.'],
    [{ [address]: 300 }, 300, 'Too many messages. Try again in 5 minutes.'],
  ])('wait when there were too many: %j', async (waits, seconds, message) => {
    expect(await limitMessage(limited(waits).services, 7, 'ada@example.test')).toEqual({ message, seconds })
  })
})

describe('the tally of messages', () => {
  const start = 1_772_366_400_000
  const at = (seconds: number) => new Date(start + seconds * 1000)

  it('goes on within a window, and begins anew after it', () => {
    const two = withMessage(withMessage(undefined, at(0)), at(299.9))

    expect(two).toEqual({ count: 2, since: start })
    expect(withMessage(two, at(300))).toEqual({ count: 1, since: start + 300_000 })
    expect(withMessage(two, at(300), 301)).toEqual({ count: 3, since: start })
  })

  it('tells when the next one may go, once it is full', () => {
    const full = { count: mostMessages, since: start }

    expect(nextMessageAt(full)).toBe(start + 300_000)
    expect(nextMessageAt({ ...full, count: mostMessages - 1 })).toBeUndefined()
    expect(nextMessageAt({ count: 2, since: start }, 2, 60)).toBe(start + 60_000)
    expect(nextMessageAt(undefined)).toBeUndefined()
    expect(resendAction(undefined)).toEqual({ type: 'resend' })
    expect(resendAction(start)).toMatchObject({ type: 'resend', availableAt: start, reason: expect.any(String) })
  })
})
