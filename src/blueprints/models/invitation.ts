import { z } from 'zod'
import { text } from '../../shapes/text.ts'
import { jsonColumn, reference } from './column.ts'
import { rowModel } from './row-model.ts'

/** Letters that let people into an enrolment flow (reference: stages 4.13). */
export const invitationModel = rowModel({
  name: 'authentik_stages_invitation.invitation',
  table: 'invitation',
  fields: z.object({
    name: text({ min: 1, max: 255 }).describe('A name that no other invitation has.'),
    expires: z.iso.datetime({ offset: true }).nullable().default(null).describe('Until when it may be used; null: for ever.'),
    fixedData: z.record(z.string(), z.json()).default({}).describe('What the new account has, whatever is answered.'),
    singleUse: z.boolean().default(false).describe('Whether the first use is the last.'),
    flow: z.uuid().nullable().default(null).describe('The only flow it is for.'),
  }),
  columns: {
    expires: {
      read: ({ expiresAt }) => (expiresAt instanceof Date ? expiresAt.toISOString() : null),
      write: async (value) => ({ expiresAt: typeof value === 'string' ? new Date(value).toISOString() : null }),
    },
    fixedData: jsonColumn('fixedData'),
    flow: { ...reference('flowId', 'flow'), read: ({ flowId }) => flowId },
  },
})
