import { z } from 'zod'
import type { ConfigSecrets } from '../../db/config-secrets.ts'
import type { StageDefinition } from '../../flow/stage.ts'
import { snakeCase } from '../../shapes/names.ts'
import { text } from '../../shapes/text.ts'
import { tableOf } from '../tables.ts'
import { reference } from './column.ts'
import type { BlueprintModel } from './model.ts'
import type { Change, Refusal } from './row-kind.ts'
import { rowModel } from './row-model.ts'

const name = text({ min: 1, max: 255 }).describe('A name that no other stage has.')
const configureFlow = z.uuid().nullable().default(null).describe('The flow in which people set it up for themselves.')

/** The stages of one kind (reference: flow-core 1.2). */
export function stageModel(definition: StageDefinition, secrets: ConfigSecrets): BlueprintModel {
  return rowModel({
    name: definition.model,
    table: 'stage',
    fields: definition.configurable ? z.object({ name, configureFlow }) : z.object({ name }),
    columns: { configureFlow: reference('configureFlowId', 'flow') },
    config: definition.config,
    constants: { kind: definition.kind },
    secrets,
    check: (change) => refuseUnknownReferences(definition, change),
  })
}

/** What configs name by id. */
const namedTables = ['stage', 'stageObject', 'policy', 'flow'] as const

async function exists(id: string, transaction: Change['transaction']): Promise<boolean> {
  for (const table of namedTables) if ((await tableOf(transaction, table).count({ where: { id } })) > 0) return true
  return false
}

/** Whatever a config names by id must be there. */
export async function refuseUnknownReferences(
  { references }: Pick<StageDefinition, 'references'>,
  { config, transaction }: Pick<Change, 'config' | 'transaction'>,
): Promise<Refusal | undefined> {
  for (const id of references?.(config as never) ?? []) {
    if (await exists(id, transaction)) continue
    const [field] = Object.entries(config).find(([, value]) => value === id || (Array.isArray(value) && value.includes(id))) ?? [
      'config',
    ]
    return { field: snakeCase(field), reason: 'This names nothing that exists.' }
  }
  return undefined
}
