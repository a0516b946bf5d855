import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { derivedSchema, diffOf, lockFile, migrationsFolder, schemaFile } from './schema-engine.ts'
import { type Provider, providers } from './schemas.ts'

const help = `Writes the migration that takes each provider from its last migration to prisma/models.prisma.

  node scripts/new-migration.ts <name>           for every provider that changed; name: a-z, 0-9 and _
  node scripts/new-migration.ts <name> --empty   for every provider, to be written by hand
  node scripts/new-migration.ts --check          writes nothing; fails when models and migrations differ

Read what it wrote before you commit it. On SQLite a rebuilt table loses its triggers: create them again.`

async function check(): Promise<void> {
  for (const provider of providers) {
    const missing = await diffOf(provider)
    if (missing === '') continue
    console.error(
      `prisma/models.prisma and prisma/${provider}/migrations differ. Run \`node scripts/new-migration.ts <name>\`. It lacks:\n\n${missing}`,
    )
    process.exitCode = 1
  }
}

async function writeDifference(folder: string): Promise<void> {
  const differences = await Promise.all(providers.map(async (provider) => [provider, await diffOf(provider)] as const))
  const changed = differences.filter(([, sql]) => sql !== '')
  for (const [provider, sql] of changed) writeMigration(provider, folder, sql)
  if (changed.length === 0) console.log('Models and migrations agree: nothing to write.')
}

function writeEmpty(folder: string): void {
  for (const provider of providers) writeMigration(provider, folder, '')
}

function writeMigration(provider: Provider, folder: string, sql: string): void {
  mkdirSync(`${migrationsFolder(provider)}/${folder}`)
  writeFileSync(`${migrationsFolder(provider)}/${folder}/migration.sql`, sql)
  console.log(`Wrote prisma/${provider}/migrations/${folder}/migration.sql`)
}

function prepare(provider: Provider): void {
  mkdirSync(migrationsFolder(provider), { recursive: true })
  writeFileSync(`${migrationsFolder(provider)}/migration_lock.toml`, lockFile(provider))
  writeFileSync(schemaFile(provider), derivedSchema(provider))
}

function timestamp(): string {
  return new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { check: { type: 'boolean' }, empty: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help) return console.log(help)
  if (values.check) return check()

  const [name] = positionals
  if (positionals.length !== 1 || !name || !/^[a-z0-9_]+$/.test(name)) {
    console.error(help)
    process.exitCode = 1
    return
  }
  for (const provider of providers) prepare(provider)
  const folder = `${timestamp()}_${name}`
  return values.empty ? writeEmpty(folder) : writeDifference(folder)
}

await main()
