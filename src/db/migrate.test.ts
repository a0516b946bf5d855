import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databases, type MigratingDatabase, migrationFolder } from '../../test/support/migrating.ts'

const first = { '1_shelf': 'CREATE TABLE "Shelf" ("id" INTEGER PRIMARY KEY);' }
const second = { ...first, '2_book': 'CREATE TABLE "Book" ("id" INTEGER PRIMARY KEY);' }
// Slow enough for several servers to meet on one.
const rows = 'WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000) SELECT n FROM numbers'
const many = Object.fromEntries(
  Array.from({ length: 20 }, (_, n) => [`${n + 10}_numbers`, `CREATE TABLE "Numbers${n}" AS ${rows}`]),
)
const broken = { ...first, '2_book': 'CREATE TABLE "Book" ("id" INTEGER PRIMARY KEY); CREATE TABLE "Shelf" ("id" INTEGER);' }

function migratesOnto(open: () => Promise<MigratingDatabase>): void {
  let database: MigratingDatabase
  beforeEach(async () => {
    database = await open()
  })
  afterEach(() => database.close())

  const history = () => database.read('SELECT * FROM "_prisma_migrations" ORDER BY "migration_name"')
  const tableExists = (table: string) =>
    database.read(`SELECT count(*) FROM "${table}"`).then(
      () => true,
      () => false,
    )

  it('takes an empty database to the present schema, once', async () => {
    const shipped = readdirSync(database.folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())

    expect(await database.migrate(database.folder)).toEqual(shipped.map(({ name }) => name).sort())
    expect(await database.migrate(database.folder)).toEqual([])
  })

  it('applies only what came with an upgrade, and records it as Prisma does', async () => {
    await database.migrate(migrationFolder(first))

    expect(await database.migrate(migrationFolder(second))).toEqual(['2_book'])
    expect(await history()).toMatchObject([
      { migration_name: '1_shelf', applied_steps_count: 1, logs: null, rolled_back_at: null },
      { migration_name: '2_book', checksum: '119c7327b69459b05ffdf0a476b4cc48dcc79186a16409ab55e7b69ffbc63ae6' },
    ])
  })

  it('applies each migration once when four servers start together', async () => {
    const shares = await database.migrateTogether(migrationFolder(many), 4)

    expect(shares.flat().sort()).toEqual(Object.keys(many))
    expect((await history()).map((row) => row.migration_name)).toEqual(Object.keys(many))
  })

  it('refuses a migration whose file was edited after it was applied', async () => {
    await database.migrate(migrationFolder(first))
    const edited = migrationFolder({ '1_shelf': 'CREATE TABLE "Shelf" ("id" TEXT PRIMARY KEY);' })

    await expect(database.migrate(edited)).rejects.toMatchObject({
      name: 'MigrationError',
      problem: 'edited',
      migration: '1_shelf',
    })
  })

  it('takes a checkout with Windows line ends for the same file', async () => {
    await database.migrate(migrationFolder({ '1_shelf': 'CREATE TABLE "Shelf"\n("id" INTEGER);\n' }))

    expect(await database.migrate(migrationFolder({ '1_shelf': 'CREATE TABLE "Shelf"\r\n("id" INTEGER);\r\n' }))).toEqual([])
  })

  it('refuses a database that a newer version has migrated', async () => {
    await database.migrate(migrationFolder(second))

    await expect(database.migrate(migrationFolder(first))).rejects.toMatchObject({ problem: 'unknown', migration: '2_book' })
  })

  it('refuses a database with a failed migration, until it is marked as rolled back', async () => {
    await database.migrate(migrationFolder(first))
    await database.run(`UPDATE "_prisma_migrations" SET "finished_at" = NULL; DROP TABLE "Shelf"`)
    await expect(database.migrate(migrationFolder(first))).rejects.toMatchObject({ problem: 'unfinished', migration: '1_shelf' })

    await database.run(`UPDATE "_prisma_migrations" SET "rolled_back_at" = "started_at"`)
    expect(await database.migrate(migrationFolder(first))).toEqual(['1_shelf'])
  })

  it('leaves nothing of a migration that fails, and keeps those before it', async () => {
    const migrating = database.migrate(migrationFolder(broken))
    await expect(migrating).rejects.toMatchObject({ problem: 'failed', message: expect.stringContaining('already exists') })

    expect(await tableExists('Book')).toBe(false)
    expect(await history()).toMatchObject([{ migration_name: '1_shelf' }])
    expect(await database.migrate(migrationFolder(second))).toEqual(['2_book'])
  })
}

for (const { name, open, available } of databases) {
  describe.skipIf(!available)(`migrating ${name}`, () => migratesOnto(open))
}
