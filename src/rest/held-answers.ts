import { ServiceUnavailableError, TooManyAttemptsError } from '../flow/errors.ts'
import type { WaitingExecution } from '../flow/ports.ts'
import type { Reply } from '../flow/request.ts'
import type { Visitor } from '../flow/session.ts'
import type { SlugExecutor } from '../flow/slug-executor.ts'

/** How many requests of one session are held at once: a page that posts twice is no attack. */
export const mostHeldPerSession = 3
/** How many requests are held at once. */
export const mostHeld = 2000

/** What requests are held with. */
export interface HeldAnswersDependencies {
  readonly executor: Pick<SlugExecutor, 'held' | 'peek' | 'waits'>
  readonly listen: (executionId: string) => { changed(): Promise<boolean>; stop(): void }
  readonly attend: (waiting: Omit<WaitingExecution, 'until'>) => () => void
  /** For how long, in seconds. */
  readonly longest: number
  /** Rejects as soon as the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** Clients written for authentik get their answer when the slow thing is over: their request is held, within limits (reference: stages 3). */
export class HeldAnswers {
  private readonly deps: HeldAnswersDependencies
  private readonly bySession = new Map<string, number>()
  private total = 0

  constructor(deps: HeldAnswersDependencies) {
    this.deps = deps
  }

  /** How many requests are held now. */
  get size(): number {
    return this.total
  }

  /** The reply that a client gets: at once where nothing is under way that it should wait for. `gone` aborts when it hangs up. */
  async replyTo(reply: Reply, visitor: Visitor, gone: AbortSignal): Promise<Reply> {
    const { step, sessionId } = reply
    if (!step.waiting?.holds) return reply
    const free = this.take(sessionId)
    const own: Visitor = { ...visitor, session: { type: 'id', id: sessionId } }
    try {
      await this.wait(step.executionId, sessionId, own, gone)
      return {
        ...(await this.deps.executor.held(own, step.executionId, step)),
        issued: reply.issued,
        remembered: reply.remembered,
      }
    } finally {
      free()
    }
  }

  /** Until nothing is held for any more, the client has hung up, or the time is over: that ends the slow thing too. */
  private async wait(executionId: string, sessionId: string, visitor: Visitor, gone: AbortSignal): Promise<void> {
    const { executor, listen, attend, longest, sleep } = this.deps
    const listener = listen(executionId)
    const leave = attend({ executionId, sessionId, visitor })
    const settled = new AbortController()
    let timedOut = false
    const timer = sleep(longest * 1000, AbortSignal.any([gone, settled.signal])).then(
      () => (timedOut = true),
      () => undefined,
    )
    const over = timer.then(() => false)
    try {
      do {
        const { step } = await executor.peek(visitor, executionId)
        if (!step.waiting?.holds) return
      } while ((await Promise.race([listener.changed(), over])) && !gone.aborted)
      // Whoever was told that nothing came of it must not be let in by what comes later.
      if (timedOut) await executor.waits.giveUp(visitor, executionId)
    } finally {
      settled.abort()
      listener.stop()
      leave()
    }
  }

  private take(sessionId: string): () => void {
    const held = this.bySession.get(sessionId) ?? 0
    if (held >= mostHeldPerSession) throw new TooManyAttemptsError(this.deps.longest)
    if (this.total >= mostHeld) throw new ServiceUnavailableError(this.deps.longest)
    this.bySession.set(sessionId, held + 1)
    this.total += 1
    return () => {
      this.total -= 1
      const left = (this.bySession.get(sessionId) ?? 1) - 1
      if (left > 0) this.bySession.set(sessionId, left)
      else this.bySession.delete(sessionId)
    }
  }
}
