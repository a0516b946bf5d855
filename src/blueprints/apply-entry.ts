import type { JsonValue } from '../flow/json.ts'
import { Problem } from './blueprint-error.ts'
import { type Entry, type EntryState, entryStates } from './document/blueprint.ts'
import { type Position, showValue } from './document/value.ts'
import { EntryScope, type Surroundings } from './entry-scope.ts'
import type { ModelRegistry } from './models/index.ts'
import type { Applied, BlueprintModel, Turn } from './models/model.ts'
import { isTruthy } from './tags/tag.ts'

/** Applies an entry, or skips it: conditions first, so that a file may speak of models that only some servers know. */
export async function applyEntry(entry: Entry, around: Surroundings & Pick<Turn, 'applyOther'>): Promise<Applied> {
  const scope = new EntryScope(around, false)
  for (const condition of entry.conditions) if (!isTruthy(await scope.resolve(condition))) return { outcome: 'skipped' }

  const model = readModel(await scope.resolve(entry.model), entry.model.at, around.models)
  const state = entry.state ? readState(await scope.resolve(entry.state), entry.state.at) : 'present'
  const { transaction, applyOther } = around
  return model.apply({ entry, state, scope: new EntryScope(around, model.namesPolicyTargets ?? false), transaction, applyOther })
}

/** The model, with the id or the identifiers. */
export function describeEntry({ model, id, identifiers }: Entry): string {
  const key = id ? `id ${id.name}` : showValue(identifiers)
  return showValue(model) + (key && ` (${key})`)
}

function readModel(name: JsonValue, at: Position, models: ModelRegistry): BlueprintModel {
  const model = typeof name === 'string' ? models.get(name) : undefined
  if (model) return model
  throw new Problem(at, `There is no model "${String(name)}".`, 'model')
}

function readState(name: JsonValue, at: Position): EntryState {
  const state = entryStates.find((known) => known === name)
  if (state) return state
  throw new Problem(at, `Use one of: ${entryStates.join(', ')}.`, 'state')
}
