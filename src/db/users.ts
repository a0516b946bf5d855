import type { UserDirectory } from '../flow/ports.ts'
import type { UserField } from '../flow/services.ts'
import { normalizeIdentifier, type User } from '../flow/user.ts'
import { readUser, userColumns } from './rows.ts'
import { readFlag, type SqlDatabase, writeDate } from './sql.ts'

/** All groups of a user: those joined, and every ancestor (reference: flow-core 1.6). */
const ancestors = `WITH RECURSIVE "all" ("id") AS (
  SELECT "groupId" FROM "GroupMember" WHERE "userId" = $1
  UNION SELECT p."parentId" FROM "GroupParent" p JOIN "all" ON p."groupId" = "all"."id")`

/** Moves on the counter that the database numbers new rows with. */
const nextId = {
  postgresql: `SELECT nextval(pg_get_serial_sequence('"User"', 'id')) AS "id"`,
  sqlite: `UPDATE sqlite_sequence SET "seq" = "seq" + 1 WHERE "name" = 'User' RETURNING "seq" AS "id"`,
} as const
const beginCounting = `INSERT INTO sqlite_sequence ("name", "seq") SELECT 'User', COALESCE(MAX("id"), 0) FROM "User"
  WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE "name" = 'User')`

/** A group as `users/me` shows it. */
export interface UserGroup {
  readonly id: string
  readonly name: string
  readonly isSuperuser: boolean
}

/** People and their groups, by hand-written SQL: a sign-in asks for them. */
export class SqlUserDirectory implements UserDirectory {
  private readonly sql: SqlDatabase

  constructor(sql: SqlDatabase) {
    this.sql = sql
  }

  async find(identifier: string, fields: readonly UserField[], caseInsensitive: boolean): Promise<User | undefined> {
    if (fields.length === 0 || identifier === '') return undefined
    const matches = fields.map((field) => this.match(field, caseInsensitive)).join(' OR ')
    // Who is called exactly that comes first, so that nobody can step in front with another field or another case; nor can
    // an account that was never confirmed, with an address that somebody only claims to have.
    const rank = `CASE WHEN u."username" = $1 THEN 0 WHEN u."isActive" THEN 1 ELSE 2 END`
    const text = `SELECT ${userColumns('u')} FROM "User" u WHERE ${matches} ORDER BY ${rank}, u."id" LIMIT 1`
    const [row] = await this.sql.rows({
      text: text.replaceAll('$2', caseInsensitive ? '$2' : '$1'),
      values: caseInsensitive ? [identifier, normalizeIdentifier(identifier)] : [identifier],
    })
    return row && readUser(row, 'u')
  }

  async byId(id: number): Promise<User | undefined> {
    const [row] = await this.sql.rows({ text: `SELECT ${userColumns('u')} FROM "User" u WHERE u."id" = $1`, values: [id] })
    return row && readUser(row, 'u')
  }

  /** The owner of a live API token, by the hash of its key; undefined for a disabled account. */
  async byToken(keyHash: string, now: Date): Promise<User | undefined> {
    const text = `SELECT ${userColumns('u')} FROM "Token" t JOIN "User" u ON u."id" = t."userId"
      WHERE t."keyHash" = $1 AND t."intent" = 'api' AND (NOT t."expiring" OR t."expiresAt" > $2)`
    const [row] = await this.sql.rows({ text, values: [keyHash, writeDate(now)] })
    const user = row && readUser(row, 'u')
    return user?.isActive ? user : undefined
  }

  async newId(): Promise<number> {
    const next = { text: nextId[this.sql.provider], values: [] }
    const [row] = await this.sql.rows(next)
    if (row) return Number(row.id)
    // SQLite begins to count with the first row that it numbers itself.
    await this.sql.write([{ text: beginCounting, values: [] }])
    const [counted] = await this.sql.rows(next)
    return Number(counted?.id)
  }

  async existingGroups(ids: readonly string[]): Promise<readonly string[]> {
    if (ids.length === 0) return []
    const places = ids.map((_, index) => `$${index + 1}`).join(', ')
    const rows = await this.sql.rows({ text: `SELECT "id" FROM "Group" WHERE "id" IN (${places})`, values: ids })
    return rows.map((row) => String(row.id))
  }

  async groupIdsOf(userId: number): Promise<ReadonlySet<string>> {
    const rows = await this.sql.rows({ text: `${ancestors} SELECT "id" FROM "all"`, values: [userId] })
    return new Set(rows.map((row) => String(row.id)))
  }

  async groupsOf(userId: number): Promise<readonly UserGroup[]> {
    const text = `${ancestors} SELECT g."id", g."name", g."isSuperuser" FROM "Group" g JOIN "all" ON "all"."id" = g."id" ORDER BY g."name"`
    const rows = await this.sql.rows({ text, values: [userId] })
    return rows.map((row) => ({ id: String(row.id), name: String(row.name), isSuperuser: readFlag(row.isSuperuser) }))
  }

  async isSuperuser(userId: number): Promise<boolean> {
    return (await this.groupsOf(userId)).some((group) => group.isSuperuser)
  }

  async makePasswordUnusable(userId: number): Promise<void> {
    await this.sql.write([{ text: `UPDATE "User" SET "passwordHash" = NULL WHERE "id" = $1`, values: [userId] }])
  }

  private match(field: UserField, caseInsensitive: boolean): string {
    switch (field) {
      case 'username':
        return caseInsensitive ? 'u."usernameNormalized" = $2' : 'u."username" = $1'
      case 'email':
        return caseInsensitive ? 'u."emailNormalized" = $2' : 'u."email" = $1'
      case 'upn': {
        const upn = this.sql.provider === 'sqlite' ? `u."attributes" ->> '$.upn'` : `u."attributes" ->> 'upn'`
        return caseInsensitive ? `lower(${upn}) = $2` : `${upn} = $1`
      }
    }
  }
}
