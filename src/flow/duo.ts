/** One of an administrator's applications at Duo, with the keys of its Auth API or its Admin API. */
export interface DuoSettings {
  /** The application's integration key: `client_id` of the stage. */
  readonly integrationKey: string
  readonly secretKey: string
  /** `api-0123abcd.duosecurity.com`, with a port where it is another one than 443. */
  readonly host: string
}

/**
 * Why Duo gave no answer. `unreachable`: no reply in time, or a 5xx. `limited`: too many requests. `refused`: Duo said what is
 * wrong with the request. `malformed`: a reply that is none of Duo's.
 */
export const duoProblems = ['unreachable', 'limited', 'refused', 'malformed'] as const
export type DuoProblem = (typeof duoProblems)[number]

/** What came of a question: Duo's refusals are answers, not exceptions. */
export type DuoAnswer<Value> =
  | { readonly ok: true; readonly value: Value }
  | {
      readonly ok: false
      readonly problem: DuoProblem
      /** For operators; never shown to people. Holds no secret. */
      readonly message: string
      /** Duo's five digits, such as 40002, where there are any. */
      readonly code: number | undefined
    }

/** A device that somebody is about to activate. */
export interface DuoEnrollment {
  readonly userId: string
  readonly username: string
  /** The address of a picture: what the app scans. */
  readonly activationBarcode: string
  readonly activationCode: string
  /** A link that opens the app, where Duo gives one. */
  readonly activationUrl: string | undefined
  readonly expiresAt: Date
}

export type DuoEnrollmentStatus = 'success' | 'waiting' | 'invalid'

/** What a device of somebody's can do. */
export const duoCapabilities = ['auto', 'push', 'sms', 'phone', 'mobile_otp'] as const
export type DuoCapability = (typeof duoCapabilities)[number]

/** One of somebody's devices at Duo. */
export interface DuoDevice {
  readonly id: string
  /** As Duo names it to people, such as `iOS (XXX-XXX-0100)`. */
  readonly displayName: string
  readonly type: 'phone' | 'token' | 'other'
  /** Those that we know. */
  readonly capabilities: readonly DuoCapability[]
}

/** Whether somebody has to prove themselves, and with what. */
export type DuoPreauth =
  | { readonly result: 'auth'; readonly message: string; readonly devices: readonly DuoDevice[] }
  /** Duo's policy lets them pass without a proof. */
  | { readonly result: 'allow'; readonly message: string }
  | { readonly result: 'deny'; readonly message: string }
  /** They have nothing that could prove anything. */
  | { readonly result: 'enroll'; readonly message: string; readonly portalUrl: string | undefined }

/** Who is asked for a proof, how, and what they are told about it. */
export interface DuoAuthentication {
  readonly userId: string
  readonly factor: 'auto' | 'push' | 'phone' | 'passcode'
  /** A device's id, or `auto`; none for a passcode. */
  readonly device?: string
  readonly passcode?: string
  readonly clientIp: string
  /** `Acme Login request`: the title of a push. */
  readonly title?: string
  readonly displayUsername?: string
  /** What a push shows besides, in this order. */
  readonly pushInfo?: Readonly<Record<string, string>>
}

/** How a proof stands. Anything but `allow` is none. */
export interface DuoStatus {
  readonly result: 'allow' | 'deny' | 'waiting'
  /** Duo's word: `pushed`, `timeout`, `fraud`, `locked_out` ... */
  readonly status: string
  /** Duo's sentence. */
  readonly message: string
}

/** A proof that was asked for: what it is known by, until it is given. */
export interface DuoTransaction {
  readonly txid: string
  /** What the person has to type into the app, where the account asks for that (Verified Duo Push). */
  readonly verificationCode: string | undefined
}

/** Duo's Auth API, version 2. Every call ends within its time limit, and none throws. */
export interface DuoGateway {
  enroll(settings: DuoSettings, username: string, validSeconds: number): Promise<DuoAnswer<DuoEnrollment>>
  enrollmentStatus(
    settings: DuoSettings,
    enrollment: Pick<DuoEnrollment, 'userId' | 'activationCode'>,
  ): Promise<DuoAnswer<DuoEnrollmentStatus>>
  preauth(settings: DuoSettings, who: { readonly userId: string; readonly clientIp: string }): Promise<DuoAnswer<DuoPreauth>>
  /**
   * Asks for a proof that takes time, and does not wait for it. Of a push, Duo is asked first whether it has to be verified: then the
   * transaction bears a code, which is good for a minute. What Duo's policy decides without the person is told by `status`. Asked
   * once: when no answer comes, the person may have got the push all the same.
   */
  begin(settings: DuoSettings, authentication: DuoAuthentication): Promise<DuoAnswer<DuoTransaction>>
  /** Judges a proof at once: a passcode. */
  verify(settings: DuoSettings, authentication: DuoAuthentication): Promise<DuoAnswer<DuoStatus>>
  /**
   * How a transaction stands. What nobody was told of yet is answered at once, and so is what is final; otherwise Duo answers at the
   * next change, which may take a minute. `unreachable` also when the signal aborts, and when nothing changed for as long as Duo
   * holds a question (with code 40002, as for a transaction that it has forgotten): ask again, until the wait is over.
   */
  status(settings: DuoSettings, txid: string, signal: AbortSignal): Promise<DuoAnswer<DuoStatus>>
  /** All users of the account, by the Admin API. */
  users(settings: DuoSettings): Promise<DuoAnswer<readonly { readonly userId: string; readonly username: string }[]>>
}
