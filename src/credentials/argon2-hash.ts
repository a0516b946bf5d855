import { type ParsedHashOptions, parseOptions, verify } from '@node-rs/argon2'
import type { PasswordCheck } from './password-scheme.ts'

const MAX_MEMORY_KIB = 2 ** 20
const MAX_WORK_KIB = 4 * MAX_MEMORY_KIB

/** Reads an argon2id or argon2i PHC string (RFC 9106) and returns its check, unless it is malformed or would cost too much. */
export function readArgon2Hash(phc: string): PasswordCheck | undefined {
  if (!/^\$argon2id?\$/.test(phc)) return undefined
  const cost = readCost(phc)
  if (!cost || cost.memoryCost > MAX_MEMORY_KIB || cost.memoryCost * cost.timeCost > MAX_WORK_KIB) return undefined
  return (password) => verify(phc, password)
}

function readCost(phc: string): ParsedHashOptions | undefined {
  try {
    return parseOptions(phc)
  } catch {
    return undefined
  }
}
