import { randomBytes } from 'node:crypto'
import { hash } from '@node-rs/argon2'
import { readArgon2Hash } from './argon2-hash.ts'
import { readDjangoHash } from './django-hashes.ts'
import type { PasswordScheme, StoredPassword } from './password-scheme.ts'

// The second of the equally strong settings in OWASP's Password Storage Cheat Sheet: the least memory that needs only two passes.
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }
const PREFIX = `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$`
const SALT_BYTES = 16

const DECOY = `${PREFIX}${noise(SALT_BYTES)}$${noise(COST.outputLen)}`

/** Stores passwords as argon2id PHC strings (RFC 9106) and takes over the hashes of a Django installation. */
export const argon2idScheme: PasswordScheme = {
  hash: (password) => hash(password, COST),

  read: (stored) => readArgon2id(stored) ?? readImported(stored),

  decoy: DECOY,
}

/** Reads only what this scheme writes, whatever the cost it was written with. */
function readArgon2id(stored: string): StoredPassword | undefined {
  const matches = stored.startsWith('$argon2id$') ? readArgon2Hash(stored) : undefined
  return matches && { outdated: !isCurrent(stored), matches }
}

function isCurrent(phc: string): boolean {
  return phc.startsWith(PREFIX) && phc.length === DECOY.length
}

function readImported(stored: string): StoredPassword | undefined {
  const matches = readDjangoHash(stored)
  return matches && { outdated: true, matches }
}

function noise(bytes: number): string {
  return randomBytes(bytes).toString('base64').replaceAll('=', '')
}
