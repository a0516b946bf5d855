import { GraphQLError } from 'graphql'
import {
  ActionNotAllowedError,
  ExecutionExpiredError,
  ExecutionNotFoundError,
  FlowError,
  FlowNotFoundError,
  ServiceUnavailableError,
  StaleStepError,
  TooManyAttemptsError,
  UnexpectedResponseError,
} from '../flow/errors.ts'
import { camelCase } from '../shapes/names.ts'
import type { Builder, GraphQLContext } from './builder.ts'
import type { StepTypes } from './step-types.ts'

/** What may keep a flow from starting. */
export const startErrors = [FlowNotFoundError, ServiceUnavailableError] as const
/** What may keep an answer from being judged. */
export const respondErrors = [
  ExecutionNotFoundError,
  ExecutionExpiredError,
  StaleStepError,
  UnexpectedResponseError,
  ActionNotAllowedError,
  TooManyAttemptsError,
  ServiceUnavailableError,
] as const

/** An expected error as a result, which must not be an Error itself: GraphQL throws those that it is given. */
class Refusal<Expected extends FlowError> {
  readonly error: Expected
  constructor(error: Expected) {
    this.error = error
  }
}
type RefusalOf<Expected> = Expected extends FlowError ? Refusal<Expected> : never

const current = 'What stands now.'
const retryAfter = 'Seconds to wait.'

/** What mutations may answer instead of a step, as members of their result unions. */
export function addErrorTypes(builder: Builder, { flowExecution }: StepTypes) {
  const common = builder.interfaceRef<Refusal<FlowError>>('FlowError').implement({
    description: 'Something expected that kept an operation from its result. Select it to be ready for members to come.',
    fields: (t) => ({
      code: t.string({ description: 'For programs: the name of the type in capitals.', resolve: ({ error }) => error.code }),
      message: t.string({
        description: 'For developers. What to tell people is up to you.',
        resolve: ({ error }) => error.message,
      }),
    }),
  })
  const flowNotFound = builder.objectRef<Refusal<FlowNotFoundError>>('FlowNotFoundError').implement({
    description: 'No flow has this slug, or none serves this purpose.',
    interfaces: [common],
  })
  const executionNotFound = builder.objectRef<Refusal<ExecutionNotFoundError>>('ExecutionNotFoundError').implement({
    description: 'This session has no such execution. That of another session looks the same.',
    interfaces: [common],
  })
  const executionExpired = builder.objectRef<Refusal<ExecutionExpiredError>>('ExecutionExpiredError').implement({
    description: 'The execution stood still for too long. Start the flow again.',
    interfaces: [common],
  })
  const staleStep = builder.objectRef<Refusal<StaleStepError>>('StaleStepError').implement({
    description: 'The step was answered meanwhile, by another tab or a faster click.',
    interfaces: [common],
    fields: (t) => ({ current: t.field({ type: flowExecution, description: current, resolve: ({ error }) => error.step }) }),
  })
  const unexpectedResponse = builder.objectRef<Refusal<UnexpectedResponseError>>('UnexpectedResponseError').implement({
    description: 'The response is one for another kind of challenge.',
    interfaces: [common],
    fields: (t) => ({
      current: t.field({ type: flowExecution, description: current, resolve: ({ error }) => error.step }),
      expected: t.string({
        nullable: true,
        description: 'The member of `ChallengeResponse` that is awaited; null when none is.',
        resolve: ({ error: { expected } }) => (expected === undefined ? null : camelCase(expected)),
      }),
    }),
  })
  const actionNotAllowed = builder.objectRef<Refusal<ActionNotAllowedError>>('ActionNotAllowedError').implement({
    description: 'The step does not offer that action.',
    interfaces: [common],
    fields: (t) => ({ current: t.field({ type: flowExecution, description: current, resolve: ({ error }) => error.step }) }),
  })
  const tooManyAttempts = builder.objectRef<Refusal<TooManyAttemptsError>>('TooManyAttemptsError').implement({
    description: 'Too many wrong guesses about one person from one address.',
    interfaces: [common],
    fields: (t) => ({ retryAfter: t.int({ description: retryAfter, resolve: ({ error }) => error.retryAfter }) }),
  })
  const serviceUnavailable = builder.objectRef<Refusal<ServiceUnavailableError>>('ServiceUnavailableError').implement({
    description: 'The server cannot take this on just now: too much waits, or a store does not answer.',
    interfaces: [common],
    fields: (t) => ({ retryAfter: t.int({ description: retryAfter, resolve: ({ error }) => error.retryAfter }) }),
  })

  const resolveType = (value: unknown): string => (value instanceof Refusal ? value.error.constructor.name : 'FlowExecution')
  const startFlowResult = builder.unionType('StartFlowResult', {
    description: 'The execution that was started, or why none was.',
    types: [flowExecution, flowNotFound, serviceUnavailable],
    resolveType,
  })
  const respondResult = builder.unionType('RespondResult', {
    description: 'The execution as it stands after the answer, or why the answer was not judged.',
    types: [
      flowExecution,
      executionNotFound,
      executionExpired,
      staleStep,
      unexpectedResponse,
      actionNotAllowed,
      tooManyAttempts,
      serviceUnavailable,
    ],
    resolveType,
  })
  return { startFlowResult, respondResult }
}

type FlowErrorClass = new (...args: never[]) => FlowError

/** The result of an operation, or one of the expected errors that may keep it from one. */
export async function resultOf<Result, Expected extends readonly FlowErrorClass[]>(
  context: GraphQLContext,
  expected: Expected,
  work: () => Promise<Result>,
): Promise<Result | RefusalOf<InstanceType<Expected[number]>>> {
  try {
    return await work()
  } catch (error) {
    reportOutage(context, error)
    // The compiler cannot tell which of them it is.
    if (error instanceof FlowError && expected.some((type) => error instanceof type))
      return new Refusal(error) as RefusalOf<InstanceType<Expected[number]>>
    throw error
  }
}

/** Where a field has no result union, expected errors are GraphQL errors with a code. */
export async function orThrow<Result>(context: GraphQLContext, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    reportOutage(context, error)
    if (error instanceof FlowError) throw new GraphQLError(error.message, { extensions: { code: error.code } })
    throw error
  }
}

/** Clients can only wait; the operator must hear of it. */
function reportOutage({ services, caller }: GraphQLContext, error: unknown): void {
  if (error instanceof ServiceUnavailableError) services.report(error, caller.visitor.requestId)
}
