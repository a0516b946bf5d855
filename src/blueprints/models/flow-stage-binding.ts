import { z } from 'zod'
import { invalidResponseActions } from '../../flow/definition.ts'
import { reference } from './column.ts'
import { policyEngineMode } from './flow.ts'
import type { BlueprintModel } from './model.ts'
import { rowModel } from './row-model.ts'

/** Where an object stands among its like. */
export const order = z.int().min(-2_147_483_648).max(2_147_483_647).describe('Its place among the others; lower comes first.')

/** Stages at an order in a flow (reference: flow-core 1.3). */
export const flowStageBindingModel: BlueprintModel = rowModel({
  name: 'authentik_flows.flowstagebinding',
  table: 'flowStageBinding',
  fields: z.object({
    target: z.uuid().describe('The flow.'),
    stage: z.uuid().describe('The stage.'),
    order,
    evaluateOnPlan: z.boolean().default(false).describe('Whether its policies are asked when the flow is planned.'),
    reEvaluatePolicies: z.boolean().default(true).describe('Whether its policies are asked when the stage is reached.'),
    policyEngineMode,
    invalidResponseAction: z
      .enum(invalidResponseActions)
      .default('retry')
      .describe('What an answer does that the stage refuses.'),
  }),
  columns: { target: reference('flowId', 'flow'), stage: reference('stageId', 'stage') },
})
