import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type StoreProvider, stores, type TestDatabase } from '../../../test/support/test-database.ts'
import { StageRegistry } from '../../flow/registry.ts'
import { policies } from '../../policies/index.ts'
import { stages } from '../../stages/index.ts'
import { type BlueprintBench, createBench } from '../blueprint-bench.ts'
import { createModels } from './index.ts'

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
  - { model: authentik_policies_dummy.dummypolicy, id: policy, identifiers: { name: no }, attrs: { wait_max: 0 } }
`
const file = (...entries: string[]) => `version: 1\nentries:${entries.join('')}`

/** Where this text stands first. */
function placeOf(text: string, part: string) {
  const before = text.slice(0, text.indexOf(part)).split('\n')
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

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
  - { model: authentik_policies_dummy.dummypolicy, identifiers: { name: no }, attrs: { result: true, execution_logging: true } }
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
    expect(ofFlow).toMatchObject({ policy: { name: 'no' }, negate: true, timeout: 5, failureResult: true, enabled: false })
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

  it.each<[string, string, string, string | undefined, RegExp]>([
    [
      'an unknown model',
      '{ model: authentik_flows.flw, identifiers: { a: b } }',
      'authentik_flows.flw',
      'model',
      /There is no model/,
    ],
    [
      'an unknown state',
      '{ state: gone, model: authentik_core.group, identifiers: { name: a } }',
      'gone',
      'state',
      /Use one of: present/,
    ],
    ['no identifiers', '{ model: authentik_core.group, attrs: { name: a } }', '{ model', 'identifiers', /needs identifiers/],
    [
      'an unknown identifier',
      '{ model: authentik_core.group, identifiers: { title: a } }',
      'title: a',
      'title',
      /can be found by this/,
    ],
    [
      'an empty unknown identifier',
      '{ model: authentik_core.group, identifiers: { title: ~ } }',
      'title: ~',
      'title',
      /can be found by/,
    ],
    ['a bad key', '{ model: authentik_core.group, identifiers: { pk: 5, name: a } }', 'pk: 5', 'pk', /valid UUID/],
    [
      'an unknown attribute',
      '{ model: authentik_core.group, identifiers: { name: a }, attrs: { superuser: false } }',
      'superuser: false',
      'superuser',
      /has no such attribute/,
    ],
    [
      'a key among the attributes',
      '{ model: authentik_core.group, identifiers: { name: a }, attrs: { pk: b3f4a3a0-6d5c-4a0e-9a51-0f4d8b7f6a11 } }',
      'pk: b3',
      'pk',
      /has no such attribute/,
    ],
    [
      'the flow that configures a stage nobody can configure',
      '{ model: authentik_stages_dummy.dummystage, identifiers: { name: a }, attrs: { configure_flow: !KeyOf flow } }',
      'configure_flow',
      'configure_flow',
      /has no such attribute/,
    ],
    [
      'a wrong type',
      '{ model: authentik_core.group, identifiers: { name: a }, attrs: { is_superuser: "yes" } }',
      'is_superuser',
      'is_superuser',
      /Must be a valid boolean/,
    ],
    [
      'a wrong item of a list',
      '{ model: authentik_stages_identification.identificationstage, identifiers: { name: a }, attrs: { user_fields: [email, phone] } }',
      'phone',
      'user_fields.1',
      /"phone" is not a valid choice. Use one of: email, username, upn/,
    ],
    [
      'a missing attribute',
      '{ model: authentik_flows.flow, identifiers: { slug: b }, attrs: { name: B, title: B } }',
      '{ model: authentik_flows.flow, identifiers: { slug: b',
      'designation',
      /This field is required/,
    ],
    [
      'a choice that does not exist',
      '{ model: authentik_flows.flow, identifiers: { slug: login }, attrs: { authentication: require_nobody } }',
      'authentication: require_nobody',
      'authentication',
      /Use one of: none, require_authenticated/,
    ],
    [
      'a null where there must be something',
      '{ model: authentik_flows.flow, identifiers: { slug: login }, attrs: { denied_action: ~ } }',
      'denied_action',
      'denied_action',
      /may not be null/,
    ],
    [
      'a reference to nothing',
      '{ model: authentik_flows.flowstagebinding, identifiers: { target: !KeyOf flow, order: 0, stage: b3f4a3a0-6d5c-4a0e-9a51-0f4d8b7f6a11 } }',
      'stage: b3',
      'stage',
      /names nothing that exists/,
    ],
    [
      'a target that is no policy target',
      '{ model: authentik_policies.policybinding, identifiers: { target: !Find [authentik_flows.flow, [slug, login]], order: 0, group: ~ } }',
      'target: !Find',
      undefined,
      /Name one of policy, group and user/,
    ],
    [
      'the id of a flow where policies are bound',
      '{ model: authentik_policies.policybinding, identifiers: { target: !Find [authentik_flows.flow, [slug, login]], order: 0 }, attrs: { user: 1 } }',
      'target: !Find',
      'target',
      /names nothing that exists/,
    ],
    [
      'a stage that names no stage',
      '{ model: authentik_stages_identification.identificationstage, identifiers: { name: a }, attrs: { user_fields: [email], password_stage: b3f4a3a0-6d5c-4a0e-9a51-0f4d8b7f6a11 } }',
      'password_stage',
      'password_stage',
      /names a stage that does not exist/,
    ],
    [
      'a binding that asks two',
      '{ model: authentik_policies.policybinding, identifiers: { target: !KeyOf flow, order: 0 }, attrs: { user: 1, group: b3f4a3a0-6d5c-4a0e-9a51-0f4d8b7f6a11 } }',
      '{ model: authentik_policies',
      undefined,
      /Name one of policy, group and user/,
    ],
    [
      'a name that another kind has',
      '{ model: authentik_stages_deny.denystage, identifiers: { name: dummy } }',
      '{ model: authentik_stages_deny',
      undefined,
      /Another object has the same name/,
    ],
    [
      'identifiers of several objects',
      '{ model: authentik_flows.flow, identifiers: { designation: authentication }, attrs: { title: All } }',
      '{ designation',
      'identifiers',
      /More than one/,
    ],
    [
      'a second default brand',
      '{ model: authentik_brands.brand, identifiers: { domain: b.test }, attrs: { default: true } }',
      'default: true',
      'default',
      /Only one brand can be the default/,
    ],
  ])('refuses %s', async (_, entry, part, field, reason) => {
    await prisma().flow.create({
      data: { slug: 'other', name: 'Other', title: 'Other', designation: 'authentication' },
    })
    await prisma().brand.create({ data: { domain: 'a.test', default: true, attributes: {} } })
    const before = await bench.rows()
    const text = file(flow, stage, `\n  - ${entry}\n`)

    const error = await bench.refuse(text)
    expect(error.reason).toMatch(reason)
    const place = field === undefined ? placeOf(text, entry) : placeOf(text, part)
    expect(error).toMatchObject({ file: 'nowhere/test.yaml', field, ...place })
    expect(error.message).toContain(`nowhere/test.yaml:${place.line}:${place.column}: `)
    expect(error.entry).toContain(entry.match(/authentik_[a-z_.]+/)?.[0])
    expect(await bench.rows()).toEqual(before)
  })
}

for (const { name, provider, available } of stores) {
  describe.skipIf(!available)(`entries on ${name}`, () => appliesOn(provider))
}

describe('the models', () => {
  it('include every kind of stage and policy', () => {
    const models = createModels(new StageRegistry(stages), policies)
    for (const { model } of [...stages, ...policies]) expect(models.has(model)).toBe(true)
  })

  it('are told apart by their names', () => {
    expect(() => createModels(new StageRegistry(stages), [...policies, ...policies])).toThrow(/same model/)
  })
})
