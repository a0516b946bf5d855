import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccount } from '../../test/support/test-app.ts'
import { createTestDatabase, stores, type TestDatabase } from '../../test/support/test-database.ts'
import { createSecretBox } from '../credentials/secret-box.ts'
import type { NewAuthenticator } from '../flow/authenticators.ts'
import type { Visitor } from '../flow/session.ts'
import { AuthenticatorImport } from './authenticator-import.ts'
import { SqlAuthenticatorDirectory } from './authenticators.ts'

const box = createSecretBox(['a key for tests, and for nothing else'])
const now = () => new Date('2026-03-01T12:00:00.000Z')
const visitor = { clientIp: '192.0.2.7', requestId: 'request-1' } as Visitor
const event = { action: 'model_created' }

describe.each(stores)('what people have set up, on $name', ({ provider, available }) => {
  const test = it.skipIf(!available)
  let store: TestDatabase
  let directory: SqlAuthenticatorDirectory
  let imports: AuthenticatorImport
  let made = 0
  beforeAll(async () => {
    if (!available) return
    store = await createTestDatabase(provider)
    directory = new SqlAuthenticatorDirectory(store.database.sql, box)
    imports = new AuthenticatorImport(store.database.sql, box, now)
  })
  afterAll(() => store?.drop())

  async function person() {
    made += 1
    return (await createAccount(store.database, `person${made}`)).id
  }
  const add = (authenticator: Partial<NewAuthenticator> & { userId: number }) =>
    imports.add({ kind: 'duo', stageId: 'stage', name: '', data: { code: 'one' }, ...authenticator }, event, visitor)
  const begun = async (userId: number, kind = 'duo', stageId = 'stage') => (await directory.begun(userId, kind, stageId))?.data

  test('is no authenticator while it is only begun', async () => {
    const ada = await person()
    await add({ userId: ada, lookup: 'begun', confirmed: false })

    expect(await begun(ada)).toEqual({ code: 'one' })
    expect(await directory.of(ada)).toEqual([])
    expect(await directory.find('duo', 'begun')).toBeUndefined()
  })

  test('is begun by one person, with one stage, as one kind', async () => {
    const [ada, grace] = [await person(), await person()]
    await add({ userId: ada, confirmed: false })
    await add({ userId: ada, stageId: 'another', data: { code: 'another' }, confirmed: false })

    expect([await begun(ada), await begun(ada, 'duo', 'another')]).toEqual([{ code: 'one' }, { code: 'another' }])
    expect([await begun(grace), await begun(ada, 'totp'), await begun(ada, 'duo', 'third')]).toEqual(Array(3).fill(undefined))
  })

  test('gives way to what is begun after it, and to what it becomes', async () => {
    const ada = await person()
    await add({ userId: ada, confirmed: false })
    await add({ userId: ada, stageId: 'another', confirmed: false })
    await add({ userId: ada, data: { code: 'two' }, confirmed: false })
    expect(await begun(ada)).toEqual({ code: 'two' })
    await add({ userId: ada, data: { code: 'done' } })

    expect(await begun(ada)).toBeUndefined()
    expect(await begun(ada, 'duo', 'another')).toEqual({ code: 'one' })
    expect((await directory.of(ada)).map(({ data }) => data)).toEqual([{ code: 'done' }])
    await add({ userId: ada, data: { code: 'three' }, confirmed: false })
    expect((await directory.of(ada)).map(({ data }) => data)).toEqual([{ code: 'done' }])
  })

  test('is refused whole where somebody has it, or nobody is there to have it', async () => {
    const ada = await person()
    const events = () => store.database.prisma.event.count()
    expect(await add({ userId: ada, lookup: 'mine' })).toBe(true)
    const before = await events()

    expect(await add({ userId: await person(), lookup: 'mine' })).toBe(false)
    expect(await add({ userId: 999_999 })).toBe(false)
    expect(await events()).toBe(before)
  })

  test('is found by names, many at once and exactly as they are', async () => {
    const ada = await person()
    const names = Array.from({ length: 5000 }, (_, place) => `nobody${place}`)
    const found = await imports.idsByUsername([...names, `person${made}`, `PERSON${made}`, `' OR 1=1 --`, '"'])

    expect([...found]).toEqual([[`person${made}`, ada]])
    expect([...(await imports.idsByUsername([]))]).toEqual([])
  })
})
