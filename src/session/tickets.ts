import { randomToken } from '../credentials/random.ts'
import type { SealedClaims } from './sealed-claims.ts'

/** For how long a ticket lets somebody in (seconds). */
export const ticketSeconds = 30
/** For how long a used one is remembered (seconds): clocks of several nodes may differ. */
export const rememberedSeconds = 90

const purpose = 'subscription ticket'

/** What opens a socket, once, for a client that cannot send its session's cookie or header with it. */
export interface SubscriptionTicket {
  readonly ticket: string
  readonly expiresAt: Date
}

/** What tickets are made with. */
export interface TicketParts {
  readonly claims: SealedClaims
  /** Whether an id was not used before, on any node, within so many seconds. */
  readonly isFirst: (id: string, seconds: number) => Promise<boolean>
  readonly now: () => Date
}

/** Tickets hold a session handle, sealed, as the cookie does: what the session may see, they show, and nothing else. */
export class SubscriptionTickets {
  private readonly parts: TicketParts

  constructor(parts: TicketParts) {
    this.parts = parts
  }

  /** A ticket for the session of a handle. Whoever calls has made sure that there is one. */
  issue(handle: string): SubscriptionTicket {
    const { claims, now } = this.parts
    return {
      ticket: claims.seal(purpose, { id: randomToken(16), handle }, ticketSeconds),
      expiresAt: new Date(now().getTime() + ticketSeconds * 1000),
    }
  }

  /** The handle in a ticket that nobody has used before; undefined for everything else. */
  async redeem(ticket: unknown): Promise<string | undefined> {
    if (typeof ticket !== 'string') return undefined
    const { id, handle } = this.parts.claims.open(purpose, ticket) ?? {}
    if (typeof id !== 'string' || typeof handle !== 'string') return undefined
    return (await this.parts.isFirst(id, rememberedSeconds)) ? handle : undefined
  }
}
