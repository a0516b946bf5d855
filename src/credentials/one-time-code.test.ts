import { describe, expect, it } from 'vitest'
import { createOneTimeCode, isAlive, keepCode, matchesCode } from './one-time-code.ts'
import { createSecretBox } from './secret-box.ts'

const start = 1_772_366_400_000
const box = createSecretBox(['a key for tests, and for nothing else'])
const at = (seconds: number) => ({ now: () => new Date(start + seconds * 1000), mac: box.mac })

describe('codes that are sent', () => {
  it('are six digits, leading noughts and all, and hardly ever the same', () => {
    const codes = Array.from({ length: 2000 }, createOneTimeCode)

    for (const code of codes) expect(code).toMatch(/^\d{6}$/)
    expect(new Set(codes).size).toBeGreaterThan(1950)
    expect(codes.some((code) => code.startsWith('0'))).toBe(true)
  })

  it('are known again until they run out, however they are spaced', () => {
    const sent = keepCode(at(0), 'here', '012345', 60)

    expect(matchesCode(at(59.9), 'here', sent, '012345')).toBe(true)
    expect(matchesCode(at(0), 'here', sent, ' 012-345 ')).toBe(true)
    expect(matchesCode(at(60), 'here', sent, '012345')).toBe(false)
    expect([isAlive(at(59.9), sent), isAlive(at(60), sent), isAlive(at(0), undefined)]).toEqual([true, false, false])
  })

  it('count for nothing else, and no other code does', () => {
    const sent = keepCode(at(0), 'here', '012345', 60)

    expect(matchesCode(at(0), 'there', sent, '012345')).toBe(false)
    for (const typed of ['012346', '12345', '', '0123450']) expect(matchesCode(at(0), 'here', sent, typed)).toBe(false)
    expect(matchesCode(at(0), 'here', undefined, '012345')).toBe(false)
  })

  it('are not kept themselves, nor what a digest without the key could be compared with', () => {
    const sent = keepCode(at(0), 'here', '012345', 60)
    const other = createSecretBox(['another key for tests'])

    expect(JSON.stringify(sent)).not.toContain('012345')
    expect(matchesCode({ ...at(0), mac: other.mac }, 'here', sent, '012345')).toBe(false)
  })
})
