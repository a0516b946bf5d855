import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databases, type MigratingDatabase } from '../../test/support/migrating.ts'

const counted = ['Flow', 'Stage', 'StageObject', 'FlowStageBinding', 'Policy', 'PolicyBinding', 'Brand', 'Group', 'GroupParent']
const flow = `INSERT INTO "Flow" ("id", "policyTargetId", "slug", "name", "title", "designation")
  VALUES ('f', 't', 'login', 'Login', 'Welcome', 'authentication')`
const user = `INSERT INTO "User" ("id", "uuid", "username", "usernameNormalized", "attributes", "updatedAt")
  VALUES (7, 'u', 'alice', 'alice', '{}', CURRENT_TIMESTAMP)`

function countsOn(open: () => Promise<MigratingDatabase>): void {
  let database: MigratingDatabase
  beforeEach(async () => {
    database = await open()
    await database.migrate(database.folder)
  })
  afterEach(() => database.close())

  const revision = async () => Number((await database.read('SELECT "revision" FROM "ConfigRevision"'))[0]?.revision)

  async function countOf(sql: string): Promise<number> {
    const before = await revision()
    await database.run(sql)
    return (await revision()) - before
  }

  it('starts at 1', async () => {
    expect(await revision()).toBe(1)
  })

  it('goes up with every insert, update and delete', async () => {
    expect(await countOf(flow)).toBeGreaterThan(0)
    expect(await countOf(`UPDATE "Flow" SET "title" = 'Hello'`)).toBeGreaterThan(0)
    expect(await countOf('DELETE FROM "Flow"')).toBeGreaterThan(0)
  })

  it('goes up with rows that are deleted along with others', async () => {
    await database.run(flow)
    await database.run(user)
    await database.run(`INSERT INTO "PolicyBinding" ("id", "flowId", "userId", "order") VALUES ('b', 'f', 7, 0)`)

    expect(await countOf('DELETE FROM "User"')).toBeGreaterThan(0)
    expect(await database.read('SELECT * FROM "PolicyBinding"')).toEqual([])
  })

  it('stays where it is when a user is added', async () => {
    expect(await countOf(user)).toBe(0)
  })

  it('watches every table that flows are made of: a migration that rebuilds one must create its triggers again', async () => {
    expect(await database.triggers()).toEqual(
      counted.flatMap((table) => [`${table} DELETE`, `${table} INSERT`, `${table} UPDATE`]).sort(),
    )
  })
}

for (const { name, open, available } of databases) {
  describe.skipIf(!available)(`the configuration's revision on ${name}`, () => countsOn(open))
}
