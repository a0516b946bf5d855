/** Compares the models with the migrations, without a database server and without Prisma's downloaded engine. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { bindMigrationAwareSqlAdapterFactory, type SqlDriverAdapter } from '@prisma/driver-adapter-utils'
import { type DiffTarget, SchemaEngine } from '@prisma/schema-engine-wasm'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { readMigrations } from '../src/db/migration-history.ts'
import { type Provider, schemaFor } from './schemas.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

export const schemaFile = (provider: Provider): string => `${root}prisma/${provider}/schema.prisma`
export const migrationsFolder = (provider: Provider): string => `${root}prisma/${provider}/migrations`
export const lockFile = (provider: Provider): string => `provider = "${provider}"\n`

/** A provider's schema as the models now say it should be. */
export function derivedSchema(provider: Provider): string {
  return schemaFor(provider, readFileSync(`${root}prisma/models.prisma`, 'utf8'))
}

/** The SQL that the migrations still lack to arrive at the models, or '' when they agree. */
export async function diffOf(provider: Provider): Promise<string> {
  const shadow = await openShadow[provider]()
  const connect = async () => shadow
  const shadows = { provider: shadow.provider, adapterName: 'shadow', connect, connectToShadowDb: connect }
  const factory = bindMigrationAwareSqlAdapterFactory(shadows)
  try {
    const engine = await SchemaEngine.new({ datamodels: undefined }, () => undefined, factory)
    const { exitCode, stdout } = await engine.diff({
      from: migrationHistory(provider),
      to: { tag: 'schemaDatamodel', files: [{ path: schemaFile(provider), content: derivedSchema(provider) }] },
      script: true,
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    })
    return exitCode === 0 ? '' : (stdout ?? '')
  } catch (error) {
    // The engine names the migration that failed, but only the driver knows why.
    throw new Error(String(error), { cause: factory.errorRegistry.consumeError(0)?.error })
  } finally {
    await shadow.dispose()
  }
}

function migrationHistory(provider: Provider): DiffTarget {
  return {
    tag: 'migrations',
    baseDir: migrationsFolder(provider),
    lockfile: { path: 'migration_lock.toml', content: lockFile(provider) },
    shadowDbInitScript: '',
    migrationDirectories: readMigrations(migrationsFolder(provider)).map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
    })),
  }
}

/** An empty database in memory, on which the engine replays the migrations. */
const openShadow: Record<Provider, () => Promise<SqlDriverAdapter>> = {
  async sqlite() {
    const adapter = await new PrismaBetterSqlite3({ url: ':memory:' }).connect()
    return withScripts(adapter, adapter.executeScript.bind(adapter))
  },
  async postgresql() {
    const database = await PGlite.create()
    const adapter = await new PrismaPGlite(database).connect()
    // The adapter's own methods wait neither for a script to end nor for the database to close.
    return Object.assign(
      withScripts(adapter, async (sql) => void (await database.exec(sql))),
      { dispose: async () => void (database.closed || (await database.close())) },
    )
  },
}

/** The engine hands whole migration files to `executeRaw`, where the drivers take one statement. */
function withScripts(adapter: SqlDriverAdapter, executeScript: (sql: string) => Promise<void>): SqlDriverAdapter {
  const executeOne = adapter.executeRaw.bind(adapter)
  return Object.assign(adapter, {
    executeScript,
    async executeRaw(query: Parameters<typeof executeOne>[0]) {
      if (query.args.length > 0) return executeOne(query)
      await executeScript(query.sql)
      return 0
    },
  })
}
