import { pbkdf2, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import bcrypt from 'bcryptjs'
import { readArgon2Hash } from './argon2-hash.ts'
import type { PasswordCheck } from './password-scheme.ts'
import { equalsInConstantTime, sha256Hex } from './random.ts'

// An imported hash names its own cost: these bounds keep a hostile or mistaken one from stalling the server.
const MAX_PBKDF2_ITERATIONS = 10_000_000
const MAX_BCRYPT_COST = 16
const MAX_SCRYPT_N = 2 ** 20
const MAX_SCRYPT_WORK = 8 * MAX_SCRYPT_N

const derivePbkdf2 = promisify(pbkdf2)
const deriveScrypt = promisify<string, string, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt)

/**
 * Reads a password as Django encodes it (django.contrib.auth.hashers) and returns its check.
 * Answers undefined for a password marked unusable, an unknown or malformed encoding, and one that would cost too much.
 */
export function readDjangoHash(encoded: string): PasswordCheck | undefined {
  const separator = encoded.indexOf('$')
  const fields = encoded.slice(separator + 1)
  switch (encoded.slice(0, separator)) {
    case 'pbkdf2_sha256':
      return readPbkdf2(fields, 'sha256', 32)
    case 'pbkdf2_sha1':
      return readPbkdf2(fields, 'sha1', 20)
    case 'argon2':
      return readArgon2Hash(`$${fields}`)
    case 'bcrypt_sha256':
      return readBcrypt(fields, sha256Hex)
    case 'bcrypt':
      return readBcrypt(fields, (password) => password)
    case 'scrypt':
      return readScrypt(fields)
    default:
      return undefined
  }
}

/** `<iterations>$<salt>$<base64>` (PBKDF2: RFC 8018, section 5.2). */
function readPbkdf2(fields: string, digest: string, length: number): PasswordCheck | undefined {
  const [, count, salt, expected] = /^([1-9]\d{0,7})\$([^$]+)\$([^$]+)$/.exec(fields) ?? []
  const iterations = Number(count)
  if (!salt || !expected || iterations > MAX_PBKDF2_ITERATIONS) return undefined
  return async (password) => isEncodingOf(await derivePbkdf2(password, salt, iterations, length, digest), expected)
}

/** `<N>$<salt>$<r>$<p>$<base64>` (scrypt: RFC 7914). */
function readScrypt(fields: string): PasswordCheck | undefined {
  const [, n, salt, blockSize, parallelism, expected] = /^(\d{1,7})\$([^$]+)\$(\d{1,7})\$(\d{1,7})\$([^$]+)$/.exec(fields) ?? []
  const [N, r, p] = [Number(n), Number(blockSize), Number(parallelism)]
  if (!salt || !expected || !isAffordableScrypt(N, r, p)) return undefined
  const maxmem = 128 * r * (N + p + 2)
  return async (password) => isEncodingOf(await deriveScrypt(password, salt, 64, { N, r, p, maxmem }), expected)
}

function isAffordableScrypt(N: number, r: number, p: number): boolean {
  if (r < 1 || p < 1 || N > MAX_SCRYPT_N || N * r * p > MAX_SCRYPT_WORK) return false
  // RFC 7914, section 2: N is a power of two above 1 and below 2^(128 * r / 8).
  return N > 1 && (N & (N - 1)) === 0 && N < 2 ** (16 * r)
}

/** A modular crypt string, `$2b$<cost>$<salt and digest>`, of the password or of what stands for it. */
function readBcrypt(modular: string, prepare: (password: string) => string): PasswordCheck | undefined {
  const [, cost] = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(modular) ?? []
  const rounds = Number(cost)
  if (!(rounds >= 4 && rounds <= MAX_BCRYPT_COST)) return undefined
  return (password) => bcrypt.compare(prepare(password), modular)
}

function isEncodingOf(derived: Buffer, expected: string): boolean {
  return equalsInConstantTime(derived.toString('base64'), expected)
}
