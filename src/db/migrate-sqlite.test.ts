import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { migrationFolder } from '../../test/support/migrating.ts'
import { migrateSqlite } from './migrate.ts'

const library = {
  '1_library': `
    CREATE TABLE "Shelf" ("id" INTEGER PRIMARY KEY);
    CREATE TABLE "Book" ("id" INTEGER PRIMARY KEY, "shelf" INTEGER NOT NULL REFERENCES "Shelf" ("id") ON DELETE CASCADE);
    INSERT INTO "Shelf" VALUES (1);
    INSERT INTO "Book" VALUES (1, 1);`,
}
// As Prisma writes it.
const rebuilt = {
  '2_rebuilt': `
    PRAGMA defer_foreign_keys=ON;
    PRAGMA foreign_keys=OFF;
    CREATE TABLE "new_Shelf" ("id" INTEGER PRIMARY KEY, "name" TEXT NOT NULL DEFAULT '');
    INSERT INTO "new_Shelf" ("id") SELECT "id" FROM "Shelf";
    DROP TABLE "Shelf";
    ALTER TABLE "new_Shelf" RENAME TO "Shelf";
    PRAGMA foreign_keys=ON;
    PRAGMA defer_foreign_keys=OFF;`,
}

describe('a migration of SQLite that rebuilds a table', () => {
  it('keeps the rows that point at it, and foreign keys hold afterwards', () => {
    const database = new Sqlite(':memory:')
    migrateSqlite(database, migrationFolder({ ...library, ...rebuilt }))

    expect(database.prepare('SELECT * FROM "Book"').all()).toEqual([{ id: 1, shelf: 1 }])
    expect(() => database.exec('INSERT INTO "Book" VALUES (2, 9)')).toThrow('FOREIGN KEY')
  })

  it('is refused when it leaves rows that point at nothing', () => {
    const database = new Sqlite(':memory:')
    const losing = { ...library, '2_lost': 'DELETE FROM "Shelf"' }

    expect(() => migrateSqlite(database, migrationFolder(losing))).toThrow(
      'Rows of Book point at rows of Shelf that do not exist',
    )
    expect(database.prepare('SELECT count(*) FROM "Shelf"').pluck().get()).toBe(1)
    expect(database.pragma('foreign_keys', { simple: true })).toBe(1)
  })
})
