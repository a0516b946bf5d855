/**
 * Derives both providers' Prisma schemas from prisma/models.prisma and generates their clients.
 *
 * `--schemas` writes the schemas only. Prisma insists on a schema engine that it would download; generating
 * never calls it, so any existing executable stands in.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Provider, providers, schemaFor } from './schemas.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

function writeSchema(provider: Provider, models: string): void {
  mkdirSync(`${root}prisma/${provider}`, { recursive: true })
  writeFileSync(`${root}prisma/${provider}/schema.prisma`, schemaFor(provider, models))
}

function generateClient(provider: Provider): void {
  execFileSync(
    process.execPath,
    [`${root}node_modules/prisma/build/index.js`, 'generate', `--schema=${root}prisma/${provider}/schema.prisma`],
    {
      cwd: root,
      env: {
        ...process.env,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        CHECKPOINT_DISABLE: '1',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
}

const models = readFileSync(`${root}prisma/models.prisma`, 'utf8')
for (const provider of providers) {
  writeSchema(provider, models)
  if (!process.argv.includes('--schemas')) generateClient(provider)
}
