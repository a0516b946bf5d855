import { z } from 'zod'
import { text } from '../../shapes/text.ts'
import { jsonColumn } from './column.ts'
import type { BlueprintModel } from './model.ts'
import { rowModel } from './row-model.ts'

/** Groups of users, without who is in them (reference: flow-core 1.6). */
export const groupModel: BlueprintModel = rowModel({
  name: 'authentik_core.group',
  table: 'group',
  fields: z.object({
    name: text({ min: 1, max: 255 }).describe('The name.'),
    isSuperuser: z.boolean().default(false).describe('Whether it makes its members administrators.'),
    attributes: z.record(z.string(), z.json()).default({}).describe('Whatever else belongs to it.'),
  }),
  columns: { attributes: jsonColumn('attributes') },
  async initially({ group }) {
    const { _max: highest } = await group.aggregate({ _max: { numericId: true } })
    return { numericId: (highest.numericId ?? 0) + 1 }
  },
})
