import type { SecretBox } from '../credentials/secret-box.ts'
import type { Authenticator, AuthenticatorDirectory } from '../flow/authenticators.ts'
import type { JsonObject } from '../flow/json.ts'
import { type Row, readDate, readFlag, readOptional, type SqlDatabase, writeFlag } from './sql.ts'

const select = `SELECT "id", "userId", "kind", "stageId", "name", "lookup", "confirmed", "sealed", "version", "failures", "lastFailedAt", "createdAt", "lastUsedAt"
  FROM "Authenticator"`
const selectOwn = `${select} WHERE "userId" = $1 ORDER BY "createdAt", "id" LIMIT 200`
const selectBegun = `${select} WHERE "userId" = $1 AND "kind" = $2 AND "stageId" = $3 AND "confirmed" = $4 ORDER BY "createdAt" DESC, "id" LIMIT 1`
const selectNamed = `${select} WHERE "kind" = $1 AND "lookup" = $2`

/** What people have set up, opened with the server's key. */
export class SqlAuthenticatorDirectory implements AuthenticatorDirectory {
  private readonly sql: SqlDatabase
  private readonly box: SecretBox

  constructor(sql: SqlDatabase, box: SecretBox) {
    this.sql = sql
    this.box = box
  }

  async of(userId: number): Promise<readonly Authenticator[]> {
    const rows = await this.sql.rows({ text: selectOwn, values: [userId] })
    return rows.map((row) => this.read(row)).filter(({ confirmed }) => confirmed)
  }

  async find(kind: string, lookup: string): Promise<Authenticator | undefined> {
    const [row] = await this.sql.rows({ text: selectNamed, values: [kind, lookup] })
    const found = row && this.read(row)
    return found?.confirmed ? found : undefined
  }

  async begun(userId: number, kind: string, stageId: string): Promise<Authenticator | undefined> {
    const [row] = await this.sql.rows({ text: selectBegun, values: [userId, kind, stageId, writeFlag(false)] })
    return row && this.read(row)
  }

  private read(row: Row): Authenticator {
    const id = String(row.id)
    return {
      id,
      userId: Number(row.userId),
      kind: String(row.kind),
      stageId: readOptional(row.stageId, String),
      name: String(row.name),
      lookup: readOptional(row.lookup, String),
      confirmed: readFlag(row.confirmed),
      data: JSON.parse(this.box.open(String(row.sealed), authenticatorContext(id))) as JsonObject,
      version: Number(row.version),
      failures: Number(row.failures),
      lastFailedAt: readOptional(row.lastFailedAt, readDate),
      createdAt: readDate(row.createdAt),
      lastUsedAt: readOptional(row.lastUsedAt, readDate),
    }
  }
}

/** The data of an authenticator, for this row and no other. */
export function sealAuthenticator(id: string, data: JsonObject, box: SecretBox): string {
  return box.seal(JSON.stringify(data), authenticatorContext(id))
}

/** What the data of an authenticator is sealed for. */
export function authenticatorContext(id: string): string {
  return `authenticator ${id}`
}
