/** Says that too many passwords wait to be hashed, and when to come back. */
export class HasherBusyError extends Error {
  override readonly name = 'HasherBusyError'
  /** Seconds, at least 1. */
  readonly retryAfter: number

  constructor(retryAfter: number) {
    super('Too many passwords are waiting to be checked.')
    this.retryAfter = retryAfter
  }
}

/** What a queue is bounded by. */
interface HasherQueueOptions {
  readonly concurrency: number
  readonly queueLimit: number
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number
}

/** Runs work in the order it came, a bounded number at a time. */
interface HasherQueue {
  /** Rejects with a {@link HasherBusyError} when too much waits already. */
  run<Result>(work: () => Promise<Result>): Promise<Result>
}

const WEIGHT_OF_LATEST = 0.1

/** Creates a queue that runs `concurrency` pieces of work at once, lets `queueLimit` wait, and refuses the rest. */
export function createHasherQueue({ concurrency, queueLimit, now = () => performance.now() }: HasherQueueOptions): HasherQueue {
  if (!(concurrency >= 1)) throw new RangeError('A password hasher needs a concurrency of at least 1.')
  const waiting: (() => void)[] = []
  let running = 0
  let average: number | undefined

  async function waitForPlace(): Promise<void> {
    if (waiting.length >= queueLimit) throw new HasherBusyError(secondsToDrain())
    await new Promise<void>((resolve) => waiting.push(resolve))
  }

  function leave(duration: number): void {
    average = average === undefined ? duration : average + WEIGHT_OF_LATEST * (duration - average)
    const next = waiting.shift()
    // The place is handed on rather than given back, so that nobody who comes now can overtake.
    if (next) next()
    else running -= 1
  }

  function secondsToDrain(): number {
    const milliseconds = ((average ?? 0) * (waiting.length + 1)) / concurrency
    return Math.max(1, Math.ceil(milliseconds / 1000))
  }

  return {
    async run(work) {
      if (running < concurrency) running += 1
      else await waitForPlace()
      const started = now()
      try {
        return await work()
      } finally {
        leave(now() - started)
      }
    },
  }
}
