import { z } from 'zod'
import { advance, defineStage } from '../../flow/stage.ts'

/** Signs the session's user out (reference: stages 4.8). */
export const userLogoutStage = defineStage({
  kind: 'user_logout',
  model: 'authentik_stages_user_logout.userlogoutstage',
  description: 'Ends the sign-in of the session, without a screen of its own.',

  config: z.object({}),

  present({ sessionUser }) {
    return sessionUser ? advance({ effects: [{ type: 'sign_out' }] }) : advance()
  },
})
