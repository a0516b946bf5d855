import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type StoreProvider, stores, type TestDatabase } from '../../../test/support/test-database.ts'
import { createSecretBox } from '../../credentials/secret-box.ts'
import { ConfigSecrets } from '../../db/config-secrets.ts'
import { StageRegistry } from '../../flow/registry.ts'
import { policies } from '../../policies/index.ts'
import { stages } from '../../stages/index.ts'
import { type BlueprintBench, createBench } from '../blueprint-bench.ts'
import { createModels } from './index.ts'

const secrets = new ConfigSecrets(createSecretBox(['a key for tests, and for nothing else']))

const flow = `
  - model: authentik_flows.flow
    id: flow
    identifiers: { slug: login }
    attrs: { name: Login, title: Welcome, designation: authentication }
`
const stage = `
  - { model: authentik_stages_dummy.dummystage, id: stage, identifiers: { name: dummy } }
`
const binding = `
  - model: authentik_flows.flowstagebinding
    id: binding
    identifiers: { target: !KeyOf flow, stage: !KeyOf stage, order: 10 }
`
const policy = `
  - { model: authentik_policies_dummy.dummypolicy, id: policy, identifiers: { name: refuse }, attrs: { wait_max: 0 } }
`
const file = (...entries: string[]) => `version: 1\nentries:${entries.join('')}`

function appliesOn(provider: StoreProvider): void {
  let store: TestDatabase
  let bench: BlueprintBench
  beforeEach(async () => {
    store = await createTestDatabase(provider)
    bench = createBench(store.database)
  })
  afterEach(() => store.drop())

  const prisma = () => store.database.prisma

  it('fills in the defaults of what is new', async () => {
    await bench.apply(file(flow, stage, binding))
    expect(await prisma().flow.findFirstOrThrow()).toMatchObject({
      slug: 'login',
      background: '',
      layout: 'stacked',
      compatibilityMode: false,
      deniedAction: 'message_continue',
      authentication: 'none',
      policyEngineMode: 'any',
    })
    expect(await prisma().flowStageBinding.findFirstOrThrow()).toMatchObject({
      evaluateOnPlan: false,
      reEvaluatePolicies: true,
      policyEngineMode: 'any',
      invalidResponseAction: 'retry',
    })
    expect(await prisma().stage.findFirstOrThrow()).toMatchObject({ kind: 'dummy', config: { throwError: false } })
  })

  it('reads every attribute of a flow and of a stage binding', async () => {
    const everything = `
  - model: authentik_flows.flow
    id: flow
    identifiers: { slug: login }
    attrs:
      name: Login
      title: Welcome
      designation: stage_configuration
      background: https://example.test/a.jpg
      layout: sidebar_left
      compatibility_mode: true
      denied_action: continue
      authentication: require_token
      policy_engine_mode: all
  - model: authentik_flows.flowstagebinding
    identifiers: { target: !KeyOf flow, stage: !KeyOf stage, order: -1 }
    attrs: { evaluate_on_plan: true, re_evaluate_policies: false, policy_engine_mode: all, invalid_response_action: restart_with_context }
`
    await bench.apply(file(stage, everything))
    expect(await prisma().flow.findFirstOrThrow()).toMatchObject({
      designation: 'stage_configuration',
      background: 'https://example.test/a.jpg',
      layout: 'sidebar_left',
      compatibilityMode: true,
      deniedAction: 'continue',
      authentication: 'require_token',
      policyEngineMode: 'all',
    })
    expect(await prisma().flowStageBinding.findFirstOrThrow()).toMatchObject({
      order: -1,
      evaluateOnPlan: true,
      reEvaluatePolicies: false,
      policyEngineMode: 'all',
      invalidResponseAction: 'restart_with_context',
    })
  })

  it('changes what an entry says, and leaves what it does not say', async () => {
    await bench.apply(file(flow, policy))
    await prisma().flow.updateMany({ data: { title: 'Edited', layout: 'content_left' } })

    const report = await bench.apply(
      file(`
  - { model: authentik_flows.flow, identifiers: { slug: login }, attrs: { title: Hello } }
  - { model: authentik_policies_dummy.dummypolicy, identifiers: { name: refuse }, attrs: { result: true, execution_logging: true } }
`),
    )
    expect(report.entries.map(({ outcome }) => outcome)).toEqual(['updated', 'updated'])
    expect(await prisma().flow.findFirstOrThrow()).toMatchObject({ title: 'Hello', layout: 'content_left', name: 'Login' })
    expect(await prisma().policy.findFirstOrThrow()).toMatchObject({
      kind: 'dummy',
      executionLogging: true,
      config: { result: true, waitMin: 5, waitMax: 0 },
    })
  })

  it('judges what it says together with what is stored', async () => {
    const redirect = `
  - model: authentik_stages_redirect.redirectstage
    identifiers: { name: away }
    attrs: { mode: static, target_static: https://example.test/ }
`
    await bench.apply(file(redirect))
    const text = file(`
  - { model: authentik_stages_redirect.redirectstage, identifiers: { name: away }, attrs: { mode: flow } }
`)
    expect(await bench.refuse(text)).toMatchObject({
      field: 'target_flow',
      reason: 'A redirect into a flow needs a target flow.',
    })
  })

  it('binds policies to flows and to stage bindings, by the id that both have for this', async () => {
    await bench.apply(
      file(
        flow,
        stage,
        binding,
        policy,
        `
  - model: authentik_policies.policybinding
    identifiers: { target: !KeyOf flow, policy: !KeyOf policy, order: 0 }
    attrs: { negate: true, timeout: 5, failure_result: true, enabled: false }
  - model: authentik_policies.policybinding
    identifiers: { target: !KeyOf binding, policy: !KeyOf policy, order: 0 }
`,
      ),
    )
    const [ofFlow] = await prisma().policyBinding.findMany({ where: { flow: { slug: 'login' } }, include: { policy: true } })
    const [ofBinding] = await prisma().policyBinding.findMany({ where: { stageBinding: { order: 10 } } })
    expect(ofFlow).toMatchObject({ policy: { name: 'refuse' }, negate: true, timeout: 5, failureResult: true, enabled: false })
    expect(ofBinding).toMatchObject({ flowId: null, negate: false, timeout: 30, failureResult: false, enabled: true })
  })

  it('binds groups and users too', async () => {
    const user = await prisma().user.create({
      data: { username: 'ada', usernameNormalized: 'ada', attributes: {}, name: 'Ada' },
    })
    await bench.apply(
      file(
        flow,
        `
  - { model: authentik_core.group, id: staff, identifiers: { name: staff }, attrs: { is_superuser: true, attributes: { a: 1 } } }
  - { model: authentik_core.group, identifiers: { name: guests } }
  - { model: authentik_policies.policybinding, identifiers: { target: !KeyOf flow, group: !KeyOf staff, order: 0 } }
  - { model: authentik_policies.policybinding, identifiers: { target: !KeyOf flow, user: ${user.id}, order: 1 } }
`,
      ),
    )
    const groups = await prisma().group.findMany({ orderBy: { numericId: 'asc' } })
    expect(groups).toMatchObject([
      { name: 'staff', numericId: 1, isSuperuser: true, attributes: { a: 1 } },
      { name: 'guests', numericId: 2, isSuperuser: false, attributes: {} },
    ])
    expect(await prisma().policyBinding.findMany({ orderBy: { order: 'asc' } })).toMatchObject([
      { groupId: groups[0]?.id, userId: null },
      { groupId: null, userId: user.id },
    ])
  })

  it('finds by key or by all other identifiers', async () => {
    const key = 'b3f4a3a0-6d5c-4a0e-9a51-0f4d8b7f6a11'
    const renamed = (slug: string) =>
      file(`
  - model: authentik_flows.flow
    identifiers: { pk: ${key}, slug: ${slug} }
    attrs: { name: Login, title: Welcome, designation: authentication }
`)
    await bench.apply(renamed('login'))
    expect(await prisma().flow.findMany()).toMatchObject([{ id: key, slug: 'login' }])
    await bench.apply(renamed('sign-in'))
    expect(await prisma().flow.findMany()).toMatchObject([{ id: key, slug: 'sign-in' }])
    await prisma().flow.updateMany({ data: { id: 'e2b1c9d4-3c3f-4a58-8a53-5d0b6a2c7e90' } })
    await bench.apply(renamed('sign-in'))
    expect(await prisma().flow.count()).toBe(1)
  })

  it('takes attributes it does not know where they say nothing', async () => {
    const text = file(`
  - model: authentik_stages_identification.identificationstage
    identifiers: { name: who }
    attrs: { user_fields: [email], sources: [], webauthn_stage: ~, template: "", options: {} }
`)
    expect((await bench.apply(text)).entries).toMatchObject([{ outcome: 'created' }])
  })
}

for (const { name, provider, available } of stores) {
  describe.skipIf(!available)(`entries on ${name}`, () => appliesOn(provider))
}

describe('the models', () => {
  it('include every kind of stage and policy', () => {
    const models = createModels(new StageRegistry(stages), policies, secrets)
    for (const { model } of [...stages, ...policies]) expect(models.has(model)).toBe(true)
  })

  it('are told apart by their names', () => {
    expect(() => createModels(new StageRegistry(stages), [...policies, ...policies], secrets)).toThrow(/same model/)
  })
})
