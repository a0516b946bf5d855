import { z } from 'zod'
import type { ConfigSecrets } from '../../db/config-secrets.ts'
import type { StageObjectDefinition } from '../../flow/stage.ts'
import { text } from '../../shapes/text.ts'
import type { BlueprintModel } from './model.ts'
import { rowModel } from './row-model.ts'
import { refuseUnknownReferences } from './stage.ts'

/** What administrators configure for stages to name: the objects of one kind. */
export function stageObjectModel(definition: StageObjectDefinition, secrets: ConfigSecrets): BlueprintModel {
  return rowModel({
    name: definition.model,
    table: 'stageObject',
    fields: z.object({ name: text({ min: 1, max: 255 }).describe('A name that no other one of its kind has.') }),
    config: definition.config,
    constants: { kind: definition.kind },
    secrets,
    check: (change) => refuseUnknownReferences(definition, change),
  })
}
