import { GraphQLError } from 'graphql'
import type { Steps } from '../flow/executor.ts'
import type { FlowStep } from '../flow/step.ts'
import type { ChangeListener } from '../operations/execution-bus.ts'
import type { GraphQLContext } from './builder.ts'
import { orThrow } from './error-types.ts'
import type { Release } from './subscription-limits.ts'

/** What a stream carries: steps, and why it ends if not with the execution. */
export type Streamed = { readonly step: FlowStep } | { readonly failure: unknown }

/** The steps of an execution after one that is known, as they come. Who may not see them is refused before it begins. */
export async function streamSteps(
  context: GraphQLContext,
  id: string,
  afterSequence: number | undefined,
): Promise<AsyncIterableIterator<Streamed>> {
  const stream = new StepStream(context, id, afterSequence, takeRoom(context))
  try {
    const sessionId = await stream.begin()
    if (!context.bySocket) stream.hold(roomInSession(context, sessionId))
  } catch (refusal) {
    await stream.return()
    throw refusal
  }
  const { signal } = context.request ?? {}
  // A client that has hung up by now will not read what would tell that it has.
  if (signal?.aborted) await stream.return()
  else signal?.addEventListener('abort', () => stream.return(), { once: true })
  return stream
}

/** Steps are read when somebody wants the next one: who reads slowly costs no memory, and catches up. */
class StepStream implements AsyncIterableIterator<Streamed> {
  private readonly context: GraphQLContext
  private readonly id: string
  private readonly room: Release[]
  private readonly listener: ChangeListener
  private visitor: GraphQLContext['caller']['visitor']
  /** As it was when the stream began. */
  private session: Steps['session'] | undefined
  /** The last one that was told. */
  private seen: number | undefined
  private untold: FlowStep[] = []
  private complete = false
  private over = false
  private leave: (() => void) | undefined

  constructor(context: GraphQLContext, id: string, afterSequence: number | undefined, room: Release[]) {
    this.context = context
    this.id = id
    this.seen = afterSequence
    this.room = room
    this.visitor = context.caller.visitor
    // It listens before it reads, so that no change falls between the two.
    this.listener = context.services.listen(id)
  }

  /** Reads what stands; throws where the visitor may not see it. The session that the stream belongs to from now on. */
  async begin(): Promise<string> {
    const sessionId = await this.read()
    // The handle that the client came with changes at sign-in, and the session stays.
    this.visitor = { ...this.visitor, session: { type: 'id', id: sessionId } }
    return sessionId
  }

  /** Gives that back when the stream ends. */
  hold(room: Release): void {
    this.room.push(room)
  }

  async next(): Promise<IteratorResult<Streamed>> {
    try {
      while (!this.over) {
        // What was read before a change may not be for this client any more.
        if (!this.listener.rung) {
          const step = this.untold.shift()
          if (step) return this.tell(step)
          if (this.complete) break
        }
        if (await this.listener.changed()) await this.read()
        else if (!this.over) throw serverStops()
      }
    } catch (failure) {
      if (!this.over) return { done: false, value: { failure: await this.ended(failure) } }
    }
    return this.return()
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.over = true
    this.listener.stop()
    this.leave?.()
    for (const release of this.room) release()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  private tell(step: FlowStep): IteratorYieldResult<Streamed> {
    this.seen = step.sequence
    return { done: false, value: { step } }
  }

  /** Permission is checked with every read. */
  private async read(): Promise<string> {
    const { services } = this.context
    const read = await orThrow(this.context, () => services.executor.since(this.visitor, this.id, this.seen))
    const { steps, standing, session } = read
    if (this.session && this.session.handleHash !== session.handleHash && !isTheEnd(read)) throw sessionChanged()
    this.session ??= session
    this.untold = [...steps]
    this.complete = standing.status !== 'active'
    this.listener.saw(standing.sequence)
    this.attend(standing.waiting && session.id)
    return session.id
  }

  /** As long as something is awaited, this server asks about it; who goes on asking does not begin anew. */
  private attend(sessionId: string | undefined): void {
    const { services, caller } = this.context
    const before = this.leave
    this.leave = sessionId ? services.attend({ executionId: this.id, sessionId, visitor: caller.visitor }) : undefined
    before?.()
  }

  /** Ends the stream, and says why: that an execution is not there any more may be because its session has ended. */
  private async ended(failure: unknown): Promise<unknown> {
    const before = this.session
    await this.return()
    if (!before || !(failure instanceof GraphQLError) || failure.extensions.code !== 'EXECUTION_NOT_FOUND') return failure
    const after = await this.context.services.sessions.find({ type: 'id', id: before.id }).catch(() => before)
    const hasChangedHands = before.userId !== undefined && before.userId !== after?.userId
    return !after || hasChangedHands ? sessionEnded() : failure
  }
}

/**
 * Who has proved something has got another handle, and with it what comes next. A stream that began with the one before may be that of
 * somebody who had planted it: it is told how the execution has ended, if that is all that there is to tell, and nothing else.
 */
function isTheEnd({ steps, standing }: Steps): boolean {
  return standing.status !== 'active' && steps.length <= 1
}

/** Room for a stream; a socket has taken its own. */
function takeRoom({ services: { limits }, caller, bySocket }: GraphQLContext): Release[] {
  const stream = limits.takeStream()
  if (!stream) throw serverFull(bySocket)
  if (bySocket) return [stream]
  const connection = limits.takeConnection(caller.visitor.clientIp)
  if (typeof connection === 'function') return [stream, connection]
  stream()
  throw connection === 'server' ? serverFull(bySocket) : tooManyStreams('This address')
}

function roomInSession({ services: { limits } }: GraphQLContext, sessionId: string): Release {
  const taken = limits.takeInSession(sessionId)
  if (!taken) throw tooManyStreams('This session')
  return taken
}

function serverStops(): GraphQLError {
  return new GraphQLError('The server stops. Subscribe again, after the last sequence that you have seen.', {
    extensions: { code: 'SERVICE_UNAVAILABLE' },
  })
}

function sessionChanged(): GraphQLError {
  const message = 'The session has another handle now. Subscribe again with it, after the last sequence that you have seen.'
  return new GraphQLError(message, { extensions: { code: 'SESSION_CHANGED' } })
}

function sessionEnded(): GraphQLError {
  return new GraphQLError('The session has ended. Start the flow again.', { extensions: { code: 'SESSION_ENDED' } })
}

function serverFull(bySocket: boolean | undefined): GraphQLError {
  const http = { status: 503, headers: { 'retry-after': '10' } }
  const extensions = { code: 'SERVICE_UNAVAILABLE', ...(!bySocket && { http }) }
  return new GraphQLError('The server has no room for another subscription. Try again later, or poll.', { extensions })
}

function tooManyStreams(who: string): GraphQLError {
  const extensions = { code: 'TOO_MANY_STREAMS', http: { status: 429 } }
  return new GraphQLError(`${who} holds as many streams as it may.`, { extensions })
}
