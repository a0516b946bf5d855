import { describe, expect, it } from 'vitest'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, type Ground, signIn } from '../support/journeys.ts'
import type { Account } from '../support/test-app.ts'

describeJourneys('a flow for some people', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const admits = (...who: [Account | undefined, string]) => lets(ground, new Client(ground.app.url), ...who)

    it('is for the user it is bound to, and for nobody else', async () => {
      const [ada, bob] = [await ground.person(), await ground.person()]
      const slug = await flowFor(ground, [{ userId: ada.id }])

      expect(await admits(ada, slug)).toBe(true)
      expect(await admits(bob, slug)).toBe(false)
      expect(await admits(undefined, slug)).toBe(false)
    })

    it('is for everybody else, where the binding is negated; not for somebody unknown', async () => {
      const [ada, bob] = [await ground.person(), await ground.person()]
      const slug = await flowFor(ground, [{ userId: ada.id, negate: true }])

      expect(await admits(ada, slug)).toBe(false)
      expect(await admits(bob, slug)).toBe(true)
      expect(await admits(undefined, slug)).toBe(false)
    })

    it('is for the members of a group and of the groups below it, not of those above', async () => {
      const [ada, bob, eve] = [await ground.person(), await ground.person(), await ground.person()]
      const top = await group(ground)
      const middle = await group(ground, { parents: [top], members: [eve] })
      const bottom = await group(ground, { parents: [middle], members: [ada] })

      const [forTop, forBottom] = [await flowFor(ground, [{ groupId: top }]), await flowFor(ground, [{ groupId: bottom }])]

      expect(await admits(ada, forTop)).toBe(true)
      expect(await admits(eve, forTop)).toBe(true)
      expect(await admits(eve, forBottom)).toBe(false)
      expect(await admits(bob, forTop)).toBe(false)
    })

    it('survives groups that are above one another', async () => {
      const ada = await ground.person()
      const [one, two] = [await group(ground, { members: [ada] }), await group(ground)]
      await ground.prisma.groupParent.createMany({
        data: [
          { groupId: one, parentId: two },
          { groupId: two, parentId: one },
        ],
      })

      expect(await admits(ada, await flowFor(ground, [{ groupId: two }]))).toBe(true)
    })

    it.each([
      { policyEngineMode: 'any', member: false, policy: true, admitted: true },
      { policyEngineMode: 'any', member: true, policy: false, admitted: true },
      { policyEngineMode: 'any', member: false, policy: false, admitted: false },
      { policyEngineMode: 'all', member: false, policy: true, admitted: false },
      { policyEngineMode: 'all', member: true, policy: false, admitted: false },
      { policyEngineMode: 'all', member: true, policy: true, admitted: true },
    ] as const)(
      'counts all memberships as one voice beside the policies ($policyEngineMode, $member, $policy)',
      async (given) => {
        const { policyEngineMode, member, policy, admitted } = given
        const [ada, bob] = [await ground.person(), await ground.person()]
        const bindings = [{ userId: member ? ada.id : bob.id }]
        const slug = await flowFor(ground, bindings, { flow: { policyEngineMode }, policies: [{ result: policy }] })

        expect(await admits(ada, slug)).toBe(admitted)
      },
    )

    it('asks for every membership in mode all', async () => {
      const ada = await ground.person()
      const [joined, other] = [await group(ground, { members: [ada] }), await group(ground)]
      const bindings = [{ groupId: joined }, { groupId: other }]

      expect(await admits(ada, await flowFor(ground, bindings))).toBe(true)
      expect(await admits(ada, await flowFor(ground, bindings, { flow: { policyEngineMode: 'all' } }))).toBe(false)
    })

    it('is for everybody while all of its bindings are disabled', async () => {
      const ada = await ground.person()
      const slug = await flowFor(ground, [{ userId: ada.id, enabled: false }])

      expect(await admits(undefined, slug)).toBe(true)
    })

    it('asks about whoever has identified themselves, not about who is signed in', async () => {
      const [ada, bob, login] = [await ground.person(), await ground.person(), await ground.flow()]
      const { slug, bindingIds } = await ground.flow({
        stages: [{ kind: 'identification' }, { kind: 'dummy' }, { kind: 'password' }],
      })
      await ground.prisma.policyBinding.create({ data: { stageBindingId: String(bindingIds[1]), userId: ada.id, order: 0 } })
      for (const typed of [bob.username, 'nobody']) {
        const client = new Client(ground.app.url)
        await signIn(client, login.slug, ada)
        await client.start(slug)
        expect(await client.answer('identification', { uidField: typed })).toMatchObject({ kind: 'password' })
      }

      const other = new Client(ground.app.url)
      await other.start(slug)
      expect(await other.answer('identification', { uidField: ada.username })).toMatchObject({ kind: 'dummy' })
    })

    it('looks at memberships as they are now', async () => {
      const ada = await ground.person()
      const staff = await group(ground)
      const { slug, bindingIds } = await ground.flow({
        stages: [{ kind: 'identification' }, { kind: 'dummy' }, { kind: 'password' }],
      })
      await ground.prisma.policyBinding.create({ data: { stageBindingId: String(bindingIds[1]), groupId: staff, order: 0 } })
      const client = new Client(ground.app.url)
      await client.start(slug)
      await ground.prisma.groupMember.create({ data: { groupId: staff, userId: ada.id } })
      expect(await client.answer('identification', { uidField: ada.username })).toMatchObject({ kind: 'dummy' })

      await ground.prisma.groupMember.deleteMany({ where: { groupId: staff } })

      expect(await client.read()).toMatchObject({ kind: 'password' })
    })
  })
})

interface Membership {
  readonly userId?: number
  readonly groupId?: string
  readonly negate?: boolean
  readonly enabled?: boolean
}

/** A flow whose policy bindings are these memberships, beside what else is given. */
async function flowFor(ground: Ground, members: readonly Membership[], rest: Parameters<Ground['flow']>[0] = {}) {
  const flow = { designation: 'stage_configuration', ...rest.flow } as const
  const { id, slug } = await ground.flow({ stages: [{ kind: 'dummy' }], ...rest, flow })
  const data = members.map((membership, order) => ({ ...membership, flowId: id, order }))
  await ground.prisma.policyBinding.createMany({ data })
  return slug
}

let groups = 1000

async function group(
  { prisma }: Ground,
  { parents = [], members = [] }: { parents?: readonly string[]; members?: readonly Account[] } = {},
): Promise<string> {
  groups += 1
  const { id } = await prisma.group.create({
    data: {
      name: `group ${groups}`,
      numericId: groups,
      attributes: {},
      parents: { create: parents.map((parentId) => ({ parentId })) },
      members: { create: members.map(({ id: userId }) => ({ userId })) },
    },
  })
  return id
}

/** Whether the flow shows its stage to somebody who is signed in, or to nobody in particular. */
async function lets(ground: Ground, client: JourneyClient, who: Account | undefined, slug: string): Promise<boolean> {
  if (who) await signIn(client, (await ground.flow()).slug, who)
  const { kind } = await client.start(slug)
  expect(kind).toMatch(/^(dummy|access_denied)$/)
  return kind === 'dummy'
}
