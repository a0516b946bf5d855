import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { applyBlueprint, applyFolder, type BlueprintDependencies } from '../blueprints/apply.ts'
import type { BlueprintReport } from '../blueprints/report.ts'
import { createSecretBox } from '../credentials/secret-box.ts'
import { ConfigSecrets } from '../db/config-secrets.ts'
import type { Database } from '../db/database.ts'
import { StageRegistry } from '../flow/registry.ts'
import { policies } from '../policies/index.ts'
import { stages } from '../stages/index.ts'
import { CommandError } from './command-error.ts'

/** Applies the blueprints of a folder that are new or have changed since. */
export async function applyBlueprints(
  database: Database,
  { folder, secretKeys, log }: { readonly folder: string; readonly secretKeys: readonly string[]; readonly log: Logger },
): Promise<void> {
  for (const report of await applyFolder(dependencies(database, secretKeys), folder)) {
    log.info({ blueprint: report.name, ...counts(report) }, 'a blueprint was applied')
  }
}

/** Applies one file and says what that changed. */
export async function applyBlueprintFile(database: Database, secretKeys: readonly string[], file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new CommandError(`${file} cannot be read.`)
  })
  const report = await applyBlueprint(dependencies(database, secretKeys), { path: file, text })
  const changes = Object.entries(counts(report)).map(([outcome, count]) => `${count} ${outcome}`)
  return `Applied ${file}: ${changes.join(', ') || 'no entries'}.`
}

function counts(report: BlueprintReport): Readonly<Record<string, number>> {
  const counted: Record<string, number> = {}
  for (const { outcome } of report.entries) counted[outcome] = (counted[outcome] ?? 0) + 1
  return counted
}

function dependencies({ transactions }: Database, secretKeys: readonly string[]): BlueprintDependencies {
  const secrets = new ConfigSecrets(createSecretBox(secretKeys))
  return { prisma: transactions, stages: new StageRegistry(stages), policies, secrets, env: {}, now: () => new Date() }
}
