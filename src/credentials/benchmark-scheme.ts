import { hash, randomBytes } from 'node:crypto'
import { argon2idScheme } from './argon2id-scheme.ts'
import type { PasswordScheme, StoredPassword } from './password-scheme.ts'
import { equalsInConstantTime } from './random.ts'

const FORM = /^benchmark\$sha256\$([0-9a-f]{32})\$([0-9a-f]{64})$/

/** One cheap digest: shows what everything beside the password hash costs, and protects nothing. */
export const benchmarkScheme: PasswordScheme = {
  async hash(password) {
    const salt = randomBytes(16).toString('hex')
    return `benchmark$sha256$${salt}$${digest(salt, password)}`
  },

  read: (stored) => readBenchmark(stored) ?? readReal(stored),

  decoy: `benchmark$sha256$${randomBytes(16).toString('hex')}$${randomBytes(32).toString('hex')}`,
}

function readBenchmark(stored: string): StoredPassword | undefined {
  const [, salt, expected] = FORM.exec(stored) ?? []
  if (!salt || !expected) return undefined
  return { outdated: false, matches: async (password) => equalsInConstantTime(digest(salt, password), expected) }
}

/** A real hash is never outdated here, or a benchmark would replace it with a worthless one. */
function readReal(stored: string): StoredPassword | undefined {
  const real = argon2idScheme.read(stored)
  return real && { ...real, outdated: false }
}

function digest(salt: string, password: string): string {
  return hash('sha256', salt + password, 'hex')
}
