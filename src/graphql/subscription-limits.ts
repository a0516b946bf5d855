/** How many connections that carry subscriptions - sockets and event streams alike - one session may hold. */
export const mostConnectionsPerSession = 20
/** How many of them one address may hold. */
export const mostConnectionsPerAddress = 100

/** Gives back what was taken; once is enough, and more does no harm. */
export type Release = () => void

/** Counts what each of many holds at the same time. */
export class Shares {
  private readonly most: number
  private readonly held = new Map<string, number>()
  private all = 0

  /** `most`: how many one holder may have. */
  constructor(most: number) {
    this.most = most
  }

  /** What all of them hold together. */
  get total(): number {
    return this.all
  }

  /** Undefined: the holder has all that it may have. */
  take(holder: string): Release | undefined {
    const held = this.held.get(holder) ?? 0
    if (held >= this.most) return undefined
    this.held.set(holder, held + 1)
    this.all += 1
    let given = false
    return () => {
      if (given) return
      given = true
      this.give(holder)
    }
  }

  private give(holder: string): void {
    this.all -= 1
    const left = (this.held.get(holder) ?? 1) - 1
    if (left > 0) this.held.set(holder, left)
    else this.held.delete(holder)
  }
}

/** How much of this server subscriptions may take: each session, each address, and all of them. */
export class SubscriptionLimits {
  private readonly most: number
  private readonly running: Shares
  private readonly addresses = new Shares(mostConnectionsPerAddress)
  private readonly sessions = new Shares(mostConnectionsPerSession)

  /** `most`: how many subscriptions this server runs, and how many connections it holds for them. */
  constructor(most: number) {
    this.most = most
    this.running = new Shares(most)
  }

  /** How many subscriptions run. */
  get streams(): number {
    return this.running.total
  }

  /** Room for a subscription; undefined: this server has none left. */
  takeStream(): Release | undefined {
    return this.running.take('')
  }

  /** Room for a connection from an address, or who has no room left. */
  takeConnection(address: string): Release | 'server' | 'address' {
    if (this.addresses.total >= this.most) return 'server'
    return this.addresses.take(address) ?? 'address'
  }

  /** Room for a connection in a session. */
  takeInSession(sessionId: string): Release | undefined {
    return this.sessions.take(sessionId)
  }
}
