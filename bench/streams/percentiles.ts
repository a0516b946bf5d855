/** How long something took in the middle, and at the slow end (milliseconds). */
export interface Percentiles {
  readonly p50: number
  readonly p99: number
}

/** By the nearest rank; not a number of nothing. */
export function percentilesOf(samples: readonly number[]): Percentiles {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}
