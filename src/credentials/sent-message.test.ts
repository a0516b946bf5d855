import { describe, expect, it } from 'vitest'
import { deliveryWait, givenUp, hasFailed, newsOfDelivery, queuedMessage } from './sent-message.ts'

const until = Date.parse('2026-03-01T12:05:00.000Z')
const message = queuedMessage({ randomToken: () => 'an id' }, until)
const known = (state: 'queued' | 'sent' | 'failed', problem = '') => ({
  deliveryOf: async (id: string) => (id === 'an id' ? { state, problem } : undefined),
})
const forgotten = { deliveryOf: async () => undefined }

describe('a message that a stage has sent', () => {
  it('is waited for while it is on its way', () => {
    expect(deliveryWait(message)).toEqual({
      reason: 'delivery',
      delivery: 'queued',
      until: new Date(until),
      pollAfter: 2,
      recheck: 30,
    })
    expect(deliveryWait(message, { holds: true })).toMatchObject({ holds: true })
    for (const delivery of ['sent', 'failed', 'unknown'] as const) expect(deliveryWait({ ...message, delivery })).toBeUndefined()
    expect(deliveryWait(undefined)).toBeUndefined()
  })

  it('is told about once it is known what became of it', async () => {
    expect(await newsOfDelivery(known('queued'), message)).toBeUndefined()
    expect(await newsOfDelivery(known('sent'), message)).toEqual({
      message: { ...message, delivery: 'sent' },
      problem: undefined,
    })
    expect(await newsOfDelivery(known('failed', 'No such number.'), message)).toEqual({
      message: { ...message, delivery: 'failed' },
      problem: 'No such number.',
    })
    expect(await newsOfDelivery(known('failed'), message)).toMatchObject({ problem: '' })
    expect(await newsOfDelivery(forgotten, message)).toEqual({
      message: { ...message, delivery: 'unknown' },
      problem: undefined,
    })
  })

  it('is told about once', async () => {
    for (const delivery of ['sent', 'failed', 'unknown'] as const)
      expect(await newsOfDelivery(known('failed'), { ...message, delivery })).toBeUndefined()
    expect(await newsOfDelivery(known('sent'), undefined)).toBeUndefined()
  })

  it('is known to have failed before anybody is told', async () => {
    expect(await hasFailed(known('failed'), message)).toBe(true)
    expect(await hasFailed(forgotten, { ...message, delivery: 'failed' })).toBe(true)
    expect(await hasFailed(known('sent'), message)).toBe(false)
    expect(await hasFailed(known('queued'), message)).toBe(false)
    expect(await hasFailed(forgotten, message)).toBe(false)
    expect(await hasFailed(known('failed'), undefined)).toBe(false)
  })

  it('is given up only while it is on its way', () => {
    expect(givenUp(message)).toMatchObject({ delivery: 'unknown' })
    expect(givenUp({ ...message, delivery: 'sent' })).toMatchObject({ delivery: 'sent' })
  })
})
