import type { JsonObject } from '../flow/json.ts'
import type { Arrival, Departure, SourceSettings } from '../flow/sources.ts'

/** One trip to a source. */
export interface Trip {
  readonly source: SourceSettings
  /** Comes back with the person; it is the trip's alone. */
  readonly state: string
  /** Where the source sends people back to. */
  readonly callbackUrl: string
}

/** A kind of place that vouches for people. It reports what goes wrong, and never throws. */
export interface SourceKind {
  /** `openidconnect`: what a source's config names. */
  readonly provider: string
  depart(trip: Trip): Promise<Departure>
  arrive(trip: Trip, memory: JsonObject, arrivedAt: string): Promise<Arrival>
}

/** What kinds of source need from outside. */
export interface SourceTools {
  readonly now: () => Date
  /** Seconds that a source may take to answer. */
  readonly timeout: number
  /** For the operator's log: the reason names no person and holds no secret. */
  readonly failed: (failure: { readonly source: string; readonly problem: string; readonly reason: string }) => void
}
