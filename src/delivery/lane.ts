import type { MessageChannel, MessageQueue, OutgoingMessage, QueuedMessage } from '../flow/accounts.ts'
import type { AuditEvent } from '../flow/effects.ts'
import type { Channel, MessageOf } from './channel.ts'
import { DeliveryFailure } from './delivery-failure.ts'

/** How often it looks for messages that other nodes left, or whose time has come (milliseconds). */
const lookEvery = 10_000
/** How long a node that stops waits for what it is sending (milliseconds). */
const farewell = 5000

/** What messages are sent with. */
export interface CourierDependencies {
  readonly queue: MessageQueue
  /** Called with the execution that a message was for, once it is known what became of it. */
  readonly told: (executionId: string) => void
  readonly audit: (event: AuditEvent) => void
  readonly log: {
    readonly warn: (members: object, message: string) => void
    readonly error: (members: object, message: string) => void
  }
  /** Whether the log may say whom a message was for: on a developer's machine. */
  readonly namesRecipients: boolean
  readonly now: () => Date
  /** Rejects as soon as the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** Sends the messages of one channel that wait, at least once each, and tries again when that fails. */
export class Lane<Name extends MessageChannel> {
  private readonly deps: CourierDependencies
  private readonly channel: Channel<Name>
  private readonly sending = new Set<Promise<void>>()
  private readonly closing = new AbortController()
  private readonly giveUp = new AbortController()
  private alarm = new AbortController()
  private running: Promise<void> | undefined
  /** When those are due that are tried again before the next look (milliseconds since 1970). */
  private retries: readonly number[] = []

  constructor(deps: CourierDependencies, channel: Channel<Name>) {
    this.deps = deps
    this.channel = channel
  }

  /** Begins, or looks at once if it had begun. */
  start(): void {
    if (this.running) this.wake()
    else this.running = this.run()
  }

  /** There may be something to send. Nobody waits for it. */
  wake(): void {
    this.alarm.abort()
  }

  /** Begins nothing more; what is being sent may finish for a moment, then it is left to another node. */
  async close(): Promise<void> {
    this.closing.abort()
    this.wake()
    await this.running
    const patience = new AbortController()
    const left = Promise.allSettled(this.sending).then(() => patience.abort())
    await this.deps.sleep(farewell, patience.signal).catch(() => undefined)
    this.giveUp.abort()
    await left
  }

  private async run(): Promise<void> {
    while (!this.closing.signal.aborted) {
      // Whoever calls from here on finds the lane looking again.
      this.alarm = new AbortController()
      const more = await this.begin().catch((error: unknown) => {
        this.deps.log.error({ err: error, channel: this.channel.name }, 'messages that wait could not be read')
        return false
      })
      const { signal } = this.alarm
      if (!more && !signal.aborted && !this.closing.signal.aborted)
        await this.deps.sleep(this.pause(), signal).catch(() => undefined)
    }
  }

  /** Begins as many as it may; whether there may be more to begin at once. */
  private async begin(): Promise<boolean> {
    const { name, mostAtOnce, lease } = this.channel
    const free = mostAtOnce - this.sending.size
    if (free === 0) return false
    const claimed = await this.deps.queue.claim(name, free, lease)
    for (const queued of claimed) this.track(this.deliver(queued))
    return claimed.length === free && this.sending.size < mostAtOnce
  }

  private pause(): number {
    const now = this.deps.now().getTime()
    this.retries = this.retries.filter((at) => at > now)
    return Math.min(lookEvery, ...this.retries.map((at) => at - now))
  }

  private track(delivery: Promise<void>): void {
    const tracked = delivery
      .catch((error: unknown) =>
        this.deps.log.error({ err: error }, `a ${this.channel.noun} could not be dealt with; it will be tried again`),
      )
      .finally(() => {
        this.sending.delete(tracked)
        this.wake()
      })
    this.sending.add(tracked)
  }

  private async deliver(queued: QueuedMessage): Promise<void> {
    const { id } = queued
    const { channel, giveUp } = this
    const message = this.messageIn(queued)
    if (!message) return this.drop(queued, 'It was sealed with a key that is gone.')
    if (channel.recipientOf(message) === undefined) return this.sent(queued)
    if (this.hasExpired(message, this.deps.now())) return this.drop(queued, 'What it says had run out before it could be sent.')
    try {
      await channel.send(id, message, AbortSignal.any([giveUp.signal, AbortSignal.timeout(channel.longestSending)]))
    } catch (error) {
      return this.failed(queued, error)
    }
    await this.sent(queued)
    const event = channel.sentEvent(message)
    if (event) this.deps.audit(event)
  }

  private async sent({ id, executionId }: QueuedMessage): Promise<void> {
    await this.deps.queue.sent(id)
    if (executionId !== undefined) this.deps.told(executionId)
  }

  private async failed(queued: QueuedMessage, error: unknown): Promise<void> {
    const message = this.messageIn(queued)
    const problem = this.problemOf(error, message)
    const pause = this.channel.pauses[queued.attempts - 1]
    const now = this.deps.now()
    // Not the message's fault: another node, or this one after its restart, sends it at once.
    if (this.giveUp.signal.aborted) return this.deps.queue.failed(queued, now, problem)
    if (pause === undefined || (error instanceof DeliveryFailure && error.permanent)) return this.drop(queued, problem, error)
    const retryAt = new Date(now.getTime() + pause * 1000)
    // Whoever waits for it is told now, rather than when it is of no use any more.
    if (message && this.hasExpired(message, retryAt)) return this.drop(queued, problem, error)
    const { id, attempts } = queued
    this.deps.log.warn(
      { messageId: id, attempts, nextTry: pause, ...detailOf(error) },
      `${this.named(queued)} was not sent: ${problem}`,
    )
    await this.deps.queue.failed(queued, retryAt, problem)
    if (pause * 1000 < lookEvery) this.retries = [...this.retries, retryAt.getTime()]
  }

  private async drop(queued: QueuedMessage, problem: string, error?: unknown): Promise<void> {
    const { id, attempts, executionId } = queued
    await this.deps.queue.failed(queued, undefined, problem)
    if (executionId !== undefined) this.deps.told(executionId)
    this.deps.log.error({ messageId: id, attempts, ...detailOf(error) }, `${this.named(queued)} was given up: ${problem}`)
    const context = { ...this.channel.failedContext(this.messageIn(queued)), problem, attempts }
    this.deps.audit({ action: 'configuration_error', context })
  }

  private messageIn({ message }: QueuedMessage): MessageOf<Name> | undefined {
    return isOf(this.channel.name, message) ? message : undefined
  }

  /** A link or a code that works no more is of no use to anybody. */
  private hasExpired(message: MessageOf<Name>, at: Date): boolean {
    const expiry = this.channel.expiryOf(message)
    return expiry !== undefined && expiry <= at
  }

  /** Providers repeat whom they refuse; logs are no place for that. */
  private problemOf(error: unknown, message: MessageOf<Name> | undefined): string {
    const problem = error instanceof Error ? error.message : String(error)
    if (!message) return problem
    const people = [this.channel.recipientOf(message) ?? '', ...this.channel.othersIn(message)].filter(Boolean)
    return people.reduce((text, name) => text.replaceAll(name, '(the recipient)'), problem)
  }

  private named(queued: QueuedMessage): string {
    const message = this.messageIn(queued)
    const recipient = message && this.channel.recipientOf(message)
    const { noun } = this.channel
    return this.deps.namesRecipients && recipient !== undefined ? `${noun} for ${recipient}` : `a ${noun}`
  }
}

function isOf<Name extends MessageChannel>(name: Name, message: OutgoingMessage | undefined): message is MessageOf<Name> {
  return message?.channel === name
}

function detailOf(error: unknown): object {
  return error instanceof DeliveryFailure && error.detail !== undefined ? { detail: error.detail } : {}
}
