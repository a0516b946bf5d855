import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seedFlow } from '../../test/support/seed.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.ts'
import { createSecretBox } from '../credentials/secret-box.ts'
import { StageRegistry } from '../flow/registry.ts'
import { policies } from '../policies/index.ts'
import { stages } from '../stages/index.ts'
import { ConfigSecrets } from './config-secrets.ts'
import { StoredConfigurations } from './configurations.ts'

let store: TestDatabase
beforeAll(async () => {
  store = await createTestDatabase('sqlite')
})
afterAll(() => store.drop())

async function load() {
  const problems: object[] = []
  const { prisma, sql } = store.database
  const configurations = new StoredConfigurations({
    prisma,
    sql,
    stages: new StageRegistry(stages),
    policies,
    secrets: new ConfigSecrets(createSecretBox(['a key for tests, and for nothing else'])),
    misconfigured: (what) => void problems.push(what),
  })
  return { configuration: await configurations.at(0), configurations, problems }
}

describe('the stored configuration', () => {
  it('knows only policy bindings that are enabled, in their order', async () => {
    const { prisma } = store.database
    const { id, bindingIds } = await seedFlow(store.database, {
      slug: 'judged',
      stages: [{ kind: 'dummy', policies: [{ result: true }, { result: false }] }],
      policies: [{ result: true }, { result: true }, { result: false }],
    })
    const onFlow = await prisma.policyBinding.findMany({ where: { flowId: id }, orderBy: { order: 'asc' } })
    const [first, second, third] = onFlow
    await prisma.policyBinding.update({ where: { id: second?.id ?? '' }, data: { enabled: false } })
    await prisma.policyBinding.update({ where: { id: third?.id ?? '' }, data: { order: -1 } })
    await prisma.policyBinding.updateMany({ where: { stageBindingId: bindingIds[0] ?? '' }, data: { enabled: false } })
    const { configuration } = await load()

    expect(configuration.flowBySlug('judged')?.policies.bindings.map((binding) => binding.id)).toEqual([third?.id, first?.id])
    expect(configuration.bindingPolicies(bindingIds[0] ?? '')?.bindings).toEqual([])
  })

  it('completes what administrators wrote with the defaults of each kind', async () => {
    await seedFlow(store.database, {
      slug: 'completed',
      stages: [{ kind: 'user_login', config: { sessionDuration: 'hours=1' } }],
      policies: [{ result: true }],
    })
    const live = (await load()).configuration.flowBySlug('completed')

    expect(Object.values(live?.definition.stages ?? {})).toMatchObject([
      {
        kind: 'user_login',
        config: { sessionDuration: 'hours=1', rememberMeOffset: 'seconds=0', terminateOtherSessions: false },
      },
    ])
    expect(live?.policies.bindings).toMatchObject([
      { policy: { kind: 'dummy', config: { result: true, waitMin: 0, waitMax: 0 }, executionLogging: false } },
    ])
  })

  it('brings along the stages that a config names', async () => {
    const password = await store.database.prisma.stage.create({
      data: { name: 'embedded', kind: 'password', config: { backends: ['authentik.core.auth.InbuiltBackend'] } },
    })
    const config = { userFields: ['username'], passwordStage: password.id }
    await seedFlow(store.database, { slug: 'embedding', stages: [{ kind: 'identification', config }] })
    const stored = (await load()).configuration.flowBySlug('embedding')?.definition.stages ?? {}

    expect(stored[password.id]).toMatchObject({ name: 'embedded', kind: 'password' })
    expect(Object.keys(stored)).toHaveLength(2)
  })

  it('keeps a stage or policy that cannot be used, as one that always fails, and says so', async () => {
    const { stageIds, policyIds } = await seedFlow(store.database, {
      slug: 'broken',
      stages: [
        { kind: 'hologram', name: 'from the future' },
        { kind: 'password', name: 'without backends', config: {} },
      ],
      policies: [{ result: true }],
    })
    await store.database.prisma.policy.update({ where: { id: policyIds[0] ?? '' }, data: { config: { result: 'perhaps' } } })
    const { configuration, problems } = await load()
    const live = configuration.flowBySlug('broken')

    expect(stageIds.map((id) => live?.definition.stages[id]?.kind)).toEqual(['broken', 'broken'])
    expect(live?.policies.bindings).toMatchObject([{ policy: { kind: 'broken', config: {} } }])
    expect(problems).toEqual(
      expect.arrayContaining([
        { model: 'stage', name: 'from the future', problem: 'there is no kind "hologram"' },
        { model: 'stage', name: 'without backends', problem: expect.stringContaining('backends') },
        { model: 'policy', name: expect.any(String), problem: expect.stringContaining('result') },
      ]),
    )
  })

  it('addresses a definition by its content', async () => {
    await seedFlow(store.database, { slug: 'pinned', stages: [{ kind: 'dummy' }] })
    const [one, other] = await Promise.all([load(), load()])
    const id = one.configuration.flowBySlug('pinned')?.definition.id ?? ''

    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(other.configuration.flowBySlug('pinned')?.definition.id).toBe(id)
    expect((await one.configurations.pinned(id)).flow.slug).toBe('pinned')
  })
})
