import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.ts'
import { type BlueprintBench, createBench } from '../blueprint-bench.ts'

let store: TestDatabase
let bench: BlueprintBench
beforeEach(async () => {
  store = await createTestDatabase('sqlite')
  bench = createBench(store.database)
})
afterEach(() => store.drop())

/** A file whose last line says the value, after an entry with the id "staff". */
const fileWith = (value: string, context = '{}') => `version: 1
context: ${context}
entries:
  - { model: authentik_core.group, id: staff, identifiers: { name: staff } }
  - model: authentik_core.group
    identifiers: { name: result }
    attrs:
      attributes: { value: ${value} }
`

async function resolved(value: string, context?: string): Promise<unknown> {
  await bench.apply(fileWith(value, context))
  const group = await store.database.prisma.group.findUniqueOrThrow({ where: { name: 'result' } })
  return (group.attributes as { value: unknown }).value
}

async function idOf(name: string): Promise<string> {
  return (await store.database.prisma.group.findUniqueOrThrow({ where: { name } })).id
}

/** Says where in the value the fault is, too. */
async function reasonAgainst(value: string, context?: string): Promise<string> {
  const { line, field, entry, reason } = await bench.refuse(fileWith(value, context))
  expect({ line, field, entry }).toEqual({ line: 8, field: 'attributes', entry: 'authentik_core.group (name: result)' })
  return reason
}

describe('!KeyOf', () => {
  it('is the id of the object of an earlier entry', async () => {
    expect(await resolved('!KeyOf staff')).toBe(await idOf('staff'))
  })

  it.each(['!KeyOf nobody', '!KeyOf [staff]', '!KeyOf'])('refuses %s', async (value) => {
    expect(await reasonAgainst(value)).toMatch(/no entry with the id|Write it as !KeyOf id/)
  })
})

describe('!Find', () => {
  it('is the id of the first object that all conditions match', async () => {
    expect(await resolved('!Find [authentik_core.group, [name, staff], [is_superuser, false]]')).toBe(await idOf('staff'))
    expect(await resolved('!Find [authentik_core.group, [name, staff], [is_superuser, true]]')).toBeNull()
  })

  it('finds by key, by parts of JSON, and by the config of a stage', async () => {
    expect(await resolved('!Find [authentik_core.group, [pk, !KeyOf staff]]')).toBe(await idOf('staff'))
    expect(await resolved('!Find [authentik_core.group, [attributes, { a: 1 }]]')).toBeNull()
    expect(await resolved('!Find [authentik_stages_dummy.dummystage, [throw_error, true]]')).toBeNull()
    const { id } = await store.database.prisma.stage.create({ data: { name: 's', kind: 'dummy', config: { throwError: true } } })
    expect(await resolved('!Find [authentik_stages_dummy.dummystage, [throw_error, true]]')).toBe(id)
  })

  it('takes tags for all that it says', async () => {
    expect(
      await resolved('!Find [!Context model, [!Context field, staff]]', '{ model: authentik_core.group, field: name }'),
    ).toBe(await idOf('staff'))
  })

  it.each<[string, RegExp]>([
    ['!Find authentik_core.group', /Write it as/],
    ['!Find [authentik_core.group]', /Write it as/],
    ['!Find [authentik_core.group, name]', /Write it as/],
    ['!Find [authentik_core.group, [name, a, b]]', /Write it as/],
    ['!Find [authentik_core.nothing, [name, a]]', /no model "authentik_core.nothing"/],
    ['!Find [authentik_blueprints.metaapplyblueprint, [name, a]]', /no model/],
  ])('refuses %s', async (value, reason) => {
    expect(await reasonAgainst(value)).toMatch(reason)
  })

  it.each<[string, string, RegExp]>([
    ['!Find [authentik_core.group, [nam, a]]', 'nam', /can be found by this/],
    ['!Find [authentik_core.group, [name, 5]]', 'name', /Not a valid string/],
    ['!Find [authentik_core.group, [pk, a]]', 'pk', /valid UUID/],
    ['!Find [authentik_flows.flow, [designation, login]]', 'designation', /not a valid choice/],
  ])('refuses %s, saying which field is wrong', async (value, field, reason) => {
    const error = await bench.refuse(fileWith(value))
    expect(error).toMatchObject({ line: 8, field, reason: expect.stringMatching(reason) })
  })
})

describe('!Condition', () => {
  it.each([
    ['[AND, true, 1, a, [1], { a: 1 }]', true],
    ['[AND, true, []]', false],
    ['[NAND, true, {}]', true],
    ['[NAND, true, true]', false],
    ['[OR, 0, "", ~, false, a]', true],
    ['[OR, 0, "", ~, false, no]', false],
    ['[nor, false]', true],
    ['[NOR, false, true]', false],
    ['[XOR, true, false]', true],
    ['[XOR, true, true]', false],
    ['[XOR, true, true, true]', true],
    ['[XNOR, true, true]', true],
    ['[XNOR, true]', false],
  ])('%s is %s', async (value, result) => {
    expect(await resolved(`!Condition ${value}`)).toBe(result)
  })

  it.each(['[MAYBE, true]', '[AND]', '[]', 'AND', '[toString, true]', '[true, true]'])('refuses %s', async (value) => {
    expect(await reasonAgainst(`!Condition ${value}`)).toMatch(/Write it as !Condition .* AND, NAND, OR, NOR, XOR, XNOR/)
  })
})

describe('!Context', () => {
  it.each<[string, unknown]>([
    ['!Context title', 'Welcome'],
    ['!Context [title, other]', 'Welcome'],
    ['!Context list', [1, 'Welcome']],
    ['!Context nothing', null],
    ['!Context [nothing, !Context title]', 'Welcome'],
    ['!Context [empty, other]', null],
    ['!Context goauthentik.io/enterprise/licensed', false],
  ])('%s', async (value, result) => {
    expect(await resolved(value, '{ title: Welcome, list: [1, !Context title], empty: ~ }')).toEqual(result)
  })

  it.each(['!Context [a, b, c]', '!Context []', '!Context { a: b }', '!Context [5]'])('refuses %s', async (value) => {
    expect(await reasonAgainst(value)).toMatch(/Write it as !Context/)
  })

  it('refuses a value that stands for itself, and one that multiplies itself', async () => {
    const { line, reason } = await bench.refuse(fileWith('!Context a', '{ a: !Context b, b: !Context a }'))
    expect({ line, reason }).toEqual({ line: 2, reason: `The context's "a" stands for itself.` })

    const doubling = Array.from({ length: 30 }, (_, index) => `k${index}: [!Context k${index + 1}, !Context k${index + 1}]`)
    expect((await bench.refuse(fileWith('!Context k0', `{ ${doubling.join(', ')} }`))).reason).toMatch(/too much/)
  })

  it('follows a long chain', async () => {
    const chain = Array.from({ length: 5_000 }, (_, index) => `k${index}: !Context k${index + 1}`)
    expect(await resolved('!Context k0', `{ ${chain.join(', ')}, k5000: end }`)).toBe('end')
  })
})

describe('!Format', () => {
  it.each<[string, string]>([
    ['[plain]', 'plain'],
    ['["%s and %s", a, !Context title]', 'a and Welcome'],
    ['["%s %s %s %s", 1, 1.5, true, ~]', '1 1.5 True None'],
    ['["%d of %i, 100%%", 2.9, 3]', '2 of 3, 100%'],
  ])('%s', async (value, result) => {
    expect(await resolved(`!Format ${value}`, '{ title: Welcome }')).toBe(result)
  })

  it.each<[string, RegExp]>([
    ['text', /Write it as/],
    ['[5]', /Write it as/],
    ['["%s"]', /fewer values/],
    ['["%s", a, b]', /more values/],
    ['["%d", a]', /takes a number/],
    ['["%s", [a]]', /Lists and mappings/],
    ['["%(name)s", a]', /"%\(" is not supported/],
    ['["100%", a]', /"%" is not supported/],
  ])('refuses %s', async (value, reason) => {
    expect(await reasonAgainst(`!Format ${value}`)).toMatch(reason)
  })
})

describe('!If', () => {
  it.each<[string, unknown]>([
    ['[true, yes it is, b]', 'yes it is'],
    ['[!Context nothing, a, { b: [!Context title] }]', { b: ['Welcome'] }],
    ['[!Context title]', true],
    ['[[]]', false],
  ])('%s', async (value, result) => {
    expect(await resolved(`!If ${value}`, '{ title: Welcome }')).toEqual(result)
  })

  it('does not look at what it does not take', async () => {
    expect(await resolved('!If [true, a, !KeyOf nobody]')).toBe('a')
    expect(await resolved('!If [false, !Format ["%s"], b]')).toBe('b')
  })

  it.each(['true', '[]', '[true, a]', '[true, a, b, c]'])('refuses %s', async (value) => {
    expect(await reasonAgainst(`!If ${value}`)).toMatch(/Write it as !If/)
  })
})

describe('!Env', () => {
  it.each<[string, unknown]>([
    ['STAGEDOOR_TITLE', 'From outside'],
    ['[STAGEDOOR_TITLE, other]', 'From outside'],
    ['STAGEDOOR_EMPTY', null],
    ['[STAGEDOOR_EMPTY, other]', 'other'],
    ['[STAGEDOOR_UNSET, !Env STAGEDOOR_TITLE]', 'From outside'],
  ])('%s', async (value, result) => {
    expect(await resolved(`!Env ${value}`)).toBe(result)
  })

  it.each(['PATH', 'SECRET_KEY', '__proto__', 'constructor', '[PATH, other]'])('does not tell %s', async (value) => {
    expect(await reasonAgainst(`!Env ${value}`)).toMatch(/may not read the environment variable/)
  })
})
