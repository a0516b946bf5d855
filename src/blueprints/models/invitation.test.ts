import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type StoreProvider, stores, type TestDatabase } from '../../../test/support/test-database.ts'
import { type BlueprintBench, createBench } from '../blueprint-bench.ts'

const model = 'authentik_stages_invitation.invitation'

/** One invitation, with these attributes. */
const letter = (attrs = '', more = '') => `
version: 1
metadata: { name: Letters }
entries:
  - model: authentik_flows.flow
    id: flow
    identifiers: { slug: by-invitation }
    attrs: { name: By invitation, title: Welcome, designation: enrollment }
  - model: ${model}
    identifiers: { name: for-ada }
    attrs: { ${attrs} }
    ${more}
`
const whole =
  'expires: "2026-04-01T12:00:00Z", fixed_data: { name: Ada, attributes.team: crew }, single_use: true, flow: !KeyOf flow'

function appliesOn(provider: StoreProvider): void {
  let store: TestDatabase
  let bench: BlueprintBench
  beforeEach(async () => {
    store = await createTestDatabase(provider)
    bench = createBench(store.database)
  })
  afterEach(() => store.drop())

  const outcome = async (text: string) => (await bench.apply(text)).entries.at(-1)?.outcome
  const stored = () => store.database.prisma.invitation.findMany({ include: { flow: { select: { slug: true } } } })

  it('stores what it says, and what it does not say is of no effect', async () => {
    expect(await outcome(letter(whole))).toBe('created')
    expect(await stored()).toMatchObject([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        name: 'for-ada',
        expiresAt: new Date('2026-04-01T12:00:00Z'),
        fixedData: { name: 'Ada', 'attributes.team': 'crew' },
        singleUse: true,
        flow: { slug: 'by-invitation' },
      },
    ])
    await outcome(letter().replace('for-ada', 'for-anybody'))
    expect((await stored())[1]).toMatchObject({ expiresAt: null, fixedData: {}, singleUse: false, flow: null })
  })

  it('changes nothing the second time, however the moment is spelled', async () => {
    await bench.apply(letter(whole))
    const before = await bench.rows()

    expect(await outcome(letter(whole))).toBe('unchanged')
    expect(await bench.rows()).toEqual(before)
    expect(await outcome(letter(whole.replace('12:00:00Z', '14:00:00+02:00')))).toBe('unchanged')
    const { invitations, flows } = await bench.rows()
    expect({ invitations, flows }).toEqual({ invitations: before.invitations, flows: before.flows })
  })

  it('keeps what is not mentioned, and changes what is', async () => {
    await bench.apply(letter(whole))
    expect(await outcome(letter('single_use: false'))).toBe('updated')
    expect(await stored()).toMatchObject([
      { expiresAt: new Date('2026-04-01T12:00:00Z'), fixedData: { name: 'Ada' }, singleUse: false, flow: {} },
    ])
    expect(await outcome(letter('single_use: true, expires: null, fixed_data: { name: Grace }'))).toBe('updated')
    expect(await stored()).toMatchObject([
      { expiresAt: null, fixedData: { name: 'Grace' }, singleUse: true, flow: { slug: 'by-invitation' } },
    ])
    expect(await outcome(letter('flow: null'))).toBe('updated')
    expect(await stored()).toMatchObject([{ flow: null, singleUse: true }])
  })

  it('is taken back', async () => {
    await bench.apply(letter(whole))
    expect(await outcome(letter('', 'state: absent'))).toBe('deleted')
    expect(await stored()).toEqual([])
  })

  it('is made again by who applies it again after it was used, with another id', async () => {
    await bench.apply(letter(whole))
    const [first] = await stored()
    await store.database.prisma.invitation.deleteMany()
    expect(await outcome(letter(whole))).toBe('created')
    expect((await stored())[0]?.id).not.toBe(first?.id)
  })

  it.each([
    ['a moment that is none', 'expires: tomorrow', 'expires'],
    ['a flow that there is not', 'flow: 6f2d1f0e-0c0b-4e5a-9a43-000000000001', 'flow'],
    ['fixed data that is no object', 'fixed_data: [Ada]', 'fixed_data'],
    ['what it does not know', 'created_by: 7', 'created_by'],
  ])('refuses %s', async (_, attrs, field) => {
    expect(await bench.refuse(letter(attrs))).toMatchObject({ field })
    expect(await stored()).toEqual([])
  })
}

for (const { name, provider, available } of stores) {
  describe.skipIf(!available)(`an invitation in a blueprint, on ${name}`, () => appliesOn(provider))
}
