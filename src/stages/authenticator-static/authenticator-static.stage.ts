import { z } from 'zod'
import { createStaticCodes, staticCodeHash } from '../../credentials/static-codes.ts'
import { advance, ask, defineStage, deny, personOf } from '../../flow/stage.ts'

interface State {
  readonly codes: readonly string[]
}

/** Gives out recovery codes (reference: stages 4.18). */
export const authenticatorStaticStage = defineStage({
  kind: 'authenticator_static',
  component: 'ak-stage-authenticator-static',
  model: 'authentik_stages_authenticator_static.authenticatorstaticstage',
  description: 'Gives out codes to be written down, each good for one sign-in.',
  showsPendingUser: true,
  configurable: true,

  config: z.object({
    friendlyName: z.string().max(200).default('').describe('What people see it called.'),
    tokenCount: z.int().min(1).max(100).default(6).describe('How many codes are given out.'),
    tokenLength: z.int().min(8).max(100).default(12).describe('How long each one is, in characters.'),
  }),

  challenge: z.object({
    codes: z.array(z.string()).describe('The codes. This is the only time they are shown: have them written down.'),
  }),

  response: z.object({}),

  present(context) {
    const { config, plan, state } = context
    if (!personOf(context)) return plan.context.pending_user ? deny() : advance()
    // A refreshed page must show the codes that may have been written down already.
    const codes = (state as State | undefined)?.codes ?? createStaticCodes(config.tokenCount, config.tokenLength)
    return ask({ codes: [...codes] }, { codes })
  },

  answer(context) {
    const { config, stageId, state } = context
    const user = personOf(context)
    // Nobody can have written down what was never shown.
    if (!user || !state) return deny()
    const data = { codes: (state as State).codes.map(staticCodeHash) }
    const name = config.friendlyName || 'Static Token'
    return advance({
      effects: [{ type: 'add_authenticator', authenticator: { userId: user.id, kind: 'static', stageId, name, data } }],
    })
  },
})
