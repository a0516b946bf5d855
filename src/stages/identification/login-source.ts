import { z } from 'zod'

/** A button that leads to another place to sign in (reference: stages 4.1). */
export const loginSource = z
  .object({
    name: z.string().describe('What to call it.'),
    iconUrl: z.string().nullable().describe('Its picture.'),
    promoted: z.boolean().describe('Whether it deserves a larger button.'),
    challenge: z
      .object({
        component: z.string().describe('How the client gets there; `xak-flow-redirect` is a plain redirect.'),
        to: z.string().describe('Where the button leads.'),
      })
      .meta({ id: 'LoginSourceChallenge', description: 'How to go to a source.' })
      .describe('What the button does.'),
  })
  .meta({ id: 'LoginSource', description: 'Another place that people can sign in with.' })
