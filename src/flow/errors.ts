import type { FlowStep } from './step.ts'

/** What a caller did wrong, or meets, and can act on. Each transport spells these once. */
export abstract class FlowError extends Error {
  abstract readonly code: string
  /** The HTTP status of the REST face. */
  abstract readonly status: number
}

/** No flow has this slug, or none serves this purpose. */
export class FlowNotFoundError extends FlowError {
  readonly code = 'FLOW_NOT_FOUND'
  readonly status = 404
  constructor() {
    super('There is no such flow.')
  }
}

/** No execution of this session has this id. Somebody else's looks the same. */
export class ExecutionNotFoundError extends FlowError {
  readonly code = 'EXECUTION_NOT_FOUND'
  readonly status = 404
  constructor() {
    super('This session has no such execution. Start the flow again.')
  }
}

/** The execution stood still for too long. */
export class ExecutionExpiredError extends FlowError {
  readonly code = 'EXECUTION_EXPIRED'
  readonly status = 410
  constructor() {
    super('This execution has expired. Start the flow again.')
  }
}

/** The answer was meant for a step that no longer stands. */
export class StaleStepError extends FlowError {
  readonly code = 'STALE_STEP'
  readonly status = 409
  readonly step: FlowStep
  constructor(step: FlowStep) {
    super('This step was answered meanwhile. Go on with the current one.')
    this.step = step
  }
}

/** The answer is one for another kind of challenge. */
export class UnexpectedResponseError extends FlowError {
  readonly code = 'UNEXPECTED_RESPONSE'
  readonly status = 409
  /** The kind of stage whose answer is awaited; undefined where none is. */
  readonly expected: string | undefined
  readonly step: FlowStep
  constructor(step: FlowStep, expected: string | undefined) {
    super(expected ? 'The standing challenge takes another kind of response.' : 'This execution takes no response.')
    this.expected = expected
    this.step = step
  }
}

/** The action is not among those that the step offers now. */
export class ActionNotAllowedError extends FlowError {
  readonly code = 'ACTION_NOT_ALLOWED'
  readonly status = 409
  readonly step: FlowStep
  constructor(step: FlowStep) {
    super('This step does not offer that action.')
    this.step = step
  }
}

/** Too many wrong guesses about one person from one address. */
export class TooManyAttemptsError extends FlowError {
  readonly code = 'TOO_MANY_ATTEMPTS'
  readonly status = 429
  /** Seconds. */
  readonly retryAfter: number
  constructor(retryAfter: number) {
    super('Too many attempts. Wait before trying again.')
    this.retryAfter = retryAfter
  }
}

/** The server cannot take this on just now: too much work waits, or a store does not answer. */
export class ServiceUnavailableError extends FlowError {
  readonly code = 'SERVICE_UNAVAILABLE'
  readonly status = 503
  /** Seconds. */
  readonly retryAfter: number
  constructor(retryAfter: number, options?: ErrorOptions) {
    super('The service is busy. Try again shortly.', options)
    this.retryAfter = retryAfter
  }
}
