import { describe, expect, it } from 'vitest'
import { BlueprintError } from '../blueprint-error.ts'
import { limits } from './limits.ts'
import { readBlueprint } from './read-blueprint.ts'

const read = (text: string) => readBlueprint({ path: 'test.yaml', text })

function refusal(text: string): BlueprintError {
  try {
    read(text)
  } catch (error) {
    if (error instanceof BlueprintError) return error
    throw error
  }
  throw new Error('The text was read, but should have been refused.')
}

/** One entry whose attribute is written like this, in line 5. */
const withAttr = (value: string) => `version: 1\nentries:\n  - model: a.b\n    attrs:\n      field: ${value}\n`

describe('reading a blueprint', () => {
  it('knows its name, labels, context and entries', () => {
    const blueprint = read(`
version: 1
metadata: { name: Sign in, labels: { blueprints.goauthentik.io/instantiate: "false", count: 3 } }
context: { title: Welcome }
entries:
  - model: authentik_flows.flow
    id: flow
    state: created
    conditions: [true, !Context title]
    identifiers: { slug: login }
    attrs: { title: !Context title }
`)
    expect(blueprint).toMatchObject({
      path: 'test.yaml',
      name: 'Sign in',
      labels: { 'blueprints.goauthentik.io/instantiate': 'false', count: '3' },
    })
    expect([...blueprint.context.members.keys()]).toEqual(['title'])
    expect(blueprint.entries).toMatchObject([{ id: { name: 'flow' }, at: { line: 6, column: 5 } }])
    expect(blueprint.entries[0]?.conditions).toMatchObject([{ value: true }, { type: 'tag', name: '!Context' }])
  })

  it('reads yes, no, on and off as authentik does', () => {
    const { entries } = read('version: 1\nentries:\n  - { model: a.b, conditions: [yes, Off, "no", y] }')
    expect(entries[0]?.conditions).toMatchObject([{ value: true }, { value: false }, { value: 'no' }, { value: 'y' }])
  })

  it('puts what an anchor stands for wherever it is named', () => {
    const { entries } = read('version: 1\nentries:\n  - { model: &m a.b }\n  - { model: *m }')
    expect(entries.map(({ model }) => model)).toMatchObject([{ value: 'a.b' }, { value: 'a.b' }])
  })

  it('takes keys it does not know where they say nothing', () => {
    expect(read('version: 1\nentries:\n  - { model: a.b, permissions: [], conditions: ~ }').entries).toHaveLength(1)
  })
})

describe('a text that is no blueprint', () => {
  it.each<[string, string, number, number, RegExp]>([
    ['is empty', '', 1, 1, /empty/],
    ['is a list', '- 1', 1, 1, /must be a mapping/],
    ['has another version', 'metadata: {}\nversion: 2\nentries: []', 2, 1, /version: 1/],
    ['has its version as a text', 'version: "1"\nentries: []', 1, 1, /version: 1/],
    ['has no version', 'entries: []', 1, 1, /version: 1/],
    ['has no entries', 'version: 1', 1, 1, /required/],
    ['has sections of entries', 'version: 1\nentries:\n  first: []', 2, 1, /list/],
    ['has an unknown key', 'version: 1\nentries: []\nentires: [1]', 3, 1, /not supported/],
    ['has an unknown key in its metadata', 'version: 1\nentries: []\nmetadata:\n  lables: { a: b }', 4, 3, /not supported/],
    ['has an entry without a model', 'version: 1\nentries:\n  - id: flow', 3, 5, /required/],
    ['has an entry with an unknown key', 'version: 1\nentries:\n  - model: a.b\n    attributes: { a: 1 }', 4, 5, /not supported/],
    [
      'has permissions, which are not supported',
      'version: 1\nentries:\n  - model: a.b\n    permissions: [1]',
      4,
      5,
      /not supported/,
    ],
    ['has an id twice', 'version: 1\nentries:\n  - { model: a.b, id: x }\n  - { model: a.b, id: x }', 4, 19, /Another entry/],
    ['has a number as an id', 'version: 1\nentries:\n  - { model: a.b, id: 1 }', 3, 19, /text/],
    ['has a list as attrs', 'version: 1\nentries:\n  - { model: a.b, attrs: [1] }', 3, 26, /mapping/],
    ['is bad YAML', 'version: 1\nentries: [', 2, 11, /Flow sequence/],
    ['has two documents', 'version: 1\nentries: []\n---\nversion: 1', 3, 1, /one blueprint/],
    ['has a key twice', 'version: 1\nentries: []\nversion: 1', 3, 1, /twice/],
    ['has a merge key', withAttr('{ <<: { a: 1 } }'), 5, 16, /Merge keys/],
    ['has a mapping as a key', withAttr('{ [a]: 1 }'), 5, 14, /key must be a text/],
    ['has an unknown tag', withAttr('!Enumerate [a, SEQ, b]'), 5, 25, /!Enumerate is not supported/],
    ['wants a Python object', withAttr('!!python/object/apply:os.system [ls]'), 5, 46, /not supported/],
    ['names no anchor', withAttr('*nobody'), 5, 14, /no anchor "&nobody"/],
    ['has an anchor that holds itself', withAttr('&self [*self]'), 5, 21, /no anchor/],
    ['has a NUL character', withAttr('"a\\0b"'), 5, 14, /cannot be stored/],
    ['has half a character', withAttr('"\\uD800"'), 5, 14, /cannot be stored/],
    ['has an infinite number', withAttr('.inf'), 5, 14, /cannot be stored/],
  ])('%s', (_, text, line, column, reason) => {
    const error = refusal(text)
    expect(error.reason).toMatch(reason)
    expect(error).toMatchObject({ file: 'test.yaml', line, column })
    expect(error.message).toContain(`test.yaml:${line}:${column}: `)
  })
})

describe('a text that would take too much', () => {
  it('may have 1 MiB, counted in bytes', () => {
    const padding = (bytes: number) => `version: 1\nentries: []\n# ${'€'.repeat(bytes / 3)}`
    expect(refusal(padding(limits.bytes)).reason).toMatch(/1 MiB/)
    expect(read(padding(limits.bytes - 100)).entries).toEqual([])
  })

  it('may have 10,000 entries', () => {
    const entries = (count: number) => `version: 1\nentries:\n${'- { model: a.b }\n'.repeat(count)}`
    expect(read(entries(10_000)).entries).toHaveLength(10_000)
    expect(refusal(entries(10_001))).toMatchObject({ line: 3, reason: expect.stringMatching(/10000 entries/) })
  })

  it.each([51, 1000, 100_000])('may not nest %d levels', (levels) => {
    const error = refusal(withAttr('['.repeat(levels) + ']'.repeat(levels)))
    expect(error).toMatchObject({ line: 5, reason: 'This nests too deeply.' })
  })

  it('may not multiply itself with aliases', () => {
    const level = (name: string, inner: string) => `  ${name}: &${name} [${Array.from({ length: 9 }, () => inner).join(', ')}]`
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
    const bomb = names.map((name, index) => level(name, index === 0 ? 'x' : `*${names[index - 1]}`)).join('\n')
    const error = refusal(`version: 1\ncontext:\n${bomb}\nentries: []`)
    expect(error.reason).toMatch(/too many values/)
    expect(error.line).toBeGreaterThan(2)
  })

  it('is read quickly, however many keys a mapping has', () => {
    const keys = Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join('\n  ')
    const started = performance.now()
    expect(read(`version: 1\nentries: []\ncontext:\n  ${keys}`).context.members.size).toBe(60_000)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
