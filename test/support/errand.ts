import { z } from 'zod'
import { advance, ask, askAgain, defineStage, deny, invalid, type Resumed, wait } from '../../src/flow/stage.ts'

type State = { readonly until?: number; readonly outcome?: 'done' | 'late'; readonly errands?: number }

/** What a test says of an errand: `done` and `late` are kept and judged when the stage is shown, the others at once. */
export type ErrandNews = 'done' | 'refused' | 'forbidden' | 'broken'

/** Errands that tests decide about: what a slow service far away would be. */
export class Errands {
  private readonly news = new Map<string, ErrandNews>()
  private readonly bells = new Set<() => void>()
  private readonly watchers = new Set<() => void>()
  private readonly asking = new Map<string, number>()
  private readonly heard = new Map<string, number>()

  /** What the next ones who ask about an execution hear, and those who ask now. */
  settle(executionId: string, news: ErrandNews): void {
    this.news.set(executionId, news)
    for (const ring of this.bells) ring()
  }

  /** How often news of an execution was heard. */
  count(executionId: string): number {
    return this.heard.get(executionId) ?? 0
  }

  /** Resolves once so many ask about an execution. */
  async until(executionId: string, count: number): Promise<void> {
    while ((this.asking.get(executionId) ?? 0) !== count) await new Promise<void>((resolve) => this.watchers.add(resolve))
  }

  /** Answers when there is news, or when the signal aborts. */
  async ask(executionId: string, signal: AbortSignal): Promise<ErrandNews | undefined> {
    this.tell(executionId, 1)
    try {
      while (!signal.aborted) {
        const news = this.news.get(executionId)
        if (news) {
          this.heard.set(executionId, this.count(executionId) + 1)
          return news
        }
        await this.bell(signal)
      }
      return undefined
    } finally {
      this.tell(executionId, -1)
    }
  }

  private tell(executionId: string, more: number): void {
    this.asking.set(executionId, (this.asking.get(executionId) ?? 0) + more)
    const watchers = [...this.watchers]
    this.watchers.clear()
    for (const watcher of watchers) watcher()
  }

  private bell(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const ring = () => {
        this.bells.delete(ring)
        resolve()
      }
      this.bells.add(ring)
      signal.addEventListener('abort', ring, { once: true })
    })
  }
}

/** A stage that sends somebody on an errand, and waits. */
export function errandStage(errands: Errands) {
  return defineStage({
    kind: 'errand',
    component: 'test-stage-errand',
    model: 'test.errandstage',
    description: 'Sends somebody on an errand.',
    config: z.object({
      seconds: z.number().default(60).describe('How long it may take.'),
      holds: z.boolean().default(false).describe('Whether requests are held.'),
      remembers: z.boolean().default(false).describe('Whether the browser keeps something of it.'),
    }),
    challenge: z.object({ errands: z.number().describe('How many were begun.') }),
    response: z.object({ begin: z.boolean().describe('Whether to begin.') }),

    present({ config, state, services }) {
      const { until, outcome, errands: begun = 0 } = (state ?? {}) as State
      if (outcome === 'done') return advance({ effects: config.remembers ? [remembered] : [] })
      if (until === undefined || until <= services.now().getTime()) return ask({ errands: begun }, state)
      const holds = config.holds && ({ holds: true } as const)
      return wait({ errands: begun }, state as State, { reason: 'approval', until: new Date(until), pollAfter: 2, ...holds })
    },

    answer({ config, state, services }, { begin }) {
      const { errands: begun = 0 } = (state ?? {}) as State
      if (!begin) return invalid('nonFieldErrors', 'There is nothing else to do.')
      return askAgain({ state: { errands: begun + 1, until: services.now().getTime() + config.seconds * 1000 } })
    },

    async resume({ executionId, state }, signal): Promise<Resumed | undefined> {
      const { errands: begun = 0 } = (state ?? {}) as State
      switch (await errands.ask(executionId, signal)) {
        case 'done':
          return askAgain({ state: { errands: begun, outcome: 'done' } })
        case 'refused':
          return invalid('nonFieldErrors', 'They refused.', 'refused', { state: { errands: begun }, counts: true })
        case 'forbidden':
          return deny('They are not allowed to.')
        case 'broken':
          throw new Error('The errand cannot be asked about.')
        case undefined:
          return undefined
      }
    },

    lapse({ state }) {
      const { errands: begun = 0 } = (state ?? {}) as State
      return invalid('nonFieldErrors', 'It took too long.', 'timeout', { state: { errands: begun } })
    },

    attemptLimit: () => 3,

    actions({ state, services }) {
      const { until = 0, errands: begun = 0 } = (state ?? {}) as State
      if (until > services.now().getTime()) return [{ type: 'choose_another' }]
      return begun > 0 ? [{ type: 'resend', availableAt: until + 10_000, reason: 'They rest.' }] : []
    },

    act({ config, state, services }, action) {
      const { errands: begun = 0 } = (state ?? {}) as State
      if (action === 'choose_another') return askAgain({ state: { errands: begun } })
      return askAgain({ state: { errands: begun + 1, until: services.now().getTime() + config.seconds * 1000 } })
    },
  })
}

const remembered = { type: 'remember_device', cookie: 'mfa', value: 'an errand', seconds: 60 } as const
