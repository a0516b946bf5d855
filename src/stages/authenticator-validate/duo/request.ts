/** How Duo asks somebody: as it thinks best, by a push to an app, or by a call. */
export const duoFactors = ['auto', 'push', 'phone'] as const
export type DuoFactor = (typeof duoFactors)[number]

/** Seconds that somebody has to approve. Duo itself gives up after as many. */
export const approvalSeconds = 60

/** Whom to ask, and how. */
export type DuoWish = {
  /** The authenticator's id. */
  readonly authenticator: string
  readonly factor: DuoFactor
  /** The id of one of the person's devices at Duo; `auto`: Duo chooses. */
  readonly device: string
}

/** The request that the wish came with, as a push tells of it: Duo is asked later, by another one or by none. */
export type Origin = { readonly clientIp: string; readonly host: string }

/** Milliseconds since 1970: nothing that comes later counts. */
type Limited = { readonly until: number }

/** What Duo was asked last, as a stage keeps it between its turns. */
export type DuoRequest = DuoWish & Standing

type Standing =
  /** Nobody has asked Duo yet. */
  | ({ readonly step: 'wanted' } & Limited & Origin)
  /** One server is about to ask, and no other one ever will. */
  | ({ readonly step: 'claimed'; readonly claim: string } & Limited & Origin)
  /** The person has to decide. */
  | ({ readonly step: 'asked'; readonly txid: string; readonly verificationCode?: string } & Limited)
  | { readonly step: 'approved' }
  /** Duo cannot be reached, and does not have to be. */
  | { readonly step: 'excused' }
  /** Nothing came of it. `retryAt`: milliseconds since 1970 before which it is not asked again. */
  | { readonly step: 'over'; readonly retryAt?: number }

/** A request that may still be approved. */
export type PendingRequest = Extract<DuoRequest, Limited>

/** Whether somebody may still approve. */
export function isPending(request: DuoRequest | undefined, now: Date): request is PendingRequest {
  return request !== undefined && 'until' in request && request.until > now.getTime()
}

export function wishOf({ authenticator, factor, device }: DuoWish): DuoWish {
  return { authenticator, factor, device }
}

export function isSameWish(a: DuoWish, b: DuoWish): boolean {
  return a.authenticator === b.authenticator && a.factor === b.factor && a.device === b.device
}

/** Milliseconds since 1970 before which one that came to nothing is not asked for again; undefined: it may be now. */
export function retryTimeOf(request: DuoRequest): number | undefined {
  return request.step === 'over' ? request.retryAt : undefined
}

/** What is told, in the wire's spelling, of a request that is under way. */
export function hintOfRequest(request: DuoRequest): { readonly verification_code?: string } {
  if (request.step !== 'asked' || request.verificationCode === undefined) return {}
  return { verification_code: request.verificationCode }
}
