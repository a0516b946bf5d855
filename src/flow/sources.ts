import type { JsonObject } from './json.ts'

/** The kind of stage that sends people to sources: what a login button puts first, and what they come back to. */
export const sourceStageKind = 'source'

/** How a source is reached, as its administrator wrote it down. */
export interface SourceSettings {
  /** The kind of source: `openidconnect`. */
  readonly provider: string
  /** Names it in addresses. */
  readonly slug: string
  readonly config: JsonObject
}

/** Why nobody came back from a source, or could not leave for it. */
export type SourceProblem =
  /** The source, or the person there, said no. */
  | 'refused'
  /** It does not answer, or not in time. */
  | 'unreachable'
  /** It answers, but what it says proves nothing. */
  | 'untrusted'

/** The way to a source, and what must be kept to judge who comes back. */
export type Departure =
  | { readonly ready: true; readonly to: string; readonly memory: JsonObject }
  | { readonly ready: false; readonly problem: SourceProblem }

/** Who came back from a source. */
export type Arrival =
  | { readonly arrived: true; readonly identity: SourceIdentity }
  | { readonly arrived: false; readonly problem: SourceProblem }

/** Somebody as a source knows them. Nothing here is longer or stranger than an account may hold. */
export interface SourceIdentity {
  /** What the source gives to nobody else. */
  readonly identifier: string
  readonly username: string | undefined
  readonly name: string | undefined
  readonly email: string | undefined
  /** Whether the source says that the address is theirs. */
  readonly emailVerified: boolean
}

/** How stages reach the places that vouch for people. A source's failure is an answer, not an exception. */
export interface SourceGateway {
  /** Where a source sends people back to. */
  readonly callbackUrl: (slug: string) => string
  /** `state` comes back with the person. */
  readonly depart: (source: SourceSettings, state: string) => Promise<Departure>
  /** Judges the address that somebody came back with, once: what it proves is used up. */
  readonly arrive: (source: SourceSettings, state: string, memory: JsonObject, callbackUrl: string) => Promise<Arrival>
}
