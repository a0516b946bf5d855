import { z } from 'zod'
import type { PolicyDefinition } from '../../policies/policy.ts'
import { text } from '../../shapes/text.ts'
import type { BlueprintModel } from './model.ts'
import { rowModel } from './row-model.ts'

/** The policies of one kind (reference: flow-core 1.4). */
export function policyModel({ model, kind, config }: PolicyDefinition): BlueprintModel {
  return rowModel({
    name: model,
    table: 'policy',
    fields: z.object({
      name: text({ min: 1, max: 255 }).describe('A name that no other policy has.'),
      executionLogging: z.boolean().default(false).describe('Whether every answer of it is recorded as an event.'),
    }),
    config,
    constants: { kind },
  })
}
