import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type StoreProvider, stores, type TestDatabase } from '../../test/support/test-database.ts'
import { applyBlueprint } from './apply.ts'
import { type BlueprintBench, createBench } from './blueprint-bench.ts'

const blueprint = `version: 1
context: { wanted: true }
entries:
  - model: authentik_flows.flow
    id: flow
    identifiers: { slug: login }
    attrs: { name: Login, title: Welcome, designation: authentication }
  - model: authentik_stages_dummy.dummystage
    id: stage
    identifiers: { name: dummy }
  - model: authentik_flows.flowstagebinding
    id: binding
    identifiers: { target: !KeyOf flow, stage: !KeyOf stage, order: 10 }
    attrs: { evaluate_on_plan: true }
  - model: authentik_policies_dummy.dummypolicy
    id: policy
    identifiers: { name: refuse }
  - model: authentik_policies.policybinding
    identifiers: { target: !KeyOf flow, policy: !KeyOf policy, order: 0 }
  - model: authentik_policies.policybinding
    identifiers: { target: !KeyOf binding, policy: !KeyOf policy, order: 0 }
  - model: authentik_core.group
    identifiers: { name: staff }
    attrs: { attributes: { b: 1, a: [1, { c: ~ }] } }
  - model: authentik_brands.brand
    identifiers: { domain: example.test }
    attrs: { flow_authentication: !KeyOf flow }
`

const group = (entry: string, name = 'staff') =>
  `version: 1\nentries:\n  - { model: authentik_core.group, identifiers: { name: ${name} }, ${entry} }\n`

function appliesOn(provider: StoreProvider): void {
  let store: TestDatabase
  let bench: BlueprintBench
  beforeEach(async () => {
    store = await createTestDatabase(provider)
    bench = createBench(store.database)
  })
  afterEach(() => store.drop())

  const prisma = () => store.database.prisma
  const outcomes = async (text: string) => (await bench.apply(text)).entries.map(({ outcome }) => outcome)

  it('says what became of every entry', async () => {
    const { path, name, entries, others } = await bench.apply(blueprint)
    expect({ path, name, others }).toEqual({ path: 'nowhere/test.yaml', name: '', others: [] })
    expect(entries.map(({ outcome }) => outcome)).toEqual(entries.map(() => 'created'))
    expect(entries[0]).toEqual({ entry: 'authentik_flows.flow (id flow)', line: 4, outcome: 'created' })
    expect(entries[4]?.entry).toBe('authentik_policies.policybinding (target: !KeyOf flow, policy: !KeyOf policy, order: 0)')
  })

  it('writes nothing when nothing has changed', async () => {
    await bench.apply(blueprint)
    const before = await bench.rows()

    const { entries } = await bench.apply(blueprint)
    expect(entries.map(({ outcome }) => outcome)).toEqual(entries.map(() => 'unchanged'))
    expect(await bench.rows()).toEqual(before)
  })

  it('says the same again after an edit in the database, without duplicates', async () => {
    await bench.apply(blueprint)
    const { flows } = await bench.rows()
    await prisma().flow.updateMany({ data: { title: 'Edited' } })

    expect((await bench.apply(blueprint)).entries[0]).toMatchObject({ outcome: 'updated' })
    expect(await bench.rows()).toMatchObject({ flows })
  })

  it('leaves nothing of a blueprint whose last entry is bad', async () => {
    const before = await bench.rows()
    const error = await bench.refuse(
      `${blueprint}  - { model: authentik_core.group, identifiers: { name: a }, attrs: { name: ~ , x: 1 } }\n`,
    )
    expect(error).toMatchObject({ line: 28, field: 'x' })
    expect(await bench.rows()).toEqual(before)
  })

  it('refuses version 2', async () => {
    expect(await bench.refuse(blueprint.replace('version: 1', 'version: 2'))).toMatchObject({ line: 1, field: 'version' })
    expect(await prisma().flow.count()).toBe(0)
  })

  it('gives a policy binding the id of its policy target, and a stage binding that of its flow', async () => {
    await bench.apply(blueprint)
    const flow = await prisma().flow.findUniqueOrThrow({ where: { slug: 'login' } })
    const binding = await prisma().flowStageBinding.findFirstOrThrow()
    expect(binding.flowId).toBe(flow.id)
    expect(flow.policyTargetId).not.toBe(flow.id)
    expect(await prisma().policyBinding.findMany({ orderBy: { flowId: { sort: 'asc', nulls: 'last' } } })).toMatchObject([
      { flowId: flow.id, stageBindingId: null },
      { flowId: null, stageBindingId: binding.id },
    ])
  })

  describe('an entry that should be', () => {
    it('created leaves what exists as it is, and can be referred to', async () => {
      await bench.apply(blueprint)
      const { blueprintInstances: _, ...before } = await bench.rows()
      const again = blueprint
        .replace('    id: flow\n', '    id: flow\n    state: created\n')
        .replace('title: Welcome', 'title: Other')
      expect(await outcomes(again)).toEqual(Array.from({ length: 8 }, () => 'unchanged'))
      expect(await bench.rows()).toMatchObject(before)
    })

    it('created is created where it does not exist', async () => {
      expect(await outcomes(group('state: created, attrs: { is_superuser: true }'))).toEqual(['created'])
      expect(await prisma().group.findFirstOrThrow()).toMatchObject({ isSuperuser: true })
    })

    it('must_created must not exist', async () => {
      expect(await outcomes(group('state: must_created'))).toEqual(['created'])
      expect(await bench.refuse(group('state: must_created'))).toMatchObject({
        line: 3,
        reason: expect.stringMatching(/exists already/),
      })
    })

    it('absent is deleted, whatever its attributes are', async () => {
      await bench.apply(group('state: present'))
      expect(await outcomes(group('state: absent, attrs: { is_superuser: perhaps, nonsense: 1 }'))).toEqual(['deleted'])
      expect(await prisma().group.count()).toBe(0)
      expect(await outcomes(group('state: absent'))).toEqual(['unchanged'])
    })

    it('absent leaves nothing to refer to', async () => {
      const text = `${group('id: gone, state: absent')}  - { model: authentik_flows.flow, identifiers: { slug: !KeyOf gone } }\n`
      expect(await bench.refuse(text)).toMatchObject({ line: 4, reason: expect.stringMatching(/left no object/) })
    })

    it('in a state that a tag says', async () => {
      expect(await outcomes(group('state: !If [true, absent, present]'))).toEqual(['unchanged'])
    })
  })

  describe('an entry with conditions', () => {
    it('is skipped unless all of them hold', async () => {
      expect(await outcomes(group('conditions: [true, !Condition [AND, a, ""]]'))).toEqual(['skipped'])
      expect(await prisma().group.count()).toBe(0)
      expect(await outcomes(group('conditions: [true, !Condition [OR, a, ""]]'))).toEqual(['created'])
    })

    it('may be of a model that only other servers know', async () => {
      const text = 'version: 1\nentries:\n  - { model: a.b, conditions: [!Context goauthentik.io/enterprise/licensed] }\n'
      expect(await outcomes(text)).toEqual(['skipped'])
    })

    it('cannot be referred to when it was skipped', async () => {
      const text = `${group('id: staff, conditions: [false]')}  - { model: authentik_core.group, identifiers: { name: !KeyOf staff } }\n`
      expect(await bench.refuse(text)).toMatchObject({
        line: 4,
        field: 'name',
        reason: expect.stringMatching(/"staff" was skipped/),
      })
    })
  })

  it('finds nothing beside a text that is in no folder', async () => {
    const entry = '  - { model: authentik_blueprints.metaapplyblueprint, attrs: { identifiers: { name: a }, required: false } }'
    expect(await outcomes(`version: 1\nentries:\n${entry}\n`)).toEqual(['skipped'])
  })

  it('applies a thousand entries', async () => {
    const entry = (index: number) => `- { model: authentik_core.group, identifiers: { name: g${index} } }\n`
    await bench.apply(`version: 1\nentries:\n${Array.from({ length: 1_000 }, (_, index) => entry(index)).join('')}`)
    expect(await prisma().group.count()).toBe(1_000)
  })
}

for (const { name, provider, available } of stores) {
  describe.skipIf(!available)(`applying a blueprint on ${name}`, () => appliesOn(provider))
}

it('keeps other processes from writing to the embedded database between its first look and its first change', async () => {
  const { database, dataDir, drop } = await createTestDatabase('sqlite')
  const other = new Sqlite(join(dataDir, 'stagedoor.db'), { timeout: 0 })
  const attempts: string[] = []
  const env = {
    get STAGEDOOR_TITLE() {
      attempts.push(attempt(() => other.exec('UPDATE "ConfigRevision" SET "revision" = "revision" + 1')))
      return 'read'
    },
  }
  const text = group('conditions: [!Condition [NOR, !Find [authentik_core.group, [name, staff]]], !Env STAGEDOOR_TITLE]')
  await applyBlueprint({ ...createBench(database).deps, env }, { path: 'nowhere/test.yaml', text })
  expect(attempts).toEqual(['SQLITE_BUSY'])
  expect(await database.prisma.group.count()).toBe(1)
  other.close()
  await drop()
})

function attempt(work: () => void): string {
  try {
    work()
    return 'done'
  } catch (error) {
    return (error as { code: string }).code
  }
}
