import { describe, expect, it } from 'vitest'
import { throttledFor } from './authenticators.ts'

const failedAt = new Date('2026-03-01T12:00:00.000Z')
const later = (seconds: number) => new Date(failedAt.getTime() + seconds * 1000)

describe('an authenticator after refused codes', () => {
  it.each([
    [1, 1],
    [2, 2],
    [5, 16],
    [60, 3600],
  ])('waits, after %i of them, for %i seconds', (failures, seconds) => {
    const state = { failures, lastFailedAt: failedAt }

    expect(throttledFor(state, 1, failedAt)).toBe(seconds)
    expect(throttledFor(state, 1, later(seconds - 1))).toBe(1)
    expect(throttledFor(state, 1, later(seconds))).toBe(0)
  })

  it('waits longer by the factor, and not at all where that is zero', () => {
    expect(throttledFor({ failures: 3, lastFailedAt: failedAt }, 2.5, failedAt)).toBe(10)
    expect(throttledFor({ failures: 3, lastFailedAt: failedAt }, 0, failedAt)).toBe(0)
  })

  it('does not wait when none was refused', () => {
    expect(throttledFor({ failures: 0, lastFailedAt: undefined }, 1, failedAt)).toBe(0)
  })
})
