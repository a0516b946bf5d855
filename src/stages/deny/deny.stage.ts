import { z } from 'zod'
import { defineStage, deny } from '../../flow/stage.ts'

/** Ends the flow for everybody who comes this far (reference: stages 4.11). */
export const denyStage = defineStage({
  kind: 'deny',
  model: 'authentik_stages_deny.denystage',
  description: 'Refuses whoever reaches it.',

  config: z.object({
    denyMessage: z.string().max(1000).default('').describe('What the person is told, unless a policy says something else.'),
  }),

  present({ config, plan }) {
    return deny(plan.context.deny_message || config.denyMessage || undefined)
  },
})
