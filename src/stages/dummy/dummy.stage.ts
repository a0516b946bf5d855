import { z } from 'zod'
import { advance, ask, defineStage } from '../../flow/stage.ts'

/** A step that any answer passes: for trying out flows (reference: stages 4.12). */
export const dummyStage = defineStage({
  kind: 'dummy',
  component: 'ak-stage-dummy',
  model: 'authentik_stages_dummy.dummystage',
  description: 'Shows its own name and lets every answer pass.',

  config: z.object({
    throwError: z.boolean().default(false).describe('Fail instead, to see how a client copes with a broken step.'),
  }),

  challenge: z.object({ name: z.string().describe('The name of the stage.') }),

  response: z.object({}),

  present({ config, name }) {
    failIfTold(config)
    return ask({ name })
  },

  answer({ config }) {
    failIfTold(config)
    return advance()
  },
})

/** Shown or answered: what fails is not passed. */
function failIfTold({ throwError }: { readonly throwError: boolean }): void {
  if (throwError) throw new Error('This stage was told to fail.')
}
