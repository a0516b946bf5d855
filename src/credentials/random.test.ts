import { describe, expect, it } from 'vitest'
import { equalsInConstantTime, randomPassword, randomToken, sha256Hex } from './random.ts'

describe('a random token', () => {
  it('has as many bytes as asked for, 32 unless told', () => {
    expect(randomToken()).toMatch(/^[\w-]{43}$/)
    expect(randomToken(16)).toMatch(/^[\w-]{22}$/)
  })

  it('does not come twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => randomToken())).size).toBe(1000)
  })
})

describe('a random password', () => {
  const passwords = Array.from({ length: 2000 }, () => randomPassword())
  const counts = new Map<string, number>()
  for (const character of passwords.join('')) counts.set(character, (counts.get(character) ?? 0) + 1)

  it('has 24 letters and digits, none that looks like another', () => {
    for (const password of passwords) expect(password).toMatch(/^(?!.*[0Oo1Iil])[A-Za-z0-9]{24}$/)
  })

  it('carries at least 128 bits', () => {
    expect(24 * Math.log2(counts.size)).toBeGreaterThanOrEqual(128)
    expect(new Set(passwords).size).toBe(passwords.length)
  })

  it('prefers no character', () => {
    const expected = (24 * passwords.length) / counts.size
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)

    // 54 degrees of freedom: a fair draw exceeds 150 less than once in a thousand million times, a byte modulo 55 always.
    expect(counts.size).toBe(55)
    expect(chiSquare).toBeLessThan(150)
  })
})

describe('comparing secrets', () => {
  it.each([
    ['', '', true],
    ['secret', 'secret', true],
    ['ä🔑', 'ä🔑', true],
    ['secret', 'secreT', false],
    ['secret', 'secret ', false],
    ['secret', '', false],
    ['é', 'e\u0301', false],
  ])('%j and %j: %s', (a, b, equal) => {
    expect(equalsInConstantTime(a, b)).toBe(equal)
    expect(equalsInConstantTime(b, a)).toBe(equal)
  })
})

describe('SHA-256', () => {
  it('is that of the UTF-8 bytes, in hexadecimal', () => {
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(sha256Hex('ä')).toBe('33e6d73fee82904c8d7afb78de1154d1e8dc2a0edb08120e63df5b9385c2d9cc')
  })
})
