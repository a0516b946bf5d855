import type { SecretBox } from '../credentials/secret-box.ts'
import type { NewAuthenticator } from '../flow/authenticators.ts'
import type { AuditEvent } from '../flow/effects.ts'
import type { Visitor } from '../flow/session.ts'
import { authenticatorStatements, eventStatement } from './effect-statements.ts'
import type { SqlDatabase } from './sql.ts'

/** Adds authenticators that no flow sets up. */
export class AuthenticatorImport {
  private readonly sql: SqlDatabase
  private readonly box: SecretBox
  private readonly now: () => Date

  constructor(sql: SqlDatabase, box: SecretBox, now: () => Date) {
    this.sql = sql
    this.box = box
    this.now = now
  }

  /** Together with an entry of the audit trail; false: there is one by its lookup already, or nobody to have it. */
  add(authenticator: NewAuthenticator, event: AuditEvent, visitor: Visitor): Promise<boolean> {
    const statements = authenticatorStatements([{ type: 'add_authenticator', authenticator }], this.box, this.now())
    return this.sql.write([...statements, eventStatement(event, visitor, this.now())], 0)
  }

  /** Ids of the people who have exactly these names, by name. */
  async idsByUsername(usernames: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const text = `SELECT "id", "username" FROM "User" WHERE "username" IN (SELECT value FROM ${listed[this.sql.provider]})`
    const rows = await this.sql.rows({ text, values: [JSON.stringify(usernames)] })
    return new Map(rows.map(({ id, username }) => [String(username), Number(id)]))
  }
}

/** The members of a JSON list as rows: one statement for however many. */
const listed = { postgresql: 'jsonb_array_elements_text($1::jsonb)', sqlite: 'json_each($1)' } as const
