import type { Redis } from 'ioredis'
import type { ExecutionEvents } from '../flow/ports.ts'

/** That an execution has changed; who listens reads it again. */
export interface ExecutionChanged {
  readonly executionId: string
  readonly sequence: number
}

/** Somebody who waits for changes of one execution. Whoever listens must stop. */
export interface ChangeListener {
  /** True at the next change, or at once if there was one since the last call; false when no more will come. */
  changed(): Promise<boolean>
  /** Whether there was a change that nobody has asked for yet, or no more will come. */
  readonly rung: boolean
  /** Up to this sequence there is nothing to tell: reminders leave out who knows what stands. */
  saw(sequence: number): void
  stop(): void
}

/** The way to other nodes. */
export interface RemoteEvents {
  readonly publish: Redis
  readonly subscribe: Redis
}

/** What a bus is made from. */
export interface ExecutionBusParts {
  /** Undefined: there is one node. */
  readonly remote?: RemoteEvents | undefined
  /** The sequences of those executions that may still be watched. What is missing is gone, or its session has ended. */
  readonly standing: (executionIds: readonly string[]) => Promise<ReadonlyMap<string, number>>
  /** Changes were lost, or could not be looked for. */
  readonly failed: (error: unknown) => void
}

/** How many executions are looked at together. */
export const mostLookedAt = 500

const channel = 'stagedoor:executions'

/** Carries changes to listeners: in memory, and through Redis to those on other nodes. */
export class ExecutionBus implements ExecutionEvents {
  private readonly parts: ExecutionBusParts
  private readonly listeners = new Map<string, Set<Listener>>()
  private looking = Promise.resolve()
  private nextLook: Promise<void> | undefined

  constructor(parts: ExecutionBusParts) {
    this.parts = parts
    const { remote, failed } = parts
    if (!remote) return
    remote.subscribe.on('ready', () => {
      // What was published while the connection was away is lost.
      remote.subscribe.subscribe(channel).then(() => this.remind(), failed)
    })
    remote.subscribe.on('message', (_, text) => this.hear(text))
  }

  publish(change: ExecutionChanged): void {
    this.ring(change.executionId)
    const { remote, failed } = this.parts
    remote?.publish.publish(channel, JSON.stringify(change)).catch(failed)
  }

  /** Listening has begun when this returns. */
  listen(executionId: string): ChangeListener {
    const others = this.listeners.get(executionId) ?? new Set()
    this.listeners.set(executionId, others)
    const listener = new Listener(() => {
      others.delete(listener)
      if (others.size === 0 && this.listeners.get(executionId) === others) this.listeners.delete(executionId)
    })
    others.add(listener)
    return listener
  }

  /** How many listen now. */
  get size(): number {
    return this.all().length
  }

  /**
   * Looks for what nobody was told of - sessions end and accounts are closed without a change to what ran in them, and Redis
   * may have lost something - and lets those look again whom it concerns. A few reads for all of them. Never rejects.
   */
  remind(): Promise<void> {
    // A look that has begun may be past what is asked about now.
    this.nextLook ??= this.looking.then(() => {
      this.nextLook = undefined
      this.looking = this.look().catch(this.parts.failed)
      return this.looking
    })
    return this.nextLook
  }

  /** Tells everybody that no more will come. */
  close(): void {
    for (const listener of this.all()) listener.stop()
  }

  private async look(): Promise<void> {
    const ids = [...this.listeners.keys()]
    for (let first = 0; first < ids.length; first += mostLookedAt) {
      const batch = ids.slice(first, first + mostLookedAt)
      const standing = await this.parts.standing(batch)
      for (const id of batch) {
        for (const listener of this.listeners.get(id) ?? []) listener.compare(standing.get(id))
      }
      // The embedded database answers in the same turn: requests get theirs in between.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Nothing that another node says can harm this one. */
  private hear(text: string): void {
    try {
      this.ring((JSON.parse(text) as ExecutionChanged).executionId)
    } catch (error) {
      this.parts.failed(error)
    }
  }

  private ring(executionId: string): void {
    for (const listener of this.listeners.get(executionId) ?? []) listener.ring()
  }

  private all(): Listener[] {
    return [...this.listeners.values()].flatMap((listeners) => [...listeners])
  }
}

/** Changes that nobody asks for yet count as one: a listener reads what stands, not what happened. */
class Listener implements ChangeListener {
  private readonly left: () => void
  private news = false
  private stopped = false
  private seen = -1
  private wake: (() => void) | undefined

  constructor(left: () => void) {
    this.left = left
  }

  get rung(): boolean {
    return this.news || this.stopped
  }

  saw(sequence: number): void {
    this.seen = Math.max(this.seen, sequence)
  }

  /** Rings if this stands and was not seen. Who never says what it saw hears of each state once. */
  compare(standing: number | undefined): void {
    if (standing !== undefined && standing <= this.seen) return
    this.seen = standing ?? this.seen
    this.ring()
  }

  ring(): void {
    this.news = true
    this.wake?.()
  }

  stop(): void {
    this.stopped = true
    this.left()
    this.wake?.()
  }

  async changed(): Promise<boolean> {
    if (!this.rung) await new Promise<void>((resolve) => (this.wake = resolve))
    this.news = false
    return !this.stopped
  }
}
