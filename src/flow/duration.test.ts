import { describe, expect, it } from 'vitest'
import { duration, parseDuration, secondsOf } from './duration.ts'

describe('a duration', () => {
  it.each([
    ['seconds=0', 0],
    ['hours=1;minutes=2;seconds=3', 3723],
    ['weeks=1', 604_800],
    ['days=30', 2_592_000],
    ['milliseconds=1500', 1.5],
    ['microseconds=1', 0.000001],
    ['hours=0.5', 1800],
    [' hours = 1 ; minutes = 30 ', 5400],
    ['minutes=1;minutes=1', 120],
    ['hours=1;minutes=-15', 2700],
    ['fortnights=1;days=2', 172_800],
    ['days=2;', 172_800],
  ])('%j is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBeCloseTo(seconds, 9)
  })

  it.each([
    '',
    'an hour',
    '3600',
    'hours',
    'hours=',
    'hours=one',
    'hours=Infinity',
    'hours=NaN',
    'fortnights=1',
    'toString=1',
    'Hours=1',
  ])('says nothing as %j', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })
})

describe('a config field that holds a duration', () => {
  it('has a default', () => {
    expect(duration('days=30').parse(undefined)).toBe('days=30')
  })

  it.each(['', 'an hour', 'seconds=-1', 'hours=1;days=-1', 'weeks=1e9', `seconds=${'1'.repeat(200)}`, 7, null])(
    'refuses %j, and says what to write',
    (text) => {
      expect(duration('seconds=0').safeParse(text).success).toBe(false)
    },
  )

  it('says what to write instead', () => {
    expect(duration('seconds=0').safeParse('an hour').error?.issues[0]?.message).toBe(
      'Use a duration such as "hours=1;minutes=30".',
    )
  })

  it.each([
    ['hours=1', 3600],
    ['hours=0.1', 360],
    ['seconds=0', 0],
    ['milliseconds=1', 1],
    ['milliseconds=1001', 2],
    ['microseconds=1', 1],
  ])('gives whole seconds, never fewer than were asked for: %s is %d', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds)
  })

  it('is never so long that no date could say its end', () => {
    const longest = duration('seconds=0').parse('weeks=5000')

    expect(Number.isNaN(new Date(Date.UTC(2026, 0) + secondsOf(longest) * 1000).getTime())).toBe(false)
  })
})
