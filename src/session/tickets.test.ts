import { describe, expect, it } from 'vitest'
import { Clock } from '../../test/support/clock.ts'
import { createSecretBox } from '../credentials/secret-box.ts'
import { OneUse } from '../operations/one-use.ts'
import { createSealedClaims } from './sealed-claims.ts'
import { rememberedSeconds, SubscriptionTickets, ticketSeconds } from './tickets.ts'

const handle = 'ahandle-of-a-session-that-nobody-is-signed-in-to'

function office(secretKey = 'a secret key for tests, and for tests only') {
  const clock = new Clock()
  const now = () => clock.now()
  const claims = createSealedClaims(createSecretBox([secretKey]), now)
  const uses = new OneUse(now)
  const tickets = new SubscriptionTickets({ claims, isFirst: (id, seconds) => uses.isFirst(id, seconds), now })
  return { tickets, clock, claims }
}

describe('a ticket', () => {
  it('stands for the session that it was made for, and says until when', async () => {
    const { tickets, clock } = office()
    const { ticket, expiresAt } = tickets.issue(handle)

    expect(expiresAt.getTime()).toBe(clock.now().getTime() + ticketSeconds * 1000)
    expect(ticket).not.toContain(handle)
    expect(await tickets.redeem(ticket)).toBe(handle)
  })

  it('is good once', async () => {
    const { tickets, clock } = office()
    const [one, other] = [tickets.issue(handle), tickets.issue(handle)]
    await tickets.redeem(one.ticket)

    expect(await tickets.redeem(one.ticket)).toBeUndefined()
    clock.advance(ticketSeconds - 1)
    expect(await tickets.redeem(one.ticket)).toBeUndefined()
    expect(await tickets.redeem(other.ticket)).toBe(handle)
  })

  it('is good for a short while, and remembered for longer', async () => {
    const { tickets, clock } = office()
    const { ticket } = tickets.issue(handle)
    clock.advance(ticketSeconds)

    expect(await tickets.redeem(ticket)).toBeUndefined()
    expect(rememberedSeconds).toBeGreaterThan(ticketSeconds)
  })

  it('of another server is good for nothing', async () => {
    const { ticket } = office('the secret key of somebody else altogether').tickets.issue(handle)

    expect(await office().tickets.redeem(ticket)).toBeUndefined()
  })

  it.each([undefined, null, 7, {}, [], '', 'nonsense', 'x'.repeat(5000)])('is not %j', async (forged) => {
    expect(await office().tickets.redeem(forged)).toBeUndefined()
  })

  it('is not something else that the server has sealed, or a ticket that was changed', async () => {
    const { tickets, claims } = office()
    const { ticket } = tickets.issue(handle)
    const middle = Math.floor(ticket.length / 2)
    const changed = `${ticket.slice(0, middle)}${ticket[middle] === 'A' ? 'B' : 'A'}${ticket.slice(middle + 1)}`

    expect(await tickets.redeem(changed)).toBeUndefined()
    expect(await tickets.redeem(claims.seal('source state', { id: 'an id', handle }, 30))).toBeUndefined()
    expect(await tickets.redeem(claims.seal('subscription ticket', { handle }, 30))).toBeUndefined()
    expect(await tickets.redeem(claims.seal('subscription ticket', { id: 'an id' }, 30))).toBeUndefined()
  })
})
