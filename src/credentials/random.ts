import { hash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'

// Without 0 O o, 1 I i l: 55 characters, so that 24 of them carry 138 bits.
const READABLE = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** A secret nobody can guess, safe in URLs and cookies (base64url). */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}

/** A password of 24 characters that cannot be mistaken for each other when read or typed. */
export function randomPassword(): string {
  return Array.from({ length: 24 }, () => READABLE.charAt(randomInt(READABLE.length))).join('')
}

/** Compares secrets without telling by its duration where they differ, or whether their lengths do. */
export function equalsInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))
}

/** SHA-256 of a text's UTF-8 bytes, in lower-case hexadecimal. */
export function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex')
}
