import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { DuoTransaction, type DuoTransactionRequest, type DuoUpdate } from './duo-transaction.ts'

/** One of somebody's devices, as the wire says it. */
export interface FakeDevice {
  readonly device: string
  readonly type: string
  readonly display_name?: string
  readonly name?: string
  readonly number?: string
  readonly capabilities?: readonly string[]
}

/** Somebody Duo knows. */
export interface FakeDuoUser {
  readonly userId: string
  readonly username: string
  devices: readonly FakeDevice[]
  /** What policy says of them: `auth` unless told. */
  preauth: 'auth' | 'allow' | 'deny' | 'enroll'
  /** Those that are right, each once. */
  passcodes: string[]
  /** Whether their pushes have to be verified by a code. */
  verifiedPush: boolean
  /** What they do about a push by themselves, and after how many milliseconds; undefined: nothing. */
  reacts: { readonly result: 'allow' | 'deny'; readonly after?: number } | undefined
}

interface Enrolment {
  readonly userId: string
  readonly activationCode: string
  readonly expiresAt: Date
  status: 'waiting' | 'success'
}

/** What the app of a person says at the end. */
export const duoOutcomes = {
  allow: { result: 'allow', status: 'allow', status_msg: 'Success. Logging you in...' },
  bypass: { result: 'allow', status: 'bypass', status_msg: 'Bypassing user.' },
  deny: { result: 'deny', status: 'deny', status_msg: 'Login request denied.' },
  fraud: { result: 'deny', status: 'fraud', status_msg: 'Login request reported as fraudulent.' },
  timeout: { result: 'deny', status: 'timeout', status_msg: 'Login timed out.' },
  locked: { result: 'deny', status: 'locked_out', status_msg: 'Your account is disabled and cannot access this application.' },
  wrongPasscode: { result: 'deny', status: 'deny', status_msg: 'Incorrect passcode. Please try again.' },
} as const satisfies Record<string, DuoUpdate>

const phone = (): FakeDevice => ({
  device: duoId('DP'),
  type: 'phone',
  display_name: 'iOS (XXX-XXX-0100)',
  name: '',
  number: 'XXX-XXX-0100',
  capabilities: ['auto', 'push', 'sms', 'phone', 'mobile_otp'],
})

/** The people, devices and transactions of one customer of Duo. */
export class DuoAccount {
  readonly users = new Map<string, FakeDuoUser>()
  readonly transactions: DuoTransaction[] = []
  private readonly byTxid = new Map<string, DuoTransaction>()
  private readonly byUser = new Map<string, DuoTransaction[]>()
  private readonly byUsername = new Map<string, FakeDuoUser>()
  private readonly enrolments = new Map<string, Enrolment>()
  /** Codes of pushes that may be sent, by transaction. */
  private readonly codes = new Map<string, { readonly userId: string; readonly code: string; readonly expiresAt: number }>()
  private readonly timers = new Set<NodeJS.Timeout>()
  private readonly taken = new Map<string, number>()
  private readonly news = new EventEmitter().setMaxListeners(0)

  /** Adds somebody who can be asked for a proof: with a phone, unless told. */
  add(username: string, about: Partial<Omit<FakeDuoUser, 'username'>> = {}): FakeDuoUser {
    const user: FakeDuoUser = {
      userId: about.userId ?? duoId('DU'),
      username,
      devices: about.devices ?? [phone()],
      preauth: about.preauth ?? 'auth',
      passcodes: about.passcodes ?? [],
      verifiedPush: about.verifiedPush ?? false,
      reacts: about.reacts,
    }
    this.users.set(user.userId, user)
    this.byUsername.set(username.toLowerCase(), user)
    return user
  }

  /** By id or name. */
  find(who: string): FakeDuoUser | undefined {
    return this.users.get(who) ?? this.byUsername.get(who.toLowerCase())
  }

  /** By id or name; throws where Duo knows nobody of that name. */
  get(who: string): FakeDuoUser {
    const user = this.find(who)
    if (!user) throw new Error(`Duo knows no ${who}.`)
    return user
  }

  enroll(username: string, expiresAt: Date): Enrolment & { readonly username: string } {
    const { userId } = this.add(username, { devices: [], preauth: 'enroll' })
    const enrolment: Enrolment = { userId, activationCode: duoId('', 30), expiresAt, status: 'waiting' }
    this.enrolments.set(userId, enrolment)
    return { ...enrolment, username }
  }

  enrolmentOf(userId: string, activationCode: string): Enrolment | undefined {
    const enrolment = this.enrolments.get(userId)
    return enrolment?.activationCode === activationCode ? enrolment : undefined
  }

  /** The person scans the code: their phone can be asked from now on. */
  activate(who: string): void {
    const user = this.get(who)
    const enrolment = this.enrolments.get(user.userId)
    if (!enrolment) throw new Error(`Nobody enrols ${who}.`)
    enrolment.status = 'success'
    user.devices = [phone()]
    user.preauth = 'auth'
  }

  /** A code that a push may be verified by, for the next minute. */
  offerCode(user: FakeDuoUser, now: Date): { readonly txid: string; readonly code: string; readonly expiresAt: Date } {
    const [txid, code, expiresAt] = [randomUUID(), String(randomInt(1000)).padStart(3, '0'), new Date(now.getTime() + 60_000)]
    this.codes.set(txid, { userId: user.userId, code, expiresAt: expiresAt.getTime() })
    return { txid, code, expiresAt }
  }

  /** The code that was offered with this transaction, once; undefined: none was, or it has run out. */
  takeCode(txid: string, user: FakeDuoUser, now: Date): string | undefined {
    const offered = this.codes.get(txid)
    this.codes.delete(txid)
    return offered?.userId === user.userId && offered.expiresAt >= now.getTime() ? offered.code : undefined
  }

  begin(user: FakeDuoUser, about: Omit<DuoTransactionRequest, 'userId' | 'username'>, first: DuoUpdate): DuoTransaction {
    const transaction = new DuoTransaction({ ...about, userId: user.userId, username: user.username }, first)
    this.transactions.push(transaction)
    this.byTxid.set(about.txid, transaction)
    const others = this.byUser.get(user.userId)
    if (others) others.push(transaction)
    else this.byUser.set(user.userId, [transaction])
    this.news.emit(user.userId)
    if (user.reacts) this.react(transaction, user.reacts)
    return transaction
  }

  /** By id, or the newest one of a person. */
  transaction(who: string): DuoTransaction | undefined {
    return this.byTxid.get(who) ?? this.of(who).at(-1)
  }

  byId(txid: string): DuoTransaction | undefined {
    return this.byTxid.get(txid)
  }

  /** The next proof that somebody is asked for and no call has given out yet; waits for it. */
  async asked(who: string): Promise<DuoTransaction> {
    const { userId } = this.get(who)
    const place = this.taken.get(userId) ?? 0
    this.taken.set(userId, place + 1)
    while (this.of(userId).length <= place) await once(this.news, userId)
    return this.of(userId)[place] as DuoTransaction
  }

  /** What somebody was asked for, the oldest first. */
  of(who: string): readonly DuoTransaction[] {
    return this.byUser.get(this.find(who)?.userId ?? '') ?? []
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer)
  }

  private react(transaction: DuoTransaction, { result, after = 0 }: NonNullable<FakeDuoUser['reacts']>): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      transaction.update(duoOutcomes[result])
    }, after)
    this.timers.add(timer)
  }
}

/** An identifier in Duo's style. */
export function duoId(prefix: string, length = 20): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
  const rest = [...randomBytes(length - prefix.length)].map((byte) => letters[byte % letters.length])
  return prefix + rest.join('')
}
