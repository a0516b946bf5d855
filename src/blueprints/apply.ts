import type { ConfigSecrets } from '../db/config-secrets.ts'
import type { PrismaClient } from '../db/prisma.ts'
import type { StageRegistry } from '../flow/registry.ts'
import type { PolicyDefinition } from '../policies/policy.ts'
import type { BlueprintSource } from './document/read-blueprint.ts'
import { isAutomatic, type Library, libraryOf, readFolder, siblingsOf, toFile } from './library.ts'
import { createModels } from './models/index.ts'
import type { BlueprintReport } from './report.ts'
import { applyFile, isCurrent, type Run } from './run.ts'

/** What applying blueprints needs. */
export interface BlueprintDependencies {
  readonly prisma: PrismaClient
  readonly stages: StageRegistry
  readonly policies: readonly PolicyDefinition[]
  readonly secrets: ConfigSecrets
  /** The environment variables that `!Env` may read, by name; those without a value are unset. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => Date
}

/** For a file of the largest size on a slow disk (milliseconds). */
const patience = { maxWait: 60_000, timeout: 300_000 }

/** Applies a blueprint, whole or not at all, also when it was applied before. Throws a BlueprintError. */
export async function applyBlueprint(deps: BlueprintDependencies, source: BlueprintSource): Promise<BlueprintReport> {
  const file = toFile(source)
  return inTransaction(deps, siblingsOf(source.path), (run) => applyFile(run, file))
}

/**
 * Applies the blueprints below a folder that are new or have changed since they were applied, so that what was edited in
 * the database stays until the file itself changes. Throws a BlueprintError at the first that cannot be applied. Nodes
 * that share a database must not do this at the same time.
 */
export async function applyFolder(deps: BlueprintDependencies, folder: string): Promise<BlueprintReport[]> {
  const files = await readFolder(folder)
  const reports = []
  for (const file of files.filter(isAutomatic)) {
    if (await isCurrent(deps.prisma, file)) continue
    reports.push(await inTransaction(deps, libraryOf(files), (run) => applyFile(run, file)))
  }
  return reports
}

function inTransaction<Result>(
  { prisma, stages, policies, secrets, env, now }: BlueprintDependencies,
  library: Library,
  work: (run: Run) => Promise<Result>,
): Promise<Result> {
  const models = createModels(stages, policies, secrets)
  return prisma.$transaction(async (transaction) => {
    // Writes before it reads: SQLite ends a transaction that does so the other way round when somebody else wrote meanwhile.
    await transaction.configRevision.updateMany({ where: { id: 0 }, data: { revision: 0 } })
    return work({ models, transaction, env, now, library })
  }, patience)
}
