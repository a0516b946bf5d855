import { Secret } from 'otpauth'
import { describe, expect, it } from 'vitest'
import { createTotpSecret, matchTotpStep, totpUrl } from './totp.ts'

/** RFC 6238, appendix B: the secret is the ASCII text 12345678901234567890. */
const rfcSecret = Secret.fromUTF8('12345678901234567890').base32
const at = (seconds: number) => new Date(seconds * 1000)

describe('time-based codes', () => {
  it.each([
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
  ])('match the RFC at %i s', (seconds, code) => {
    expect(matchTotpStep({ secret: rfcSecret, digits: 8 }, code, at(seconds))).toBe(Math.floor(seconds / 30))
  })

  it('are taken one step early or late, and no further', () => {
    const key = { secret: rfcSecret, digits: 8 }

    expect(matchTotpStep(key, '94287082', at(59 + 30))).toBe(1)
    expect(matchTotpStep(key, '94287082', at(29))).toBe(1)
    expect(matchTotpStep(key, '94287082', at(59 + 61))).toBeUndefined()
  })

  it('are not taken twice, nor after a later one', () => {
    const key = { secret: rfcSecret, digits: 8 }

    expect(matchTotpStep(key, '94287082', at(59), 1)).toBeUndefined()
    expect(matchTotpStep(key, '94287082', at(59), 2)).toBeUndefined()
  })

  it('may be typed with spaces, and nothing else counts as one', () => {
    const key = { secret: rfcSecret, digits: 8 }

    expect(matchTotpStep(key, '9428 7082', at(59))).toBe(1)
    for (const code of ['', '9428708', '942870820', 'abcdefgh', '00000000'])
      expect(matchTotpStep(key, code, at(59))).toBeUndefined()
  })

  it('come from secrets of 20 random bytes, told to apps in an address', () => {
    const secret = createTotpSecret()
    const url = new URL(totpUrl({ secret, digits: 6 }, 'Acme & Co', 'ada'))

    expect(Secret.fromBase32(secret).bytes).toHaveLength(20)
    expect(createTotpSecret()).not.toBe(secret)
    expect(decodeURIComponent(url.pathname)).toContain('Acme & Co:ada')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      secret,
      digits: '6',
      period: '30',
      algorithm: 'SHA1',
      issuer: 'Acme & Co',
    })
  })
})
