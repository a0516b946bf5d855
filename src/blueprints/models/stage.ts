import { z } from 'zod'
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
export function stageModel(definition: StageDefinition): BlueprintModel {
  return rowModel({
    name: definition.model,
    table: 'stage',
    fields: definition.configurable ? z.object({ name, configureFlow }) : z.object({ name }),
    columns: { configureFlow: reference('configureFlowId', 'flow') },
    config: definition.config,
    constants: { kind: definition.kind },
    check: (change) => refuseUnknownStages(definition, change),
  })
}

async function refuseUnknownStages(definition: StageDefinition, { config, transaction }: Change): Promise<Refusal | undefined> {
  for (const id of definition.references?.(config as never) ?? []) {
    if ((await tableOf(transaction, 'stage').count({ where: { id } })) > 0) continue
    const [field] = Object.entries(config).find(([, value]) => value === id) ?? ['config']
    return { field: snakeCase(field), reason: 'This names a stage that does not exist.' }
  }
  return undefined
}
