import { describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical-json.ts'

describe('canonical JSON', () => {
  it('is the same whatever order members came in, at any depth', () => {
    const one = { b: [{ d: 1, c: 2 }], a: { y: null, x: 'z' } }
    const other = { a: { x: 'z', y: null }, b: [{ c: 2, d: 1 }] }

    expect(canonicalJson(one)).toBe('{"a":{"x":"z","y":null},"b":[{"c":2,"d":1}]}')
    expect(canonicalJson(other)).toBe(canonicalJson(one))
  })

  it('keeps the order of lists', () => {
    expect(canonicalJson([2, 1])).not.toBe(canonicalJson([1, 2]))
  })

  it.each([
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['text', '"text"'],
    [null, 'null'],
    [JSON.parse('{"b":1,"__proto__":{"d":1,"c":2}}'), '{"__proto__":{"c":2,"d":1},"b":1}'],
  ])('writes %j as %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text)
  })

  it('tells different values apart', () => {
    const values = [{}, [], '', '{}', 0, false, null, { a: '1' }, { a: 1 }, [['a', 1]], { a: { b: 1 } }, { 'a.b': 1 }]

    expect(new Set(values.map(canonicalJson)).size).toBe(values.length)
  })

  it('leaves the value as it was', () => {
    const value = Object.freeze({ b: 1, a: Object.freeze({ d: 1, c: 2 }) })
    canonicalJson(value)

    expect(Object.keys(value)).toEqual(['b', 'a'])
  })
})
