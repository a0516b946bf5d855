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
  stop(): void
}

/** The way to other nodes. */
export interface RemoteEvents {
  readonly publish: Redis
  readonly subscribe: Redis
  /** Redis does not answer: what it would have carried is lost. */
  readonly failed: (error: unknown) => void
}

const channel = 'stagedoor:executions'

/** Carries changes to listeners: in memory, and through Redis to those on other nodes. */
export class ExecutionBus implements ExecutionEvents {
  private readonly remote: RemoteEvents | undefined
  private readonly listeners = new Map<string, Set<Listener>>()

  constructor(remote?: RemoteEvents) {
    this.remote = remote
    if (!remote) return
    remote.subscribe.on('ready', () => {
      // What was published while the connection was away is lost: everybody looks again.
      remote.subscribe.subscribe(channel).then(() => this.remind(), remote.failed)
    })
    remote.subscribe.on('message', (_, text) => this.hear(text, remote))
  }

  publish(change: ExecutionChanged): void {
    this.ring(change.executionId)
    this.remote?.publish.publish(channel, JSON.stringify(change)).catch(this.remote.failed)
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

  /** Lets everybody look again: sessions end and accounts are closed without a change to what ran in them. */
  remind(): void {
    for (const listener of this.all()) listener.ring()
  }

  /** Tells everybody that no more will come. */
  close(): void {
    for (const listener of this.all()) listener.stop()
  }

  /** Nothing that another node says can harm this one. */
  private hear(text: string, { failed }: RemoteEvents): void {
    try {
      this.ring((JSON.parse(text) as ExecutionChanged).executionId)
    } catch (error) {
      failed(error)
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
  private rung = false
  private stopped = false
  private wake: (() => void) | undefined

  constructor(left: () => void) {
    this.left = left
  }

  ring(): void {
    this.rung = true
    this.wake?.()
  }

  stop(): void {
    this.stopped = true
    this.left()
    this.wake?.()
  }

  async changed(): Promise<boolean> {
    if (!this.rung && !this.stopped) await new Promise<void>((resolve) => (this.wake = resolve))
    this.rung = false
    return !this.stopped
  }
}
