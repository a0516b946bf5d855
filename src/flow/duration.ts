import { z } from 'zod'

const secondsIn = {
  microseconds: 1e-6,
  milliseconds: 1e-3,
  seconds: 1,
  minutes: 60,
  hours: 3600,
  days: 86_400,
  weeks: 604_800,
} as const

function isUnit(name: string): name is keyof typeof secondsIn {
  return Object.hasOwn(secondsIn, name)
}

/** Reads `hours=1;minutes=30` as seconds; undefined when no part says anything (reference: stages 1.6). */
export function parseDuration(text: string): number | undefined {
  let total: number | undefined
  for (const part of text.split(';')) {
    const [unit = '', amount = ''] = part.split('=').map((side) => side.trim())
    const value = Number(amount)
    if (isUnit(unit) && amount !== '' && Number.isFinite(value)) total = (total ?? 0) + value * secondsIn[unit]
  }
  return total
}

/** A century: a moment much further away is none that a date can say. */
const longest = 36_525 * secondsIn.days

/** A config field that holds a duration such as `hours=1;minutes=30`. */
export function duration(fallback: string) {
  return z.string().max(200).refine(isWithinBounds, { message: 'Use a duration such as "hours=1;minutes=30".' }).default(fallback)
}

/** Whole seconds of a config field that was judged by `duration`: cookies know no parts of them. Rounded up. */
export function secondsOf(text: string): number {
  // A microsecond is the smallest unit; what is finer comes of adding fractions.
  return Math.ceil(Number((parseDuration(text) ?? 0).toFixed(6)))
}

function isWithinBounds(text: string): boolean {
  const seconds = parseDuration(text)
  return seconds !== undefined && seconds >= 0 && seconds <= longest
}
