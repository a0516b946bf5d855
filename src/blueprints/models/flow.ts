import { z } from 'zod'
import {
  authenticationRequirements,
  deniedActions,
  flowDesignations,
  flowLayouts,
  policyEngineModes,
} from '../../flow/definition.ts'
import { text } from '../../shapes/text.ts'
import type { BlueprintModel } from './model.ts'
import { rowModel } from './row-model.ts'

/** How the policies of a flow or a stage binding count together. */
export const policyEngineMode = z.enum(policyEngineModes).default('any').describe('Whether one passing policy is enough.')

/** Flows (reference: flow-core 1.1). */
export const flowModel: BlueprintModel = rowModel({
  name: 'authentik_flows.flow',
  table: 'flow',
  fields: z.object({
    name: text({ min: 1, max: 1000 }).describe('What administrators call it.'),
    slug: z
      .string()
      .regex(/^[-a-zA-Z0-9_]{1,255}$/)
      .describe('What addresses call it.'),
    title: text({ min: 1, max: 1000 }).describe('The heading of its screens; it may hold %(app)s and %(user)s.'),
    designation: z.enum(flowDesignations).describe('What it is for.'),
    background: text({ max: 2048 }).default('').describe('The picture behind its screens.'),
    layout: z.enum(flowLayouts).default('stacked').describe('How its screens are laid out.'),
    compatibilityMode: z.boolean().default(false).describe('Whether frontends should make it easy for password managers.'),
    deniedAction: z.enum(deniedActions).default('message_continue').describe('What somebody meets whom it refuses.'),
    authentication: z.enum(authenticationRequirements).default('none').describe('Who may start it.'),
    policyEngineMode,
  }),
})
