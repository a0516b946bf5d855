import { describe, expect, it } from 'vitest'
import { faces } from '../support/journey-clients.ts'
import type { JourneyClient } from '../support/journey-view.ts'
import { describeJourneys, signIn } from '../support/journeys.ts'
import { meetAtWrite } from '../support/meet-at-write.ts'
import { type SeedStage, seedPrompts } from '../support/seed.ts'

/** What nobody may say about an account, however a careless administrator has called a prompt. */
const hostile = [
  ...['id', 'pk', 'uuid', 'uid', 'is_active', 'isActive', 'is_superuser', 'isSuperuser', 'is_staff', 'type', 'path', 'groups'],
  ...['ak_groups', 'roles', 'passwordHash', 'password_hash', 'passwordChangedAt', 'createdAt', 'usernameNormalized', 'sessions'],
  ...['set_password', 'attribute_x', 'pending_user', 'USERNAME', 'toString', 'user_backend', 'auth_method'],
]
/** Keys that no form may have at all. */
const impossible = [
  'component',
  '__proto__',
  'constructor.prototype.isSuperuser',
  'attributes.__proto__.isSuperuser',
  'x__choices',
]

const write: SeedStage = { kind: 'user_write', config: { userCreationMode: 'create_when_required' } }
const login: SeedStage = { kind: 'user_login' }

describeJourneys('what people answer about an account', (ground) => {
  describe.each(faces)('over %s', (_, Client) => {
    const visit = () => new Client(ground.app.url)
    const form = async (keys: readonly string[]): Promise<SeedStage> => ({
      kind: 'prompt',
      config: {
        fields: await seedPrompts(
          ground.app.database,
          keys.map((fieldKey) => ({ fieldKey, type: 'text', required: false })),
        ),
      },
    })
    const row = (id: number) => ground.prisma.user.findUniqueOrThrow({ where: { id }, include: { groups: true } })
    const superuser = (client: JourneyClient) => client.read().then(() => isSuperuser(client))

    it.each([
      ['where prompts ask for it', hostile],
      ['where no prompt asks for it', []],
    ] as const)('changes nothing that is not theirs to change, %s', async (_where, keys) => {
      const [ada, root] = [await ground.person(), await ground.person({ superuser: true })]
      const { slug } = await ground.flow({
        stages: [await form([...keys, 'name']), write],
        flow: { designation: 'stage_configuration' },
      })
      const admins = await ground.prisma.group.findFirstOrThrow({ where: { members: { some: { userId: root.id } } } })
      const client = visit()
      await signIn(client, (await ground.flow()).slug, ada)
      const { updatedAt: _before, ...before } = await row(ada.id)
      const others = await row(root.id)

      for (const value of ['1', 'true', admins.id, String(root.id)]) {
        await client.start(slug)
        const answers = Object.fromEntries([...hostile, ...impossible].map((key) => [key, value]))
        expect(await client.answer('prompt', { ...answers, name: `Ada ${value}` })).toMatchObject({ kind: 'redirect' })
      }

      const { updatedAt: _after, ...after } = await row(ada.id)
      expect(after).toEqual({ ...before, name: `Ada ${root.id}` })
      expect(await row(root.id)).toEqual(others)
      expect(await superuser(client)).toBe(false)
      expect(await client.whoAmI()).toBe(ada.username)
    })

    it('makes no account that is more than another', async () => {
      const { slug } = await ground.flow({
        stages: [await form([...hostile, 'username']), write, login],
        flow: { designation: 'enrollment' },
      })
      const client = visit()
      await client.start(slug)
      const answers = Object.fromEntries(hostile.map((key) => [key, '1']))
      const username = `newcomer to ${slug}`
      expect(await client.answer('prompt', { ...answers, username })).toMatchObject({ kind: 'redirect' })

      const account = await ground.prisma.user.findUniqueOrThrow({ where: { username }, include: { groups: true } })
      expect(account).toMatchObject({
        type: 'external',
        path: 'users',
        attributes: {},
        passwordHash: null,
        groups: [],
        isActive: true,
      })
      expect(account.id).not.toBe(1)
      expect(await superuser(client)).toBe(false)
    })

    it.each(impossible)('cannot be asked for by the key %s: such a form lets nobody pass', async (key) => {
      const username = `nobody by ${key} ${ground.app.url}`
      const { slug } = await ground.flow({
        stages: [await form([key, 'username']), write, login],
        flow: { designation: 'enrollment' },
      })
      const client = visit()
      await client.start(slug)
      await client.answer('prompt', { [key]: 'x', username })

      expect(await ground.prisma.user.count({ where: { username } })).toBe(0)
      expect(await client.whoAmI()).toBeUndefined()
    })

    it('makes one account of one name, of two who want it at one instant', async () => {
      const { slug } = await ground.flow({
        stages: [await form(['username']), write, login],
        flow: { designation: 'enrollment' },
      })
      const username = `wanted in ${slug}`
      const clients = [visit(), visit()]
      for (const client of clients) await client.start(slug)
      meetAtWrite(ground.app.database, 2)

      const views = await Promise.all(clients.map((client) => client.answer('prompt', { username })))

      expect(await ground.prisma.user.count({ where: { username } })).toBe(1)
      expect(views.map(({ kind }) => kind).sort()).toEqual(['access_denied', 'redirect'])
      expect(views.find(({ kind }) => kind === 'access_denied')?.denied).toBe('Failed to update user. Please try again later.')
      expect((await Promise.all(clients.map((client) => client.whoAmI()))).filter(Boolean)).toEqual([username])
    })

    it('makes one account of a single invitation, of two who have it at one instant', async () => {
      const invitation = await ground.prisma.invitation.create({
        data: { name: `invitation ${crypto.randomUUID()}`, fixedData: {}, singleUse: true },
      })
      const stages = [await form(['username']), { kind: 'invitation' }, write, login]
      const { slug } = await ground.flow({ stages, flow: { designation: 'enrollment' } })
      const clients = [visit(), visit()]
      for (const client of clients) await client.start(slug, `itoken=${invitation.id}`)
      meetAtWrite(ground.app.database, 2)

      const views = await Promise.all(
        clients.map((client, index) => client.answer('prompt', { username: `guest ${index} of ${slug}` })),
      )

      expect(await ground.prisma.user.count({ where: { username: { endsWith: `of ${slug}` } } })).toBe(1)
      expect(views.map(({ kind }) => kind).sort()).toEqual(['access_denied', 'redirect'])
      expect(views.find(({ kind }) => kind === 'access_denied')?.denied).toBe('Invalid invite/invite not found')
    })

    it('keeps nobody from signing in by an address that somebody else only claims to have', async () => {
      const unproven = { kind: 'user_write', config: { userCreationMode: 'always_create', createUsersAsInactive: true } }
      const { slug } = await ground.flow({
        stages: [await form(['username', 'email']), unproven],
        flow: { designation: 'enrollment' },
      })
      const address = `claimed.${slug}@example.test`
      const squatter = visit()
      await squatter.start(slug)
      await squatter.answer('prompt', { username: `squatter in ${slug}`, email: address })
      const ada = await ground.person()
      await ground.prisma.user.update({ where: { id: ada.id }, data: { email: address, emailNormalized: address } })
      const client = visit()

      const done = await signIn(client, (await ground.flow()).slug, { ...ada, username: address.toUpperCase() })

      expect(done).toMatchObject({ kind: 'redirect' })
      expect(await client.whoAmI()).toBe(ada.username)
    })
  })
})

/** What both APIs say of who is signed in. */
async function isSuperuser(client: JourneyClient): Promise<boolean> {
  const page = client as JourneyClient & { send(method: string, path: string): Promise<Response> }
  const { user } = (await (await page.send('GET', '/api/v3/core/users/me/')).json()) as { user: { is_superuser: boolean } }
  return user.is_superuser
}
