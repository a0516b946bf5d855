import { describe, expect, it } from 'vitest'
import { takesCode, useCode } from './code-authenticators.ts'
import { createStaticCodes, staticCodeHash } from './static-codes.ts'

const now = new Date('2026-03-01T12:00:00.000Z')

describe('recovery codes', () => {
  it('are as many and as long as asked for, and all different', () => {
    const codes = createStaticCodes(50, 12)

    expect(new Set(codes).size).toBe(50)
    for (const code of codes) expect(code).toMatch(/^[a-hj-km-np-z2-9]{12}$/)
  })

  it('are used up one at a time, however they are typed', () => {
    const data = { codes: ['abcd efgh', 'second'].map(staticCodeHash) }
    const left = useCode('static', data, 'ABCD-efgh', now)

    expect(left).toEqual({ codes: [staticCodeHash('second')] })
    expect(useCode('static', left ?? {}, 'abcdefgh', now)).toBeUndefined()
    expect(useCode('static', data, 'third', now)).toBeUndefined()
    expect(useCode('static', {}, 'abcdefgh', now)).toBeUndefined()
  })
})

describe('a kind of authenticator', () => {
  it('takes codes or does not, whatever it is called', () => {
    expect(['totp', 'static'].every(takesCode)).toBe(true)
    expect(['webauthn', 'constructor', ''].some(takesCode)).toBe(false)
    expect(useCode('constructor', {}, 'x', now)).toBeUndefined()
  })
})
