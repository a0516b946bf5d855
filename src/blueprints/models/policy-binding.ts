import { z } from 'zod'
import { policyTarget, reference } from './column.ts'
import { order } from './flow-stage-binding.ts'
import type { BlueprintModel } from './model.ts'
import { rowModel } from './row-model.ts'

const largest = 2_147_483_647

/** Policies, groups and users that flows and stage bindings ask (reference: flow-core 1.4). */
export const policyBindingModel: BlueprintModel = rowModel({
  name: 'authentik_policies.policybinding',
  table: 'policyBinding',
  fields: z
    .object({
      target: z.uuid().describe('The flow or the stage binding, by the id that both have for this.'),
      policy: z.uuid().nullable().default(null).describe('The policy that is asked.'),
      group: z.uuid().nullable().default(null).describe('The group that somebody has to be in.'),
      user: z.int().max(largest).nullable().default(null).describe('Who somebody has to be.'),
      enabled: z.boolean().default(true).describe('Whether it counts.'),
      order,
      negate: z.boolean().default(false).describe('Whether what it says is turned around.'),
      timeout: z.int().min(0).max(largest).default(30).describe('How long the policy may take, in seconds.'),
      failureResult: z
        .boolean()
        .default(false)
        .describe(
          'What counts when the policy fails to say anything. `false` refuses a flow, but leaves out only stages that act.',
        ),
    })
    .refine(({ policy, group, user }) => [policy, group, user].filter((asked) => asked !== null).length === 1, {
      // One that asks nobody would be left out, and the flow would be open.
      message: 'Name one of policy, group and user.',
    }),
  columns: {
    target: policyTarget,
    policy: reference('policyId', 'policy'),
    group: reference('groupId', 'group'),
    user: reference('userId', 'user'),
  },
  include: { flow: { select: { policyTargetId: true } }, stageBinding: { select: { policyTargetId: true } } },
  namesPolicyTargets: true,
})
