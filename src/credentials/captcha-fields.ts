import { z } from 'zod'

const altchaChallenge = z
  .object({
    parameters: z.record(z.string(), z.json()).describe('What to compute, and until when (`expiresAt`, seconds since 1970).'),
    signature: z.string().describe('Proves that this server has set the task.'),
  })
  .meta({ id: 'AltchaChallenge', description: 'A task for an ALTCHA widget (version 3), to be handed to it as it is.' })

export type AltchaChallenge = z.output<typeof altchaChallenge>

/** What every screen with a captcha shows of it. */
export const captchaFields = {
  siteKey: z.string().describe("The provider's public key; empty for ALTCHA."),
  jsUrl: z.string().describe("The provider's script, which also tells which provider it is; empty for ALTCHA."),
  interactive: z.boolean().describe('Whether the person has to do something.'),
  altcha: altchaChallenge
    .nullable()
    .default(null)
    .describe('The task, where this server judges the captcha itself. The token is what the widget submits.'),
}
