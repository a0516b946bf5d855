import { applyEntry, describeEntry } from './apply-entry.ts'
import { inFile } from './blueprint-error.ts'
import { withBuiltIns } from './built-in-context.ts'
import type { BlueprintFile, Library } from './library.ts'
import type { ModelRegistry } from './models/index.ts'
import type { OtherBlueprint } from './models/model.ts'
import type { BlueprintReport, EntryReport } from './report.ts'
import type { Transaction } from './tables.ts'
import type { StoredObject } from './tags/tag.ts'

/** What the blueprints share that are applied together. */
export interface Run {
  readonly models: ModelRegistry
  readonly transaction: Transaction
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => Date
  readonly library: Library
}

/** Applies a file and remembers that it was. `waiting` are the files that it is applied for. */
export async function applyFile(run: Run, file: BlueprintFile, waiting: readonly BlueprintFile[] = []): Promise<BlueprintReport> {
  const { path, name, entries, context } = file.blueprint
  const objects = new Map<string, StoredObject | undefined>()
  const reports: EntryReport[] = []
  const others: BlueprintReport[] = []
  const around = {
    ...run,
    objects,
    context: withBuiltIns(context),
    applyOther: (other: string) => applyOther(run, other, [...waiting, file], others),
  }
  for (const entry of entries) {
    const label = describeEntry(entry)
    try {
      const { outcome, object } = await applyEntry(entry, around)
      if (entry.id) objects.set(entry.id.name, object)
      reports.push({ entry: label, line: entry.at.line, outcome })
    } catch (error) {
      throw inFile(path, error, label)
    }
  }
  await remember(run, file)
  return { path, name, entries: reports, others }
}

/** Whether the file was applied as it stands. */
export async function isCurrent(
  { blueprintInstance }: Pick<Transaction, 'blueprintInstance'>,
  { path, hash, blueprint: { name } }: BlueprintFile,
): Promise<boolean> {
  const stored = await blueprintInstance.findUnique({ where: { path } })
  if (stored) return stored.hash === hash
  // Its folder was moved, or is another one on another node.
  return (await blueprintInstance.count({ where: { name, hash } })) > 0
}

async function applyOther(
  run: Run,
  name: string,
  waiting: readonly BlueprintFile[],
  reports: BlueprintReport[],
): Promise<OtherBlueprint> {
  const file = await run.library.find(name)
  if (!file) return 'missing'
  if (waiting.some(({ path }) => path === file.path)) return 'circular'
  // What an operator changed since stays.
  if (await isCurrent(run.transaction, file)) return 'current'
  reports.push(await applyFile(run, file, waiting))
  return 'applied'
}

async function remember({ transaction: { blueprintInstance }, now }: Run, file: BlueprintFile): Promise<void> {
  const { path, hash } = file
  if ((await blueprintInstance.findUnique({ where: { path } }))?.hash === hash) return
  const state = { name: file.blueprint.name, hash, appliedAt: now() }
  await blueprintInstance.upsert({ where: { path }, create: { path, ...state }, update: state })
}
