import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAccount } from '../../test/support/test-app.ts'
import { createTestDatabase, type StoreProvider, stores, type TestDatabase } from '../../test/support/test-database.ts'
import { createSecretBox } from '../credentials/secret-box.ts'
import { authenticatorContext } from './authenticators.ts'
import { configContext } from './config-secrets.ts'
import { reseal } from './reseal.ts'

const oldKey = 'the key of last year, which somebody has seen'
const newKey = 'the key of this year, which nobody has seen'
const [older, newer, both] = [[oldKey], [newKey], [newKey, oldKey]].map(createSecretBox)

function resealsOn(provider: StoreProvider): void {
  let store: TestDatabase
  beforeEach(async () => {
    store = await createTestDatabase(provider)
  })
  afterEach(() => store.drop())

  const seal = (text: string, context: string) => older?.seal(text, context) ?? ''
  const stage = (id: string, sealed: string | null) =>
    store.database.prisma.stage.create({ data: { id, name: id, kind: 'captcha', config: {}, sealed } })

  it('makes the old key needless, whatever it has sealed that lasts', async () => {
    const { prisma, sql } = store.database
    const ada = await createAccount(store.database, 'ada')
    await stage('with a secret', seal('{"privateKey":"k"}', configContext('with a secret')))
    await stage('without one', null)
    await prisma.stageObject.create({
      data: { id: 'source', name: 's', kind: 'oauth_source', config: {}, sealed: seal('{"a":1}', configContext('source')) },
    })
    const seed = seal('{"secret":"seed"}', authenticatorContext('app'))
    await prisma.authenticator.create({ data: { id: 'app', userId: ada.id, kind: 'totp', sealed: seed } })

    expect(await reseal(sql, both as never)).toEqual({ resealed: 3, lost: [] })
    const { sealed } = await prisma.authenticator.findUniqueOrThrow({ where: { id: 'app' } })
    expect(newer?.open(sealed, authenticatorContext('app'))).toBe('{"secret":"seed"}')
    const opened = await prisma.stage.findUniqueOrThrow({ where: { id: 'with a secret' } })
    expect(newer?.open(String(opened.sealed), configContext('with a secret'))).toBe('{"privateKey":"k"}')
    const object = await prisma.stageObject.findUniqueOrThrow({ where: { id: 'source' } })
    expect(newer?.open(String(object.sealed), configContext('source'))).toBe('{"a":1}')
    expect((await prisma.stage.findUniqueOrThrow({ where: { id: 'without one' } })).sealed).toBeNull()
  })

  it('reaches every row, however many there are', async () => {
    const { prisma, sql } = store.database
    const ids = Array.from({ length: 1203 }, (_, index) => `stage ${index}`)
    await prisma.stage.createMany({
      data: ids.map((id) => ({ id, name: id, kind: 'captcha', config: {}, sealed: seal('{}', configContext(id)) })),
    })

    expect(await reseal(sql, both as never)).toEqual({ resealed: 1203, lost: [] })
  })

  it('leaves alone what no key opens, and names it', async () => {
    await stage('foreign', createSecretBox(['the key of somebody else altogether']).seal('{}', configContext('foreign')))
    const before = await store.database.prisma.stage.findMany()

    expect(await reseal(store.database.sql, both as never)).toEqual({ resealed: 0, lost: ['Stage foreign'] })
    expect(await store.database.prisma.stage.findMany()).toEqual(before)
  })
}

for (const { name, provider, available } of stores) {
  describe.skipIf(!available)(`sealing anew on ${name}`, () => resealsOn(provider))
}
