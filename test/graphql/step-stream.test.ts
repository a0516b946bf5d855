import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomToken, sha256Hex } from '../../src/credentials/random.ts'
import { mostPastSteps } from '../../src/db/execution-steps.ts'
import { markedHandle, type Visitor } from '../../src/flow/session.ts'
import type { ActionType, FlowStep } from '../../src/flow/step.ts'
import type { GraphQLContext } from '../../src/graphql/builder.ts'
import { type Streamed, streamSteps } from '../../src/graphql/step-stream.ts'
import { SubscriptionLimits } from '../../src/graphql/subscription-limits.ts'
import { ExecutionBus } from '../../src/operations/execution-bus.ts'
import { Errands, errandStage } from '../support/errand.ts'
import { seedFlow } from '../support/seed.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp({ kinds: [errandStage(new Errands())] })
  await seedFlow(app.database, { slug: 'tour', stages: [{ kind: 'dummy' }, { kind: 'dummy' }] })
  await seedFlow(app.database, { slug: 'errand', stages: [{ kind: 'errand' }] })
  const stages = [{ kind: 'identification' }, { kind: 'errand' }]
  await seedFlow(app.database, { slug: 'greeting', stages, flow: { title: 'Hello %(user)s' } })
})

afterAll(() => app.close())

const anybody: Visitor = {
  session: { type: 'none' },
  clientIp: '192.0.2.7',
  userAgent: '',
  requestId: 'a request',
  host: 'localhost',
  languages: () => [],
  proxyHeader: () => undefined,
  clientCertificate: undefined,
  deviceCookie: () => undefined,
}

/** An execution, and a stream's surroundings: real ones, but that the test says what the bus carries, and when. */
async function begin(slug = 'errand') {
  const { executor } = app.app
  const started = await executor.start({ visitor: anybody, flow: { slug }, query: {} })
  let visitor: Visitor = { ...anybody, session: { type: 'handle', handle: started.issued?.handle ?? '' } }
  let { step } = started
  const id = step.executionId
  const bus = new ExecutionBus({ standing: async () => new Map(), failed: (error) => expect.fail(String(error)) })
  const limits = new SubscriptionLimits(10)
  const attended = { now: 0, breaks: 0 }
  const attend = () => {
    attended.now += 1
    return () => {
      attended.now -= 1
      if (attended.now === 0) attended.breaks += 1
    }
  }
  const sessions = { find: async () => undefined }
  const services = { executor, limits, sessions, attend, listen: (name: string) => bus.listen(name) }
  const surroundings = { services, caller: { visitor } } as unknown as GraphQLContext
  const answer = async (response: object): Promise<FlowStep> => {
    const { kind } = step.challenge
    step = (await executor.respond({ visitor, executionId: id, stepToken: step.stepToken, kind, response })).step
    return step
  }
  const ring = () => bus.publish({ executionId: id, sequence: 0 })

  return {
    id,
    bus,
    limits,
    attended,
    executor,
    surroundings,
    ring,
    first: step,
    /** Changes the execution so often: refused answers do, too. */
    async change(times = 1): Promise<FlowStep> {
      for (let index = 0; index < times; index += 1) await answer({ begin: false })
      return step
    },
    answer,
    /** The session gets another handle, as it does when somebody proves who they are. */
    async newHandle(): Promise<void> {
      const handle = markedHandle(randomToken(), false)
      const { sessionId } = await executor.peek(visitor, id)
      await app.database.prisma.session.update({ where: { id: sessionId }, data: { handleHash: sha256Hex(handle) } })
      visitor = { ...visitor, session: { type: 'handle', handle } }
    },
    /** Does something else about it. */
    async act(action: ActionType): Promise<FlowStep> {
      step = (await executor.perform(visitor, id, step.stepToken, action)).step
      return step
    },
    stream: (after?: number, context = surroundings) => streamSteps(context, id, after),
  }
}

type Stream = AsyncIterableIterator<Streamed>

async function stepsOf(stream: Stream, count: number): Promise<FlowStep[]> {
  const steps: FlowStep[] = []
  while (steps.length < count) {
    const { value, done } = await stream.next()
    if (done) throw new Error(`The stream ends after ${steps.length} steps.`)
    if ('failure' in value) throw value.failure
    steps.push(value.step)
  }
  return steps
}

const sequencesOf = async (stream: Stream, count: number) => (await stepsOf(stream, count)).map(({ sequence }) => sequence)
const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** Whether a promise is still open when everything that is ready has run, and the store has answered. */
async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  let open = true
  void promise.then(() => (open = false))
  await app.database.sql.rows({ text: 'SELECT 1 AS one', values: [] })
  await new Promise((resolve) => setImmediate(resolve))
  return open
}

describe('a stream of steps', () => {
  it('shows a burst that nobody was there to read, step by step', async () => {
    const { stream, change, ring } = await begin()
    const steps = await stream()
    await change(30)
    ring()

    expect(await sequencesOf(steps, 1)).toEqual([31])
    await change(30)
    ring()
    expect(await sequencesOf(steps, 30)).toEqual(from(32, 61))
  })

  it('tells of each change what was shown then, as those saw it who were there', async () => {
    const { stream, answer, act, ring } = await begin('greeting')
    const watched = await stream(0)
    const live = await stepsOf(watched, 1)
    const changes = [
      () => answer({ uidField: 'somebody' }),
      () => act('back'),
      () => answer({ uidField: 'somebody else' }),
      () => answer({ begin: true }),
      () => answer({ begin: false }),
      () => act('choose_another'),
      () => act('cancel'),
    ]
    for (const change of changes) {
      await change()
      ring()
      live.push(...(await stepsOf(watched, 1)))
    }

    expect(live.map(({ title, waiting, actions }) => [title, waiting !== undefined, actions.map(({ type }) => type)])).toEqual([
      ['Hello ', false, ['submit', 'restart', 'cancel']],
      ['Hello somebody', false, ['submit', 'back', 'restart', 'cancel']],
      ['Hello ', false, ['submit', 'restart', 'cancel']],
      ['Hello somebody else', false, ['submit', 'back', 'restart', 'cancel']],
      ['Hello somebody else', true, ['submit', 'choose_another', 'back', 'restart', 'cancel']],
      ['Hello somebody else', true, ['submit', 'choose_another', 'back', 'restart', 'cancel']],
      ['Hello somebody else', false, ['submit', 'resend', 'back', 'restart', 'cancel']],
      ['Hello somebody else', false, []],
    ])
    expect(await stepsOf(await stream(0), live.length)).toEqual(live)
  })

  it('goes on with what comes while it shows what was missed', async () => {
    const { stream, change, ring } = await begin()
    await change(9)
    const steps = await stream(1)

    expect(await sequencesOf(steps, 4)).toEqual([2, 3, 4, 5])
    await change(5)
    ring()
    expect(await sequencesOf(steps, 10)).toEqual(from(6, 15))
  })

  it.each([
    ['nothing', 0, from(1, 5)],
    ['less than nothing', -7, from(1, 5)],
    ['some of it', 3, [4, 5]],
  ])('shows all that came after %s', async (_, after, expected) => {
    const { stream, change } = await begin()
    await change(4)

    expect(await sequencesOf(await stream(after), expected.length)).toEqual(expected)
  })

  it.each([
    ['what stands', 2],
    ['what is yet to come', 4],
  ])('says nothing to who has seen %s until there is more', async (_, after) => {
    const { stream, change, ring } = await begin()
    await change()
    const steps = await stream(after)
    const next = sequencesOf(steps, 1)
    for (let sequence = 3; sequence <= after; sequence += 1) {
      await change()
      ring()
      expect(await isOpen(next)).toBe(true)
    }

    await change()
    ring()
    expect(await next).toEqual([after + 1])
  })

  it('shows what was missed of an execution that is over, and completes', async () => {
    const { stream, answer } = await begin('tour')
    await answer({})
    await answer({})
    const steps = await stream(1)

    expect(await sequencesOf(steps, 2)).toEqual([2, 3])
    expect(await steps.next()).toEqual({ done: true, value: undefined })
    expect(await (await stream(3)).next()).toEqual({ done: true, value: undefined })
    expect(await (await stream(9)).next()).toEqual({ done: true, value: undefined })
  })

  it('misses no change between its look at the store and the wait for the next one', async () => {
    const { stream, change, surroundings, executor, ring } = await begin()
    const { services } = surroundings
    const hasty = {
      since: async (...args: Parameters<typeof executor.since>) => {
        const found = await executor.since(...args)
        if (found.standing.sequence < 4) {
          await change()
          ring()
        }
        return found
      },
    }
    const context = { ...surroundings, services: { ...services, executor: hasty } } as unknown as GraphQLContext
    const steps = await stream(0, context)

    expect(await sequencesOf(steps, 4)).toEqual([1, 2, 3, 4])
  })

  it('says nothing when it is rung for nothing', async () => {
    const { stream, change, ring } = await begin()
    const steps = await stream()
    await steps.next()
    const next = sequencesOf(steps, 1)
    ring()
    expect(await isOpen(next)).toBe(true)

    await change()
    ring()
    expect(await next).toEqual([2])
  })

  it('begins with the oldest step that is kept where too much was missed, and leaves out none after that', async () => {
    const { stream, change } = await begin()
    const last = await change(mostPastSteps + 38)

    expect(await sequencesOf(await stream(1), mostPastSteps + 1)).toEqual(from(last.sequence - mostPastSteps, last.sequence))
    expect(await sequencesOf(await stream(last.sequence - 5), 5)).toEqual(from(last.sequence - 4, last.sequence))
    const kept = await app.database.prisma.executionStep.count({ where: { executionId: last.executionId } })
    expect(kept).toBeLessThan(mostPastSteps + 20)
  }, 60_000)

  it('does not show what it has read to who may not see it any more', async () => {
    const { stream, change, id, ring } = await begin()
    await change(4)
    const steps = await stream(0)
    await stepsOf(steps, 2)

    await app.database.prisma.execution.delete({ where: { id } })
    ring()

    expect(await steps.next()).toMatchObject({ value: { failure: { extensions: { code: 'SESSION_ENDED' } } } })
    expect(await steps.next()).toEqual({ done: true, value: undefined })
  })

  it('says that the session has another handle where more than the end was missed since', async () => {
    const { stream, answer, ring, newHandle } = await begin('tour')
    const late = await stream()
    await stepsOf(late, 1)
    await newHandle()
    await answer({})
    await answer({})
    ring()

    expect(await late.next()).toMatchObject({ value: { failure: { extensions: { code: 'SESSION_CHANGED' } } } })
    expect(await late.next()).toEqual({ done: true, value: undefined })
  })

  it('asks about what is awaited for as long as it is, without a break', async () => {
    const { stream, answer, act, ring, attended, change } = await begin()
    const steps = await stream()
    await stepsOf(steps, 1)
    expect(attended).toEqual({ now: 0, breaks: 0 })

    await answer({ begin: true })
    ring()
    await stepsOf(steps, 1)
    expect(attended).toEqual({ now: 1, breaks: 0 })
    await change()
    ring()
    await stepsOf(steps, 1)
    expect(attended).toEqual({ now: 1, breaks: 0 })

    await act('choose_another')
    ring()
    await stepsOf(steps, 1)
    expect(attended).toEqual({ now: 0, breaks: 1 })
  })
})

describe('a stream that somebody leaves', () => {
  it.each([
    ['before anything was read', async () => undefined],
    ['after a step', (steps: Stream) => steps.next()],
    [
      'while it waits',
      async (steps: Stream) => {
        await steps.next()
        const next = steps.next()
        expect(await isOpen(next)).toBe(true)
        return () => next
      },
    ],
  ])('%s leaves nothing behind', async (_, read) => {
    const { stream, answer, bus, limits, attended } = await begin()
    await answer({ begin: true })
    const steps = await stream()
    const waits = await read(steps)
    expect([bus.size, limits.streams, attended.now]).toEqual([1, 1, 1])

    await steps.return?.()

    expect([bus.size, limits.streams, attended.now]).toEqual([0, 0, 0])
    if (typeof waits === 'function') expect(await waits()).toEqual({ done: true, value: undefined })
    expect(await steps.next()).toEqual({ done: true, value: undefined })
  })

  it('while it reads leaves nothing behind', async () => {
    const { stream, answer, ring, bus, limits, attended, surroundings, executor } = await begin()
    const reading = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    const slow = {
      since: async (...args: Parameters<typeof executor.since>) => {
        const found = await executor.since(...args)
        if (found.standing.sequence === 1) return found
        reading.resolve()
        await left.promise
        return found
      },
    }
    const services = { ...surroundings.services, executor: slow }
    const steps = await stream(undefined, { ...surroundings, services } as unknown as GraphQLContext)
    await steps.next()
    await answer({ begin: true })
    const next = steps.next()
    ring()
    await reading.promise
    await steps.return?.()
    left.resolve()

    expect(await next).toEqual({ done: true, value: undefined })
    expect([bus.size, limits.streams, attended.now]).toEqual([0, 0, 0])
  })

  it('by hanging up leaves nothing behind, even if that was before it began', async () => {
    const { stream, bus, limits, surroundings } = await begin()
    for (const hangsUp of ['before', 'after']) {
      const controller = new AbortController()
      if (hangsUp === 'before') controller.abort()
      const request = new Request('http://localhost', { signal: controller.signal })
      const steps = await stream(undefined, { ...surroundings, request })
      controller.abort()

      expect([bus.size, limits.streams]).toEqual([0, 0])
      expect(await steps.next()).toEqual({ done: true, value: undefined })
    }
  })

  it('that never began, because it may not, leaves nothing behind', async () => {
    const { bus, limits, surroundings } = await begin()

    await expect(streamSteps(surroundings, 'no-such-execution', 1)).rejects.toMatchObject({
      extensions: { code: 'EXECUTION_NOT_FOUND' },
    })
    expect([bus.size, limits.streams]).toEqual([0, 0])
  })
})
