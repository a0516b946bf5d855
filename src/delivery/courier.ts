import type { MailQueue, OutgoingMail, QueuedMail } from '../flow/accounts.ts'
import type { AuditEvent } from '../flow/effects.ts'
import { MailFailure } from './mail-failure.ts'

/** Seconds between tries. When they are used up, the mail is given up. */
const pauses = [10, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800] as const
/** How many mails a node sends at once. */
const mostAtOnce = 4
/** How often it looks for mails that other nodes left, or whose time has come (milliseconds). */
const lookEvery = 10_000
/** How long one mail may take (milliseconds): less than its lease, or two nodes would send it. */
const longestSending = 90_000
const lease = 120
/** How long a node that stops waits for what it is sending (milliseconds). */
const farewell = 5000

/** A mail that is for somebody. */
export type AddressedMail = OutgoingMail & { readonly to: object }

/** What a courier works with. */
export interface CourierDependencies {
  readonly queue: MailQueue
  /** Throws a {@link MailFailure}. */
  readonly send: (id: string, mail: AddressedMail, signal: AbortSignal) => Promise<void>
  readonly audit: (event: AuditEvent) => void
  readonly log: {
    readonly warn: (members: object, message: string) => void
    readonly error: (members: object, message: string) => void
  }
  /** Whether the log may say whom a mail was for: on a developer's machine. */
  readonly namesRecipients: boolean
  readonly now: () => Date
  /** Rejects as soon as the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** Sends the mails that wait, at least once each, and tries again when that fails. */
export class Courier {
  private readonly deps: CourierDependencies
  private readonly sending = new Set<Promise<void>>()
  private readonly closing = new AbortController()
  private readonly giveUp = new AbortController()
  private alarm = new AbortController()
  private running: Promise<void> | undefined

  constructor(deps: CourierDependencies) {
    this.deps = deps
  }

  start(): void {
    this.running ??= this.run()
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
      // Whoever calls from here on finds the courier looking again.
      this.alarm = new AbortController()
      const more = await this.begin().catch((error: unknown) => {
        this.deps.log.error({ err: error }, 'mails that wait could not be read')
        return false
      })
      const { signal } = this.alarm
      if (!more && !signal.aborted && !this.closing.signal.aborted)
        await this.deps.sleep(lookEvery, signal).catch(() => undefined)
    }
  }

  /** Begins as many as it may; whether there may be more to begin at once. */
  private async begin(): Promise<boolean> {
    const free = mostAtOnce - this.sending.size
    if (free === 0) return false
    const claimed = await this.deps.queue.claim(free, lease)
    for (const queued of claimed) this.track(this.deliver(queued))
    return claimed.length === free && this.sending.size < mostAtOnce
  }

  private track(delivery: Promise<void>): void {
    const tracked = delivery
      .catch((error: unknown) => this.deps.log.error({ err: error }, 'a mail could not be dealt with; it will be tried again'))
      .finally(() => {
        this.sending.delete(tracked)
        this.wake()
      })
    this.sending.add(tracked)
  }

  private async deliver(queued: QueuedMail): Promise<void> {
    const { id, mail } = queued
    const { queue, audit, send } = this.deps
    if (!mail) return this.drop(queued, 'It was sealed with a key that is gone.')
    // It was only written so that nobody can tell by the time it takes that nobody has the address.
    if (!isAddressed(mail)) return queue.sent(id)
    if (hasExpired(mail, this.deps.now())) return this.drop(queued, 'What it says had run out before it could be sent.')
    try {
      await send(id, mail, AbortSignal.any([this.giveUp.signal, AbortSignal.timeout(longestSending)]))
    } catch (error) {
      return this.failed(queued, error)
    }
    await queue.sent(id)
    audit({ action: 'email_sent', context: { to_email: mail.to.address, subject: mail.subject, template: mail.template } })
  }

  private async failed(queued: QueuedMail, error: unknown): Promise<void> {
    const problem = problemOf(error, queued.mail)
    const pause = pauses[queued.attempts - 1]
    const now = this.deps.now()
    // Not the mail's fault: another node, or this one after its restart, sends it at once.
    if (this.giveUp.signal.aborted) return this.deps.queue.failed(queued.id, now, problem)
    if (pause === undefined || (error instanceof MailFailure && error.permanent)) return this.drop(queued, problem)
    this.deps.log.warn(
      { mail: queued.id, attempts: queued.attempts, nextTry: pause },
      `${this.named(queued)} was not sent: ${problem}`,
    )
    await this.deps.queue.failed(queued.id, new Date(now.getTime() + pause * 1000), problem)
  }

  private async drop(queued: QueuedMail, problem: string): Promise<void> {
    const { id, mail, attempts } = queued
    await this.deps.queue.failed(id, undefined, problem)
    this.deps.log.error({ mail: id, attempts }, `${this.named(queued)} was given up: ${problem}`)
    const context = { message: 'A mail was not sent.', problem, attempts, template: mail?.template }
    this.deps.audit({ action: 'configuration_error', context })
  }

  private named({ mail }: QueuedMail): string {
    return this.deps.namesRecipients && mail?.to ? `mail for ${mail.to.address}` : 'a mail'
  }
}

function isAddressed(mail: OutgoingMail): mail is AddressedMail {
  return mail.to !== undefined
}

/** Mail servers repeat whom they refuse; logs are no place for that. */
function problemOf(error: unknown, mail: OutgoingMail | undefined): string {
  const problem = error instanceof Error ? error.message : String(error)
  if (!mail?.to) return problem
  return [mail.to.address, ...(mail.cc ?? []), ...(mail.bcc ?? [])].reduce(
    (text, address) => text.replaceAll(address, '(the recipient)'),
    problem,
  )
}

/** A link or a code that works no more is of no use to anybody. */
function hasExpired({ values: { expires } }: OutgoingMail, now: Date): boolean {
  return typeof expires === 'string' && Date.parse(expires) <= now.getTime()
}
