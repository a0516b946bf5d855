import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type StoreProvider, stores, type TestDatabase } from '../../../test/support/test-database.ts'
import { type BlueprintBench, createBench } from '../blueprint-bench.ts'

/** A flow and a stage, and then the entry. */
const fileWith = (entry: string) => `version: 1
entries:
  - model: authentik_flows.flow
    id: flow
    identifiers: { slug: login }
    attrs: { name: Login, title: Welcome, designation: authentication }
  - { model: authentik_stages_dummy.dummystage, identifiers: { name: dummy } }
  - ${entry}
`

/** Where this text stands first. */
function placeOf(text: string, part: string) {
  const before = text.slice(0, text.indexOf(part)).split('\n')
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

function refusesOn(provider: StoreProvider): void {
  let store: TestDatabase
  let bench: BlueprintBench
  beforeEach(async () => {
    store = await createTestDatabase(provider)
    bench = createBench(store.database)
  })
  afterEach(() => store.drop())

  const prisma = () => store.database.prisma

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
    [
      'no identifiers',
      '{ model: authentik_core.group, attrs: { name: a } }',
      '{ model: authentik_core',
      'identifiers',
      /needs identifiers/,
    ],
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
      /names nothing that exists/,
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
  ])('is refused: %s', async (_, entry, part, field, reason) => {
    await prisma().flow.create({
      data: { slug: 'other', name: 'Other', title: 'Other', designation: 'authentication' },
    })
    await prisma().brand.create({ data: { domain: 'a.test', default: true, attributes: {} } })
    const before = await bench.rows()
    const text = fileWith(entry)

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
  describe.skipIf(!available)(`an entry that is wrong, on ${name},`, () => refusesOn(provider))
}
