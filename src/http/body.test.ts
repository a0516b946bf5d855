import { describe, expect, it } from 'vitest'
import { deepestJson, nestsTooDeep } from './body.ts'

const nested = (depth: number, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth)

describe('a JSON text that nests', () => {
  it.each([
    ['arrays', nested(deepestJson), nested(deepestJson + 1)],
    ['objects', nested(deepestJson, '{"a":', '}'), nested(deepestJson + 1, '{"a":', '}')],
    ['both', `[${nested(deepestJson - 1, '{"a":', '}')}]`, `[${nested(deepestJson, '{"a":', '}')}]`],
    ['what was never closed', '['.repeat(deepestJson), '['.repeat(500_000)],
  ])('%s is taken to a depth, and not beyond', (_, fine, deep) => {
    expect(nestsTooDeep(fine)).toBe(false)
    expect(nestsTooDeep(deep)).toBe(true)
  })

  it('only in its texts, or side by side, is taken', () => {
    expect(nestsTooDeep(JSON.stringify({ query: '{'.repeat(500), quoted: '"[\\'.repeat(500) }))).toBe(false)
    expect(nestsTooDeep(JSON.stringify(Array.from({ length: 500 }, () => [{}])))).toBe(false)
  })
})
