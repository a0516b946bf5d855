import { z } from 'zod'
import { redirect, redirectChallenge } from '../../flow/challenges.ts'
import { advance, ask, defineStage, deny, switchFlow } from '../../flow/stage.ts'
import { text } from '../../shapes/text.ts'

const flowScheme = 'ak-flow://'

/** Sends the client to a URL, or the execution on into another flow (reference: stages 4.14). */
export const redirectStage = defineStage({
  kind: redirect.kind,
  component: redirect.component,
  model: 'authentik_stages_redirect.redirectstage',
  description: redirect.description,

  config: z
    .object({
      mode: z.enum(['static', 'flow']).describe('Whether the target is a URL or a flow.'),
      targetStatic: z.string().max(2048).default('').describe('The URL to go to.'),
      targetFlow: z.uuid().nullable().default(null).describe('The flow to go on with.'),
      keepContext: z.boolean().default(true).describe('Whether the other flow starts with what this one knows.'),
    })
    .refine(({ mode, targetStatic }) => mode !== 'static' || targetStatic !== '', {
      path: ['targetStatic'],
      message: 'A static redirect needs a target URL.',
    })
    .refine(({ mode, targetFlow }) => mode !== 'flow' || targetFlow !== null, {
      path: ['targetFlow'],
      message: 'A redirect into a flow needs a target flow.',
    }),

  challenge: redirectChallenge,

  response: z.object({ to: text({ max: 2048, min: 1 }).describe('The address that was shown.') }),

  present({ config, plan, services }) {
    const override = plan.context.redirect_stage_target
    if (override?.startsWith(flowScheme)) {
      const slug = override.slice(flowScheme.length)
      if (services.flows.has(slug)) return switchFlow(slug, config.keepContext)
    } else if (override) {
      return ask({ to: override, finalRedirect: false })
    }

    if (config.mode === 'static') return ask({ to: config.targetStatic, finalRedirect: false })
    const slug = config.targetFlow === null ? undefined : services.flows.slugOf(config.targetFlow)
    // The target flow was deleted: nowhere to go is no reason to let anybody pass.
    return slug === undefined ? deny() : switchFlow(slug, config.keepContext)
  },

  answer() {
    return advance()
  },
})
