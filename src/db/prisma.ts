import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { PrismaPg } from '@prisma/adapter-pg'
import type { Pool } from 'pg'
import { PrismaClient as PostgresqlClient } from '../generated/postgresql/client.ts'
import { PrismaClient as SqliteClient } from '../generated/sqlite/client.ts'

/** Both providers' clients come from the same models: this one speaks for both. */
export type PrismaClient = SqliteClient

export function prismaOverSqlite(file: string): PrismaClient {
  return new SqliteClient({ adapter: new PrismaBetterSqlite3({ url: `file:${file}`, timeout: 5000 }) })
}

export function prismaOverPostgresql(pool: Pool): PrismaClient {
  // The two generated types differ in name only; test/architecture proves that their schemas agree.
  return new PostgresqlClient({ adapter: new PrismaPg(pool) }) as unknown as PrismaClient
}
