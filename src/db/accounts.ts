import type { Consent, Invitation, SourceConnection } from '../flow/accounts.ts'
import type { AccountDirectory } from '../flow/ports.ts'
import { readDate, readFlag, readJsonObject, readOptional, type SqlDatabase } from './sql.ts'

/** Consents, invitations, and what sources call people. */
export class SqlAccountDirectory implements AccountDirectory {
  private readonly sql: SqlDatabase

  constructor(sql: SqlDatabase) {
    this.sql = sql
  }

  async consentOf(userId: number, application: string): Promise<Consent | undefined> {
    const text = 'SELECT "permissions", "expiresAt" FROM "Consent" WHERE "userId" = $1 AND "application" = $2'
    const [row] = await this.sql.rows({ text, values: [userId, application] })
    if (!row) return undefined
    const permissions = String(row.permissions).split(' ').filter(Boolean)
    return { userId, application, permissions, expiresAt: readOptional(row.expiresAt, readDate) }
  }

  async invitation(id: string): Promise<Invitation | undefined> {
    const text = 'SELECT "name", "expiresAt", "fixedData", "singleUse", "flowId" FROM "Invitation" WHERE "id" = $1'
    const [row] = await this.sql.rows({ text, values: [id] })
    if (!row) return undefined
    return {
      id,
      name: String(row.name),
      expiresAt: readOptional(row.expiresAt, readDate),
      fixedData: readJsonObject(row.fixedData),
      singleUse: readFlag(row.singleUse),
      flowId: readOptional(row.flowId, String),
    }
  }

  async sourceConnection(source: string, identifier: string): Promise<SourceConnection | undefined> {
    const text = 'SELECT "userId" FROM "SourceConnection" WHERE "source" = $1 AND "identifier" = $2'
    const [row] = await this.sql.rows({ text, values: [source, identifier] })
    return row && { source, identifier, userId: Number(row.userId) }
  }
}
