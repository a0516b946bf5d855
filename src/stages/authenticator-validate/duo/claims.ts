import type { DuoGateway } from '../../../flow/duo.ts'

/** How many claims a server remembers. Whatever an older one was for is not asked, and runs out. */
export const mostClaims = 10_000

/** What a server has claimed to ask of Duo, and what came of it. Each is asked once, however often it is looked for. */
export class DuoClaims<Outcome> {
  private readonly outcomes = new Map<string, Promise<Outcome> | undefined>()

  add(claim: string): void {
    const [oldest] = this.outcomes.keys()
    if (oldest !== undefined && this.outcomes.size >= mostClaims) this.outcomes.delete(oldest)
    this.outcomes.set(claim, undefined)
  }

  /** What came of a claim; undefined: it is another server's, or forgotten. */
  once(claim: string, ask: () => Promise<Outcome>): Promise<Outcome> | undefined {
    if (!this.outcomes.has(claim)) return undefined
    const outcome = this.outcomes.get(claim) ?? ask()
    this.outcomes.set(claim, outcome)
    return outcome
  }
}

/** The claims of each server: one has one way to Duo. */
export class DuoClaimants<Outcome> {
  private readonly byGateway = new WeakMap<DuoGateway, DuoClaims<Outcome>>()

  of(gateway: DuoGateway): DuoClaims<Outcome> {
    const known = this.byGateway.get(gateway) ?? new DuoClaims<Outcome>()
    this.byGateway.set(gateway, known)
    return known
  }
}
