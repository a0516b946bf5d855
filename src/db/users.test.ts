import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccount } from '../../test/support/test-app.ts'
import { createTestDatabase, stores, type TestDatabase } from '../../test/support/test-database.ts'
import { sha256Hex } from '../credentials/random.ts'
import { SqlUserDirectory } from './users.ts'

const now = new Date('2026-03-01T12:00:00.000Z')

describe.each(stores)('people in $name', ({ provider, available }) => {
  const test = it.skipIf(!available)
  let store: TestDatabase
  let users: SqlUserDirectory

  beforeAll(async () => {
    if (!available) return
    store = await createTestDatabase(provider)
    users = new SqlUserDirectory(store.database.sql)
  })
  afterAll(() => store?.drop())

  const account = (name: string, options?: Parameters<typeof createAccount>[2]) => createAccount(store.database, name, options)

  /** Groups by name, each below its parents; returns the id of each. */
  async function groups(parents: Readonly<Record<string, readonly string[]>>): Promise<Record<string, string>> {
    const ids: Record<string, string> = {}
    const { prisma } = store.database
    for (const name of Object.keys(parents)) {
      const numericId = (await prisma.group.count()) + 1_000_000
      ids[name] = (
        await prisma.group.create({ data: { name, numericId, attributes: {}, isSuperuser: name.includes('admin') } })
      ).id
    }
    for (const [name, above] of Object.entries(parents))
      for (const parent of above)
        await prisma.groupParent.create({ data: { groupId: ids[name] ?? '', parentId: ids[parent] ?? '' } })
    return ids
  }

  const join = (groupId: string | undefined, userId: number) =>
    store.database.prisma.groupMember.create({ data: { groupId: groupId ?? '', userId } })

  describe('are found', () => {
    test('by the fields that are asked for, and by no other', async () => {
      const { id } = await account('Finja')
      await store.database.prisma.user.update({ where: { id }, data: { attributes: { upn: 'finja@corp.test' } } })
      const find = async (text: string, ...fields: ('email' | 'username' | 'upn')[]) =>
        (await users.find(text, fields, false))?.id

      expect(await find('Finja', 'username')).toBe(id)
      expect(await find('Finja@example.test', 'email')).toBe(id)
      expect(await find('finja@corp.test', 'upn')).toBe(id)
      expect(await find('finja@corp.test', 'email', 'username', 'upn')).toBe(id)
      expect(await find('Finja', 'email', 'upn')).toBeUndefined()
      expect(await find('Finja@example.test', 'username')).toBeUndefined()
      expect(await find('Finja')).toBeUndefined()
    })

    test('in any spelling of case only where that is asked for', async () => {
      const { id } = await account('Çelik')
      await store.database.prisma.user.update({ where: { id }, data: { attributes: { upn: 'Celik@Corp.test' } } })

      for (const text of ['çelik', 'ÇELIK@EXAMPLE.TEST', 'CELIK@corp.TEST', 'C\u0327elik']) {
        expect((await users.find(text, ['username', 'email', 'upn'], true))?.id).toBe(id)
        expect(await users.find(text, ['username', 'email', 'upn'], false)).toBeUndefined()
      }
    })

    test('by their exact user name before anybody who has it as an address', async () => {
      const impostor = await account('impostor')
      const owner = await account('owner@corp.test')
      await store.database.prisma.user.update({
        where: { id: impostor.id },
        data: { email: 'owner@corp.test', emailNormalized: 'owner@corp.test' },
      })

      expect((await users.find('owner@corp.test', ['email', 'username'], true))?.id).toBe(owner.id)
    })

    test('with a disabled account as well', async () => {
      await account('dormant', { isActive: false })

      expect(await users.find('dormant', ['username'], true)).toMatchObject({ isActive: false })
    })

    test.each(['', '%', '_____', "' OR 1=1 --", 'nobody'])('by nothing that is not theirs: %j', async (text) => {
      expect(await users.find(text, ['username', 'email', 'upn'], true)).toBeUndefined()
    })
  })

  describe('are in groups', () => {
    test('that they joined, and in all above these, whatever way they hang together', async () => {
      const { id } = await account('member')
      const ids = await groups({ team: ['left', 'right'], left: ['top'], right: ['top'], top: ['team'], aside: ['top'] })
      await join(ids.team, id)

      expect(await users.groupIdsOf(id)).toEqual(new Set([ids.team, ids.left, ids.right, ids.top]))
      expect((await users.groupsOf(id)).map(({ name }) => name)).toEqual(['left', 'right', 'team', 'top'])
      expect(await users.isSuperuser(id)).toBe(false)
    })

    test('that make them administrators, from however far above', async () => {
      const { id } = await account('deputy')
      const other = await account('guest')
      const ids = await groups({ deputies: ['staff'], staff: ['admins'], admins: [] })
      await join(ids.deputies, id)

      expect(await users.isSuperuser(id)).toBe(true)
      expect(await users.isSuperuser(other.id)).toBe(false)
      expect(await users.groupIdsOf(other.id)).toEqual(new Set())
    })

    test('but not in those below', async () => {
      const { id } = await account('chief')
      const ids = await groups({ 'board admins': ['board'], board: [] })
      await join(ids.board, id)

      expect(await users.isSuperuser(id)).toBe(false)
    })
  })

  describe('are known by an API token', () => {
    const token = (identifier: string, userId: number, data: object) =>
      store.database.prisma.token.create({ data: { identifier, userId, keyHash: sha256Hex(identifier), intent: 'api', ...data } })

    test('for as long as it holds', async () => {
      const { id } = await account('robot')
      await token('endless', id, { expiring: false })
      await token('ending', id, { expiresAt: new Date(now.getTime() + 1) })
      await token('ended', id, { expiresAt: now })
      const owner = async (key: string) => (await users.byToken(sha256Hex(key), now))?.id

      expect(await Promise.all(['endless', 'ending', 'ended', 'unknown'].map(owner))).toEqual([id, id, undefined, undefined])
    })

    test('only if it is one for the API, of an account that is not disabled', async () => {
      const { id } = await account('program')
      const disabled = await account('retired', { isActive: false })
      await token('app password', id, { expiring: false, intent: 'app_password' })
      await token('of a disabled account', disabled.id, { expiring: false })

      expect(await users.byToken(sha256Hex('app password'), now)).toBeUndefined()
      expect(await users.byToken(sha256Hex('of a disabled account'), now)).toBeUndefined()
    })
  })

  test('may lose their password without losing their account', async () => {
    const { id } = await account('forgetful')
    const other = await account('mindful')
    await users.makePasswordUnusable(id)

    expect(await users.byId(id)).toMatchObject({ username: 'forgetful', passwordHash: undefined })
    expect((await users.byId(other.id))?.passwordHash).toBeDefined()
    expect(await users.byId(987_654)).toBeUndefined()
  })
})
