import pLimit from 'p-limit'
import type { WaitingExecution } from '../flow/ports.ts'
import type { Outlook } from '../flow/resumer.ts'
import type { Visitor } from '../flow/session.ts'
import type { ChangeListener } from './execution-bus.ts'

/** How many executions one server waits for. Those above it wait until somebody asks again. */
export const mostWaiters = 20_000
/** How many of them it asks about at the same moment, each of which may hold a connection to a provider. */
export const mostQuestions = 500
/** How long one question may take before another execution gets its turn (milliseconds). */
const longestQuestion = 30_000
/** How long a server goes on asking when nobody listens (milliseconds). */
const longestAlone = 120_000

/** What waiters work with. */
export interface WaiterDependencies {
  readonly resume: (visitor: Visitor, executionId: string, signal: AbortSignal) => Promise<Outlook>
  readonly listen: (executionId: string) => ChangeListener
  readonly now: () => Date
  /** Rejects as soon as the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** Whether the error says that there is nothing to wait for any more: the execution or its session is over. */
  readonly isOver: (error: unknown) => boolean
  readonly failed: (error: unknown, executionId: string) => void
}

/** Asks on about executions that wait for something slow, for as long as somebody wants to know: one loop for each. */
export class Waiters {
  private readonly deps: WaiterDependencies
  private readonly byExecution = new Map<string, Waiter>()
  private readonly turns = pLimit(mostQuestions)

  constructor(deps: WaiterDependencies) {
    this.deps = deps
  }

  /** How many executions are waited for. */
  get size(): number {
    return this.byExecution.size
  }

  /** Waits for a while on behalf of somebody who has gone, and may look again. */
  attendAlone(waiting: WaitingExecution): void {
    const left = waiting.until.getTime() - this.deps.now().getTime()
    this.waiterOf(waiting)?.stay(Math.max(0, Math.min(left, longestAlone)))
  }

  /** Waits until whoever called leaves. */
  attend(waiting: Omit<WaitingExecution, 'until'>): () => void {
    return this.waiterOf(waiting)?.join() ?? (() => undefined)
  }

  /** Asks about nothing more. */
  close(): void {
    for (const waiter of this.byExecution.values()) waiter.stop()
  }

  /** Undefined: there are too many. */
  private waiterOf({ executionId, sessionId, visitor }: Omit<WaitingExecution, 'until'>): Waiter | undefined {
    const known = this.byExecution.get(executionId)
    if (known || this.byExecution.size >= mostWaiters) return known
    return this.begin(executionId, { ...visitor, session: { type: 'id', id: sessionId } })
  }

  private begin(executionId: string, visitor: Visitor): Waiter {
    const waiter = new Waiter()
    this.byExecution.set(executionId, waiter)
    const forget = () => {
      if (this.byExecution.get(executionId) === waiter) this.byExecution.delete(executionId)
      waiter.stop()
    }
    waiter.signal.addEventListener('abort', forget, { once: true })
    this.run(executionId, visitor, waiter.signal).then(forget, (error: unknown) => {
      forget()
      if (!this.deps.isOver(error)) this.deps.failed(error, executionId)
    })
    return waiter
  }

  private async run(executionId: string, visitor: Visitor, stopped: AbortSignal): Promise<void> {
    const { listen, sleep } = this.deps
    const listener = listen(executionId)
    stopped.addEventListener('abort', () => listener.stop(), { once: true })
    try {
      while (!stopped.aborted) {
        const change = new Change(listener)
        const outlook = await this.turns(() => this.ask(executionId, visitor, change, stopped))
        if (outlook.over) return
        // What is asked may be another thing by now.
        if (change.come) continue
        const awake = AbortSignal.any([change.signal, stopped])
        await sleep(outlook.again * 1000, awake).catch(() => undefined)
      }
    } finally {
      listener.stop()
    }
  }

  /** One question, which a change of the execution takes back. */
  private async ask(executionId: string, visitor: Visitor, change: Change, stopped: AbortSignal): Promise<Outlook> {
    if (stopped.aborted) return { over: true }
    const signal = AbortSignal.any([change.signal, stopped, AbortSignal.timeout(longestQuestion)])
    return this.deps.resume(visitor, executionId, signal)
  }
}

/** The next change of an execution, as a signal. */
class Change {
  private readonly controller = new AbortController()

  constructor(listener: ChangeListener) {
    listener.changed().then(() => this.controller.abort())
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  get come(): boolean {
    return this.signal.aborted
  }
}

/** One loop, and how many want it to go on. */
class Waiter {
  private readonly controller = new AbortController()
  private wanted = 0
  private timer: NodeJS.Timeout | undefined
  private leaveAlone: (() => void) | undefined

  get signal(): AbortSignal {
    return this.controller.signal
  }

  join(): () => void {
    this.wanted += 1
    let left = false
    return () => {
      if (left) return
      left = true
      this.wanted -= 1
      if (this.wanted === 0) this.stop()
    }
  }

  /** For so many milliseconds from now on, whoever leaves meanwhile. */
  stay(milliseconds: number): void {
    clearTimeout(this.timer)
    this.leaveAlone ??= this.join()
    this.timer = setTimeout(this.leaveAlone, milliseconds).unref()
  }

  stop(): void {
    clearTimeout(this.timer)
    this.controller.abort()
  }
}
