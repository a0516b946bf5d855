import { describe, expect, it } from 'vitest'
import { messageWindow, mostMessages, refuseMessage } from './message-limit.ts'

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

    expect(await refuseMessage(services, 7, 'ada@example.test')).toBeUndefined()
    expect(turns).toEqual([
      [person, mostMessages, messageWindow],
      [address, mostMessages, messageWindow],
    ])
  })

  it.each([
    [{ [person]: 1 }, 'Too many messages. Try again in 1 minute.'],
    [{ [person]: 61 }, 'Too many messages. Try again in 2 minutes.'],
    [{ [address]: 300 }, 'Too many messages. Try again in 5 minutes.'],
  ])('wait when there were too many: %j', async (waits, text) => {
    expect(await refuseMessage(limited(waits).services, 7, 'ada@example.test')).toBe(text)
  })
})
