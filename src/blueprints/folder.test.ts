import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.ts'
import { applyBlueprint, applyFolder } from './apply.ts'
import { type BlueprintBench, createBench } from './blueprint-bench.ts'

let store: TestDatabase
let bench: BlueprintBench
let home: string
let folder: string
beforeEach(async () => {
  store = await createTestDatabase('sqlite')
  bench = createBench(store.database)
  home = mkdtempSync(join(tmpdir(), 'stagedoor-blueprints-'))
  folder = join(home, 'blueprints')
})
afterEach(async () => {
  await store.drop()
  rmSync(home, { recursive: true })
})

const groups = () => store.database.prisma.group.findMany({ orderBy: { numericId: 'asc' } })
const names = async () => (await groups()).map(({ name }) => name)

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

const group = (name: string, { label = name, superuser = false, first = '' } = {}) => `version: 1
metadata: { name: ${label} }
entries:
${first && `  - { model: authentik_blueprints.metaapplyblueprint, attrs: ${first} }\n`}  - model: authentik_core.group
    identifiers: { name: ${name} }
    attrs: { is_superuser: ${superuser} }
`

describe('a folder of blueprints', () => {
  it('is applied in the order of the names, with the folders in it', async () => {
    write('b.yaml', group('b'))
    write('a.yaml', group('a'))
    write('more/c.yaml', group('c'))
    const reports = await applyFolder(bench.deps, folder)
    expect(reports.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
    expect(await names()).toEqual(['a', 'b', 'c'])
  })

  it('leaves out what is hidden, no YAML, or asks to be left out', async () => {
    write('..data/a.yaml', group('a'))
    write('.b.yaml', group('b'))
    write('c.yml', group('c'))
    write('d.yaml', group('d').replace('{ name: d }', '{ name: d, labels: { blueprints.goauthentik.io/instantiate: "False" } }'))
    mkdirSync(join(folder, 'e.yaml'))
    expect(await applyFolder(bench.deps, folder)).toEqual([])
  })

  it('may hold links to files', async () => {
    write('..data/a.yaml', group('a'))
    symlinkSync(join('..data', 'a.yaml'), join(folder, 'a.yaml'))
    expect(await applyFolder(bench.deps, folder)).toHaveLength(1)
  })

  it('is not applied at all when one of its files cannot be read', async () => {
    write('a.yaml', group('a'))
    write('b.yaml', 'version: 1\nentries: [')
    await expect(applyFolder(bench.deps, folder)).rejects.toMatchObject({ file: join(folder, 'b.yaml'), line: 2 })
    write('b.yaml', '\xff')
    writeFileSync(join(folder, 'b.yaml'), Buffer.from([0x61, 0xff]))
    await expect(applyFolder(bench.deps, folder)).rejects.toThrow(/b.yaml:1:1: The file is not UTF-8/)
    writeFileSync(join(folder, 'b.yaml'), Buffer.alloc(1_048_577))
    await expect(applyFolder(bench.deps, folder)).rejects.toThrow(/b.yaml:1:1: .* 1 MiB/)
    expect(await names()).toEqual([])
  })
})

describe('what an operator edits in the database', () => {
  const edit = () => store.database.prisma.group.updateMany({ data: { isSuperuser: true } })
  const edited = async () => (await groups()).map(({ isSuperuser }) => isSuperuser)

  it('stays until the file changes', async () => {
    write('a.yaml', group('a'))
    await applyFolder(bench.deps, folder)
    await edit()
    const before = await bench.rows()

    expect(await applyFolder(bench.deps, folder)).toEqual([])
    expect(await bench.rows()).toEqual(before)

    write('a.yaml', `${group('a')}# changed`)
    expect(await applyFolder(bench.deps, folder)).toMatchObject([{ entries: [{ outcome: 'updated' }] }])
    expect(await edited()).toEqual([false])
  })

  it('stays when the folder is moved', async () => {
    write('a.yaml', group('a'))
    await applyFolder(bench.deps, folder)
    await edit()
    renameSync(folder, join(home, 'elsewhere'))
    expect(await applyFolder(bench.deps, join(home, 'elsewhere'))).toEqual([])
  })

  it('stays when the file is needed by one that has changed', async () => {
    write('a.yaml', group('a'))
    write('b.yaml', group('b', { first: '{ identifiers: { name: a } }' }))
    await applyFolder(bench.deps, folder)
    await edit()

    write('b.yaml', `${group('b', { first: '{ identifiers: { name: a } }' })}# changed`)
    expect(await applyFolder(bench.deps, folder)).toMatchObject([{ name: 'b', others: [] }])
    expect(await edited()).toEqual([true, false])
  })

  it('is not remembered as applied when applying fails', async () => {
    write('a.yaml', group('a').replace('false', 'perhaps'))
    await expect(applyFolder(bench.deps, folder)).rejects.toThrow(/Must be a valid boolean/)
    expect(await store.database.prisma.blueprintInstance.count()).toBe(0)
  })

  it('is overwritten by a file that is applied by itself, and that is remembered', async () => {
    write('a.yaml', group('a'))
    await applyFolder(bench.deps, folder)
    await edit()
    const source = { path: join(folder, 'a.yaml'), text: group('a') }
    expect(await applyBlueprint(bench.deps, source)).toMatchObject({ entries: [{ outcome: 'updated' }] })

    await applyBlueprint(bench.deps, { ...source, text: `${group('a')}# changed` })
    write('a.yaml', `${group('a')}# changed`)
    await edit()
    expect(await applyFolder(bench.deps, folder)).toEqual([])
  })
})

describe('a blueprint that needs another one', () => {
  it('has it applied first, once, and together with itself', async () => {
    write('a.yaml', group('a', { first: '{ identifiers: { name: z } }' }))
    write('z.yaml', group('z'))
    expect(await applyFolder(bench.deps, folder)).toMatchObject([
      {
        name: 'a',
        entries: [{ outcome: 'updated' }, { outcome: 'created' }],
        others: [{ name: 'z', entries: [{ outcome: 'created' }] }],
      },
    ])
    expect(await names()).toEqual(['z', 'a'])
  })

  it('is applied whole with it, or not at all', async () => {
    write('a.yaml', group('a', { first: '{ identifiers: { name: z } }' }).replace('false', 'perhaps'))
    write('z.yaml', group('z'))
    await expect(applyFolder(bench.deps, folder)).rejects.toMatchObject({ file: join(folder, 'a.yaml') })
    expect(await names()).toEqual([])
  })

  it('says which file is wrong', async () => {
    write('a.yaml', group('a', { first: '{ identifiers: { name: z } }' }))
    write('z.yaml', group('z').replace('false', 'perhaps'))
    await expect(applyFolder(bench.deps, folder)).rejects.toMatchObject({
      file: join(folder, 'z.yaml'),
      line: 6,
      field: 'is_superuser',
    })
  })

  it.each(['{ identifiers: { name: z }, required: false }', '{ identifiers: { name: z }, required: no }'])(
    'does without it: %s',
    async (first) => {
      write('a.yaml', group('a', { first }))
      expect(await applyFolder(bench.deps, folder)).toMatchObject([{ entries: [{ outcome: 'skipped' }, { outcome: 'created' }] }])
    },
  )

  it.each<[string, RegExp]>([
    ['{ identifiers: { name: z } }', /a.yaml:4:\d+: .*"identifiers.name": No blueprint of this folder has that name/],
    ['{ identifiers: { name: a } }', /a.yaml:4:\d+: .*needs this one to be applied first/],
    ['{ identifiers: { path: z.yaml } }', /a.yaml:4:\d+: .*"identifiers.path": There is no such attribute/],
    ['{ identifiers: { name: z }, require: true }', /a.yaml:4:\d+: .*"require": There is no such attribute/],
    ['{ identifiers: { name: z }, required: "no" }', /a.yaml:4:\d+: .*"required": Must be a valid boolean/],
    ['{ required: false }', /a.yaml:4:\d+: .*"identifiers": This field is required/],
    ['{ identifiers: { name: z } }, identifiers: { name: z }', /a.yaml:4:\d+: .*Write them into the attrs/],
    ['{ identifiers: { name: z } }, state: absent', /a.yaml:4:\d+: .*can only be applied/],
  ])('refuses %s', async (first, reason) => {
    write('a.yaml', group('a', { first }))
    await expect(applyFolder(bench.deps, folder)).rejects.toThrow(reason)
    expect(await names()).toEqual([])
  })

  it('may not be needed by it in turn', async () => {
    write('a.yaml', group('a', { first: '{ identifiers: { name: z } }' }))
    write('z.yaml', group('z', { first: '{ identifiers: { name: a } }' }))
    await expect(applyFolder(bench.deps, folder)).rejects.toThrow(/z.yaml:4:\d+: .*needs this one to be applied first/)
  })

  it('finds it among the files beside it when it is applied by itself', async () => {
    const text = group('a', { first: '{ identifiers: { name: z } }' })
    write('a.yaml', text)
    write('compose.yaml', 'services: {}')
    write('z.yaml', group('z'))
    expect(await applyBlueprint(bench.deps, { path: join(folder, 'a.yaml'), text })).toMatchObject({ others: [{ name: 'z' }] })
    expect(await applyBlueprint(bench.deps, { path: join(folder, 'a.yaml'), text })).toMatchObject({ others: [] })
  })
})
