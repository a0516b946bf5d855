import { describe, expect, it } from 'vitest'
import { createSecretBox } from '../credentials/secret-box.ts'
import { createSealedClaims } from './sealed-claims.ts'

const box = createSecretBox(['a key for tests, and for nothing else'])

describe('sealed claims', () => {
  it('are read back for their purpose, until they run out', () => {
    let now = new Date('2026-03-01T12:00:00Z')
    const claims = createSealedClaims(box, () => now)
    const token = claims.seal('mfa', { device: 'a' }, 60)

    expect(claims.open('mfa', token)).toEqual({ device: 'a' })
    expect(claims.open('another', token)).toBeUndefined()
    now = new Date('2026-03-01T12:01:00Z')
    expect(claims.open('mfa', token)).toBeUndefined()
  })

  it('are nothing when somebody else made or changed them', () => {
    const now = () => new Date()
    const claims = createSealedClaims(box, now)
    const foreign = createSealedClaims(createSecretBox(['the key of another server, in a test']), now).seal('mfa', {}, 60)
    const own = claims.seal('mfa', {}, 60)

    for (const token of ['', 'x', foreign, `${own}A`, own.slice(0, -2), 'x'.repeat(5000)]) {
      expect(claims.open('mfa', token)).toBeUndefined()
    }
  })
})
