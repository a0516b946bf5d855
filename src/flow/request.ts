import type { NamedFlow } from './flow-directory.ts'
import type { IssuedHandle, RememberedDevice, Visitor } from './session.ts'
import type { FlowStep } from './step.ts'

/** What a client gets, and the session handle that must travel with it. */
export interface Reply {
  readonly step: FlowStep
  readonly issued: IssuedHandle | undefined
  /** What it must keep for its next sign-in. */
  readonly remembered: readonly RememberedDevice[]
  readonly sessionId: string
  /** Whether authentik's wire says "go and fetch the next challenge" instead of showing it. */
  readonly stagesLeft: boolean
}

/** Which flow to start, and what the page knows. */
export interface StartRequest {
  readonly visitor: Visitor
  readonly flow: NamedFlow
  /** The page's query string, parsed. */
  readonly query: Readonly<Record<string, string>>
  /** Where a refused person is led; the query's `next` if not given. */
  readonly denialNext?: string | undefined
}

/** An answer to the step that `stepToken` names. */
export interface Answer {
  readonly visitor: Visitor
  readonly executionId: string
  readonly stepToken: string
  /** The kind of stage that it answers. */
  readonly kind: string
  readonly response: unknown
}
