import official from '@duosecurity/duo_api/lib/duo_sig.js'
import { describe, expect, it } from 'vitest'
import { authorizationHeader, canonicalParameters, type DuoParameters, dateHeader } from './signature.ts'

const letters = [...'aZ09 -_.~!\'()*+&=%/?#@:,;"<>[]{}|\\^`\t\n', 'é', 'ß', '中', 'ي', '\u{1f600}', '\u0301', '\u200f', '\u0000']

/** Numbers that look random and are the same in every run: a test that failed fails again. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state
  }
}

function somethingBy(next: () => number) {
  const text = (longest: number) =>
    Array.from({ length: next() % (longest + 1) }, () => letters[next() % letters.length]).join('')
  const pairs = Array.from({ length: next() % 8 }, () => [text(6) || 'a', text(24)] as const)
  return { key: text(20), secret: `${text(39)}s`, host: `API-${next()}.duosecurity.COM`, parameters: Object.fromEntries(pairs) }
}

describe('the signature of a request', () => {
  it.each([
    ['no parameters', {}],
    ['an empty value', { username: '' }],
    ['blanks', { type: 'Acme Login  request ' }],
    ['marks that form encoding leaves alone', { pushinfo: "!'()*~-._", "!'()*~": 'x' }],
    ['letters of all the world', { display_username: 'Zoë 中村 😀' }],
    ['names that are the beginning of others', { foo_bar: '1', foo: '2', 'foo-bar': '3', FOO: '4', foobar: '5' }],
    ['what is encoded already', { pushinfo: 'From=login%20portal&Domain=example.com' }],
  ] satisfies [string, DuoParameters][])("is that of Duo's own client: %s", (_, parameters) => {
    expect(canonicalParameters(parameters)).toBe(official._canonParams(parameters))
  })

  it("is that of Duo's own client, whatever is asked for", () => {
    const source = numbers(20_260_301)
    const next = () => source.next().value
    for (let run = 0; run < 500; run += 1) {
      const { key, secret, host, parameters } = somethingBy(next)
      const [method, path] = next() % 2 === 0 ? (['GET', '/auth/v2/auth_status'] as const) : (['POST', '/auth/v2/auth'] as const)
      const date = dateHeader(new Date(next() * 1000))
      const ours = authorizationHeader({ integrationKey: key, secretKey: secret, method, host, path, parameters, date })

      expect(ours, JSON.stringify({ parameters, run })).toBe(official.sign(key, secret, method, host, path, parameters, date))
      expect(Object.fromEntries(new URLSearchParams(canonicalParameters(parameters)))).toEqual(parameters)
    }
  })

  it('takes half a character for one that cannot be read, as UTF-8 does', () => {
    expect(canonicalParameters({ username: 'a\ud800b' })).toBe('username=a%EF%BF%BDb')
  })

  it('is of the moment, as RFC 2822 says moments', () => {
    expect(dateHeader(new Date('2026-03-01T02:03:04.567Z'))).toBe('Sun, 01 Mar 2026 02:03:04 -0000')
  })
})
