import { GraphQLError } from 'graphql'
import { parseQuery } from '../flow/next-path.ts'
import type { StageRegistry } from '../flow/registry.ts'
import type { Reply } from '../flow/request.ts'
import type { FlowStep } from '../flow/step.ts'
import { snakeCase } from '../shapes/names.ts'
import type { Builder, GraphQLContext } from './builder.ts'
import { addErrorTypes, orThrow, respondErrors, resultOf, startErrors } from './error-types.ts'
import { streamSteps } from './step-stream.ts'
import { addResponseInput, type FlowInfoSource, type StepTypes } from './step-types.ts'

/** A page's query string is short; anything longer is not one. */
const longestQuery = 8192

/** Queries, mutations and the subscription that run flows. */
export function addFlowOperations(builder: Builder, types: StepTypes, stages: StageRegistry): void {
  const { flowExecution, flowInfo, shapes, designation, actionType } = types
  const { startFlowResult, respondResult } = addErrorTypes(builder, types)

  const startFlowInput = builder.inputType('StartFlowInput', {
    description: 'Which flow to start: by its slug, by what it is for, or by what it sets up. Exactly one of them.',
    fields: (t) => ({
      slug: t.string({ description: 'The flow of this slug.' }),
      designation: t.field({
        type: designation,
        description: 'The flow that the brand names for this, or the first whose policies let the visitor in.',
      }),
      configures: t.id({
        description: 'The flow that sets up this stage, for whoever is signed in.',
      }),
      query: t.string({
        description: `The query string of your page, as it stands in the address: \`next\` and what stages read from it. At most ${longestQuery} characters.`,
      }),
    }),
  })
  const respondInput = builder.inputType('RespondInput', {
    description: 'An answer to one step of one execution.',
    fields: (t) => ({
      executionId: t.id({ required: true, description: 'The execution.' }),
      stepToken: t.string({ required: true, description: 'The step that was on screen.' }),
      response: t.field({ type: addResponseInput(builder, shapes, stages), required: true, description: 'The answer.' }),
    }),
  })
  const performActionInput = builder.inputType('PerformActionInput', {
    description: 'Something that a step offers beside its answer.',
    fields: (t) => ({
      executionId: t.id({ required: true, description: 'The execution.' }),
      stepToken: t.string({ required: true, description: 'The step that was on screen.' }),
      action: t.field({ type: actionType, required: true, description: 'What to do. `SUBMIT` is what `respond` is for.' }),
    }),
  })

  builder.mutationType({
    description: 'One operation takes one of these: an answer is one attempt, however it is written.',
    fields: (t) => ({
      startFlow: t.field({
        type: startFlowResult,
        description: 'Starts a flow in this session and shows its first challenge. A session is made if there is none.',
        args: { input: t.arg({ type: startFlowInput, required: true, description: 'Which flow.' }) },
        resolve: (_, { input }, context) =>
          resultOf(context, startErrors, () =>
            told(
              context,
              context.services.executor.start({
                visitor: context.caller.visitor,
                flow: chosenFlow(input),
                query: parseQuery(boundedQuery(input.query)),
              }),
            ),
          ),
      }),
      respond: t.field({
        type: respondResult,
        description:
          'Answers the standing challenge and shows the next one. The same answer to the same step again has no second effect and gets the same result.',
        args: { input: t.arg({ type: respondInput, required: true, description: 'The answer, and the step it is for.' }) },
        resolve: (_, { input: { executionId, stepToken, response } }, context) =>
          resultOf(context, respondErrors, () => {
            const [member = '', given] = Object.entries(response)[0] ?? []
            return told(
              context,
              context.services.executor.respond({
                visitor: context.caller.visitor,
                executionId,
                stepToken,
                kind: snakeCase(member),
                response: given,
              }),
            )
          }),
      }),
      performAction: t.field({
        type: respondResult,
        description: 'Does one of the things that the step lists in `actions`.',
        args: { input: t.arg({ type: performActionInput, required: true, description: 'What to do, and the step it is for.' }) },
        resolve: (_, { input: { executionId, stepToken, action } }, context) =>
          resultOf(context, respondErrors, () =>
            told(context, context.services.executor.perform(context.caller.visitor, executionId, stepToken, action as never)),
          ),
      }),
    }),
  })

  builder.queryType({
    description: 'Reading changes nothing that people would notice: poll as you like.',
    fields: (t) => ({
      flowExecution: t.field({
        type: flowExecution,
        description:
          'An execution of this session as it stands. Errors have the codes EXECUTION_NOT_FOUND and EXECUTION_EXPIRED.',
        args: { id: t.arg.id({ required: true, description: 'The execution.' }) },
        resolve: (_, { id }, context) =>
          orThrow(context, () => told(context, context.services.executor.current(context.caller.visitor, id))),
      }),
      flow: t.field({
        type: flowInfo,
        nullable: true,
        description: 'A flow by its slug; null when there is none.',
        args: { slug: t.arg.string({ required: true, description: 'The slug.' }) },
        resolve: async (_, { slug }, { services, caller }) => {
          const live = (await services.executor.flows.configuration(caller.visitor)).flowBySlug(slug)
          return live ? plainFlowInfo(live.definition.flow) : null
        },
      }),
      flows: t.field({
        type: [flowInfo],
        description: 'The flows that this visitor may start now, ordered by slug.',
        args: { designation: t.arg({ type: designation, description: 'Only flows for this.' }) },
        resolve: async (_, { designation: wanted }, { services, caller }) => {
          const startable = await services.executor.flows.startable(caller.visitor, (wanted ?? undefined) as never)
          return startable.map((live) => plainFlowInfo(live.definition.flow))
        },
      }),
    }),
  })

  builder.subscriptionType({
    description: 'What happens, pushed: over `graphql-transport-ws` or server-sent events.',
    fields: (t) => ({
      flowExecution: t.field({
        type: flowExecution,
        description:
          'Sends what stands now, then every change in order, and completes when the execution is over. One that ends before says why by the code of its error: SESSION_ENDED (signed out, revoked, expired, or the account was closed), SESSION_CHANGED (the session has another handle: subscribe again with the new cookie), EXECUTION_EXPIRED, EXECUTION_NOT_FOUND, TOO_MANY_STREAMS, or SERVICE_UNAVAILABLE: come back.',
        args: {
          id: t.arg.id({ required: true, description: 'The execution.' }),
          afterSequence: t.arg.int({
            description:
              'The last sequence that you have seen: the stream begins with the one after it, as soon as there is one. The 100 newest steps are kept for that.',
          }),
        },
        subscribe: (_, { id, afterSequence }, context) => streamSteps(context, id, afterSequence ?? undefined),
        resolve: (streamed) => {
          if ('failure' in streamed) throw streamed.failure
          return streamed.step
        },
      }),
    }),
  })
}

async function told({ caller }: GraphQLContext, reply: Promise<Reply>): Promise<FlowStep> {
  const handed = await reply
  await caller.issue(handed)
  return handed.step
}

function chosenFlow({ slug, designation, configures }: FlowNames) {
  const named = [slug && { slug }, designation && { designation: designation as never }, configures && { configures }].filter(
    Boolean,
  )
  const [only, ...others] = named
  if (only && others.length === 0) return only
  throw new GraphQLError('Name the flow by exactly one of slug, designation and configures.', {
    extensions: { code: 'BAD_USER_INPUT' },
  })
}

type FlowNames = Readonly<Partial<Record<'slug' | 'designation' | 'configures', string | null | undefined>>>

function boundedQuery(query: string | null | undefined): string {
  if (query && query.length > longestQuery)
    throw new GraphQLError(`A query string has at most ${longestQuery} characters.`, { extensions: { code: 'BAD_USER_INPUT' } })
  return query ?? ''
}

function plainFlowInfo({ slug, name, title, designation, layout, background }: FlowStep['flow']): FlowInfoSource {
  return { slug, name, title, designation, layout, background, cancelUrl: '/flows/-/cancel/' }
}
