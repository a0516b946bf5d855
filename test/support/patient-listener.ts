import type { Browser, Reply, Step } from './browser.ts'
import type { Gate } from './gate.ts'
import type { StreamWay } from './streams.ts'

/** What somebody listens with. */
export interface PatientListenerParts {
  readonly way: StreamWay
  /** Its cookies are those of whoever runs the flow. */
  readonly browser: Browser
  /** The line to the server, which breaks. */
  readonly gate: Gate
  readonly executionId: string
  /** Resolves when no request is under way that may bring another cookie. */
  readonly settled: () => Promise<unknown>
}

/** Listens on a line that breaks, and comes back each time for what it has not heard. */
export class PatientListener {
  /** What it was told, as it came. */
  readonly steps: Step[] = []
  private readonly parts: PatientListenerParts
  private readonly watchers = new Set<() => void>()
  private over = false
  /** How many breaks of the line have ended streams. */
  private broken = 0

  constructor(parts: PatientListenerParts) {
    this.parts = parts
  }

  /** Resolves when the server says that no more will come; fails if a stream ends otherwise, and the line was not broken. */
  async listen(): Promise<void> {
    while (!this.over) {
      this.over = await this.hearOut()
      this.tell()
    }
  }

  /** The first step after a sequence; waits for it. */
  async after(sequence: number): Promise<Step> {
    for (;;) {
      const step = this.steps.find((step) => step.sequence > sequence)
      if (step) return step
      if (this.over) throw new Error(`The stream was complete after ${sequence}.`)
      await new Promise<void>((resolve) => this.watchers.add(resolve))
    }
  }

  /** One stream, to its end; false: there is more to come in another one. */
  private async hearOut(): Promise<boolean> {
    const { way, browser, gate, executionId, settled } = this.parts
    const cookie = await browser.cookieHeader()
    try {
      const stream = await way.listen(browser.at(gate.url), executionId, this.steps.at(-1)?.sequence ?? 0)
      for await (const reply of { [Symbol.asyncIterator]: () => stream }) this.take(reply)
      return true
    } catch (error) {
      const code = codeOf(error)
      if (code === undefined && gate.broken > this.broken) {
        this.broken = gate.broken
        return false
      }
      await settled()
      // Who has proved something gets another handle: a stream that began with the one before ends, or does not begin.
      const isReplaced = code === 'SESSION_CHANGED' || code === 'EXECUTION_NOT_FOUND'
      if (isReplaced && cookie !== (await browser.cookieHeader())) return false
      throw new Error(`The stream ended, and its line was not broken: ${String(code ?? error)}`, { cause: error })
    }
  }

  private take(reply: Reply<{ flowExecution: Step }>): void {
    if (!reply.data) throw new Error('The stream was ended.', { cause: reply.errors })
    this.steps.push(reply.data.flowExecution)
    this.tell()
  }

  private tell(): void {
    for (const watcher of this.watchers) watcher()
    this.watchers.clear()
  }
}

/** Why the server refuses a stream, if that is what an error says: sockets and events say it in ways of their own. */
function codeOf(error: unknown): unknown {
  const errors = error instanceof Error ? error.cause : error
  return Array.isArray(errors) ? (errors as Reply['errors'])?.[0]?.extensions?.code : undefined
}
