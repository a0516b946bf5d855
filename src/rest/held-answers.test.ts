import { describe, expect, it } from 'vitest'
import type { Reply } from '../flow/request.ts'
import type { Visitor } from '../flow/session.ts'
import { HeldAnswers, mostHeld } from './held-answers.ts'

const visitor = { session: { type: 'none' } } as Visitor
const held = (sessionId: string) =>
  ({
    sessionId,
    step: { executionId: `of ${sessionId}`, waiting: { holds: true } },
    remembered: [],
    stagesLeft: false,
  }) as unknown as Reply

/** Requests that nobody answers. */
function holding() {
  const never = { changed: () => new Promise<boolean>(() => undefined), stop: () => undefined }
  const answers = new HeldAnswers({
    executor: {
      peek: async () => held(''),
      held: async () => held(''),
      waits: { giveUp: async () => undefined } as never,
    },
    listen: () => never,
    attend: () => () => undefined,
    longest: 60,
    sleep: (_, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
  })
  const gone = new AbortController()
  return { answers, gone, hold: (sessionId: string) => answers.replyTo(held(sessionId), visitor, gone.signal) }
}

describe('held answers', () => {
  it('are so many on a server, and no more; those who hang up make room', async () => {
    const { answers, gone, hold } = holding()
    const replies = Array.from({ length: mostHeld }, (_, index) => hold(`session ${index}`))

    await expect(hold('one too many')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryAfter: 60 })
    expect(answers.size).toBe(mostHeld)

    gone.abort()
    await Promise.all(replies)
    expect(answers.size).toBe(0)
  })
})
