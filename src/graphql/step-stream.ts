import { GraphQLError } from 'graphql'
import { Repeater } from 'graphql-yoga'
import type { FlowStep } from '../flow/step.ts'
import type { GraphQLContext } from './builder.ts'
import { orThrow } from './error-types.ts'

/** What a stream carries: steps, and why it ends if not with the execution. */
export type Streamed = { readonly step: FlowStep } | { readonly failure: unknown }

/** The steps of an execution after one that is known, as they come. Who may not see them is refused before it begins. */
export async function streamSteps(
  context: GraphQLContext,
  id: string,
  afterSequence: number,
): Promise<AsyncIterableIterator<Streamed>> {
  const { services, caller } = context
  const { sessionId } = await orThrow(context, () => services.executor.peek(caller.visitor, id))
  // The handle that the client came with changes at sign-in, and the session stays.
  const visitor = { ...caller.visitor, session: { type: 'id', id: sessionId } } as const
  const read = async () => (await orThrow(context, () => services.executor.peek(visitor, id))).step

  // A generator that waits for a change could not be stopped before there is one.
  return new Repeater<Streamed>(async (push, stop) => {
    // Listens before it reads, so that no change falls between the two; permission is checked at every event.
    const listener = services.listen(id)
    stop.then(() => listener.stop())
    try {
      let seen = afterSequence
      do {
        const step = await read()
        if (step.sequence > seen) await push({ step })
        seen = Math.max(seen, step.sequence)
        if (step.status !== 'active') return stop()
      } while (await listener.changed())
      await push({ failure: serverStops() })
    } catch (failure) {
      await push({ failure })
    }
    stop()
  })
}

function serverStops(): GraphQLError {
  return new GraphQLError('The server stops. Subscribe again, after the last sequence that you have seen.', {
    extensions: { code: 'SERVICE_UNAVAILABLE' },
  })
}
