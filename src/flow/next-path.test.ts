import { describe, expect, it } from 'vitest'
import { isSafeNextPath, parseQuery } from './next-path.ts'

const origin = 'https://login.example.test'

describe('a path to go on to', () => {
  it.each([
    '/',
    '/home',
    '/a/b?c=d&e=f#g',
    '/if/flow/sign-in/?next=%2F%2Fevil.test',
    '/caf\u00e9',
    '/a//b',
    '/@evil.test',
    '/%5Cevil.test',
  ])('may be %j, which stays here', (next) => {
    expect(isSafeNextPath(next)).toBe(true)
    expect(new URL(next, origin).origin).toBe(origin)
  })

  it.each([
    '',
    'home',
    'https://evil.test/',
    '//evil.test',
    '///evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    '/\t/evil.test',
    '/\n/evil.test',
    '/\r\nset-cookie: a=b',
    ' /home',
    '/home page',
    '/\u007f/evil.test',
    '/\0',
    'javascript:alert(1)',
    'https:/evil.test',
    '/.//evil.test',
    '/a/..//evil.test',
    '/%2e//evil.test',
    `/${'a'.repeat(2048)}`,
  ])('may not be %j', (next) => {
    expect(isSafeNextPath(next)).toBe(false)
  })

  it('never leaves this origin, whatever a browser makes of it', () => {
    const pieces = ['/', '\\', '\t', '.', '..', 'evil.test', '@', ':', '?', '#', '%2F']
    const paths = pieces.flatMap((a) => pieces.flatMap((b) => pieces.map((c) => `/${a}${b}${c}`)))
    const safe = paths.filter(isSafeNextPath)

    expect(safe.length).toBeGreaterThan(100)
    expect(safe.filter((next) => new URL(next, origin).origin !== origin)).toEqual([])
  })
})

describe('a query string', () => {
  it.each([
    ['', {}],
    ['next=%2Fhome&a=1', { next: '/home', a: '1' }],
    ['?next=/home', { next: '/home' }],
    ['a=1&a=2', { a: '2' }],
    ['flag&empty=', { flag: '', empty: '' }],
    ['a=b+c', { a: 'b c' }],
  ])('%j is read', (query, parsed) => {
    expect(parseQuery(query)).toEqual(parsed)
  })

  it('names nothing but plain members', () => {
    const parsed = parseQuery('__proto__=polluted&constructor=x')

    expect(Object.entries(parsed)).toEqual([
      ['__proto__', 'polluted'],
      ['constructor', 'x'],
    ])
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype)
  })

  it('leaves out what no database can keep', () => {
    expect(parseQuery('a=%00&b%00=c&d=e')).toEqual({ d: 'e' })
  })
})
