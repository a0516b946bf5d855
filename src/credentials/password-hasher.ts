import { availableParallelism } from 'node:os'
import { argon2idScheme } from './argon2id-scheme.ts'
import { benchmarkScheme } from './benchmark-scheme.ts'
import { createHasherQueue } from './hasher-queue.ts'
import type { PasswordScheme } from './password-scheme.ts'

export { HasherBusyError } from './hasher-queue.ts'

/** How new passwords are stored, and how much work may be under way or waiting. */
export interface PasswordHasherOptions {
  readonly algorithm: 'argon2id' | 'benchmark'
  /** How many hashes are computed at a time; all processors unless told. */
  readonly concurrency?: number
  readonly queueLimit?: number
}

/** The outcome of checking a password. */
export interface PasswordVerdict {
  readonly matches: boolean
  /** A fresh hash to store in place of the one that was checked. */
  readonly upgrade?: string
}

/** Hashes and checks passwords just as they were typed; rejects with a `HasherBusyError` under overload. */
export interface PasswordHasher {
  /** Makes a hash to store; a password above 4096 bytes is a RangeError. */
  hash(password: string): Promise<string>
  /** Checks a password; without a usable hash it does the work of a check all the same, so that time tells nothing. */
  verify(password: string, storedHash: string | null | undefined): Promise<PasswordVerdict>
}

const MAX_PASSWORD_BYTES = 4096

const schemes: Record<PasswordHasherOptions['algorithm'], PasswordScheme> = {
  argon2id: argon2idScheme,
  benchmark: benchmarkScheme,
}

/** Creates a hasher whose work is bounded: what does not fit is refused at once rather than left waiting for seconds. */
export function createPasswordHasher(options: PasswordHasherOptions, scheme = schemes[options.algorithm]): PasswordHasher {
  const queue = createHasherQueue({
    concurrency: options.concurrency ?? usualConcurrency(process.env.UV_THREADPOOL_SIZE),
    queueLimit: options.queueLimit ?? 256,
  })
  const decoy = scheme.read(scheme.decoy)
  if (!decoy) throw new Error('The decoy password hash cannot be read.')

  return {
    async hash(password) {
      if (isTooLong(password)) throw new RangeError(`A password has at most ${MAX_PASSWORD_BYTES} bytes.`)
      return queue.run(() => scheme.hash(password))
    },

    async verify(password, storedHash) {
      const stored = storedHash && !isTooLong(password) ? scheme.read(storedHash) : undefined
      return queue.run(async () => {
        if (!stored) {
          await decoy.matches('')
          return { matches: false }
        }
        if (!(await stored.matches(password))) return { matches: false }
        return stored.outdated ? { matches: true, upgrade: await scheme.hash(password) } : { matches: true }
      })
    },
  }
}

function isTooLong(password: string): boolean {
  return Buffer.byteLength(password) > MAX_PASSWORD_BYTES
}

/** One processor each, and a thread of libuv's pool (4, unless told otherwise) left for whatever else waits for it. */
export function usualConcurrency(threadPoolSize: string | undefined, processors = availableParallelism()): number {
  const threads = Number(threadPoolSize) || 4
  return Math.max(1, Math.min(processors, threads - 1))
}
