import type { Consent, Invitation, SourceConnection } from './accounts.ts'
import type { AuthenticatorDirectory } from './authenticators.ts'
import type { ConfiguredStage } from './definition.ts'
import type { DuoGateway } from './duo.ts'
import type { JsonObject } from './json.ts'
import type { SourceGateway } from './sources.ts'
import type { DeliveryState } from './step.ts'
import type { User } from './user.ts'

/** What people may identify themselves by. */
export const userFields = ['email', 'username', 'upn'] as const
export type UserField = (typeof userFields)[number]

/** The cookies that outlive a session: what a browser may show of sign-ins before. */
export const deviceCookies = ['mfa', 'device'] as const
export type DeviceCookie = (typeof deviceCookies)[number]

/** Who asks, as stages see them. */
export interface StageVisitor {
  readonly clientIp: string
  readonly userAgent: string
  /** The host name the request was sent to. */
  readonly host: string
  /** What the browser asks for, the best first: `de-AT`, `de`. */
  readonly languages: () => readonly string[]
  /** A header set by a proxy that the operator trusts; undefined when the request came another way. Names in lower case. */
  readonly proxyHeader: (name: string) => string | undefined
  /** The certificate that the client showed to this server itself, as PEM. */
  readonly clientCertificate: string | undefined
  /** What an effect `remember_device` left in this browser. */
  readonly deviceCookie: (name: DeviceCookie) => string | undefined
}

/** What a stage may look up. Effects go through its verdict, not through here. */
export interface StageServices {
  readonly now: () => Date
  readonly flows: {
    readonly slugOf: (flowId: string) => string | undefined
    readonly has: (slug: string) => boolean
    /** The path of a flow's page, with the execution's own query string; undefined when there is no such flow. */
    readonly pathOf: (flowId: string | null | undefined) => string | undefined
    /** The absolute URL of the page of the flow that the brand names for recovery. */
    readonly recoveryUrl: () => string | undefined
    /** The absolute URL of the page of the execution's own flow, with this query string. */
    readonly pageUrl: (query: Readonly<Record<string, string>>) => string
  }
  /** What authenticator apps and mails call the server. */
  readonly brandTitle: () => string
  /** Who passkeys are made for and used by (WebAuthn, section 4): a domain, a name, and the origins of pages that may ask. */
  readonly relyingParty: () => { readonly id: string; readonly name: string; readonly origins: readonly string[] }
  readonly authenticators: AuthenticatorDirectory
  readonly users: {
    /** Whoever matches one of the fields, inactive users too. One query. */
    readonly find: (identifier: string, fields: readonly UserField[], caseInsensitive: boolean) => Promise<User | undefined>
    readonly byId: (id: number) => Promise<User | undefined>
    /** An id that nobody has or had: an account can be spoken of before it is written. */
    readonly newId: () => Promise<number>
    /** Those of these group ids that exist. */
    readonly existingGroups: (ids: readonly string[]) => Promise<readonly string[]>
  }
  readonly passwords: {
    /** The same work for a missing or unusable hash as for a wrong password. */
    readonly verify: (
      password: string,
      storedHash: string | undefined,
    ) => Promise<{ readonly matches: boolean; readonly upgrade?: string }>
    readonly hash: (password: string) => Promise<string>
  }
  /** The consent that a user has given to an application. */
  readonly consentOf: (userId: number, application: string) => Promise<Consent | undefined>
  readonly invitation: (id: string) => Promise<Invitation | undefined>
  readonly sourceConnection: (source: string, identifier: string) => Promise<SourceConnection | undefined>
  /** A stage as it is configured now, without its secrets, whether or not this one names it: what set up an authenticator. */
  readonly stageConfig: (id: string) => ConfiguredStage | undefined
  /** The secret fields of the config of a stage or an object that is named here, or found by `stageConfig`. */
  readonly secretsOf: (id: string) => JsonObject
  /** The places elsewhere that vouch for people. */
  readonly sources: SourceGateway
  /** Whether all of these policies let the answer pass, with these keys over the plan's context. They are judged live. */
  readonly judgePolicies: (
    policyIds: readonly string[],
    context: JsonObject,
  ) => Promise<{ readonly passing: boolean; readonly messages: readonly string[] }>
  /** Counts something that may happen `most` times in a sliding window (seconds); undefined: it may, else the seconds until then. */
  readonly takeTurn: (subject: string, most: number, window: number) => Promise<number | undefined>
  /** An unguessable text of at least 128 random bits. */
  readonly randomToken: () => string
  /** Seals claims for one purpose so that this server alone can read them again, until they run out. */
  readonly sealToken: (purpose: string, claims: JsonObject, seconds: number) => string
  readonly openToken: (purpose: string, token: string) => JsonObject | undefined
  /** A keyed digest that nobody can compare guesses with who has only the database. */
  readonly mac: (purpose: string, text: string) => string
  /** Whether an operator's or our own mail template has this name. */
  readonly hasMailTemplate: (name: string) => boolean
  readonly duo: DuoGateway
  /** What became of a message that went out with an effect; undefined for one that nobody knows any more. */
  readonly deliveryOf: (messageId: string) => Promise<Delivery | undefined>
  /** Whether somebody has confirmed a mailed link, wherever they opened it. By the token's digest. */
  readonly isLinkUsed: (tokenDigest: string) => Promise<boolean>
  /** What a token is known by where the token itself must not be kept. */
  readonly digestOf: (token: string) => string
}

/** What became of a message. */
export interface Delivery {
  readonly state: DeliveryState
  /** Why it failed, in the provider's words; empty otherwise. */
  readonly problem: string
}
