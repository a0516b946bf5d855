import { randomInt } from 'node:crypto'
import { sha256Hex } from './random.ts'

// No letter or digit that is read or typed for another: 31 of them, so that 12 carry 59 bits.
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'

/** Codes to be written down, each good for one use. */
export function createStaticCodes(count: number, length: number): readonly string[] {
  return Array.from({ length: count }, () => Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join(''))
}

/** What is kept of a code. However it is written: spaces, dashes and capitals do not count. */
export function staticCodeHash(code: string): string {
  return sha256Hex(code.replaceAll(/[\s-]/g, '').toLowerCase())
}
