import { z } from 'zod'
import { encryptsOnce, encryptsTwice, mailSettings } from '../../credentials/mail-settings.ts'
import { duration } from '../../flow/duration.ts'
import { text } from '../../shapes/text.ts'

/** What an administrator says about an email stage (reference: stages 4.5). */
export const emailConfig = z
  .object({
    ...mailSettings,
    tokenExpiry: duration('minutes=30').describe('How long the link in the mail works.'),
    subject: text({ max: 200, min: 1 }).default('authentik').describe('What the mail is about.'),
    template: text({ max: 200, min: 1 })
      .default('email/password_reset.html')
      .describe('The template that the mail is written by: one of ours, or of the operator.'),
    activateUserOnSuccess: z
      .boolean()
      .default(false)
      .describe('Whether an account becomes active when its owner comes by the link.'),
    recoveryMaxAttempts: z
      .int()
      .min(0)
      .max(1000)
      .default(5)
      .describe('How often one address is sent the mail again within the window.'),
    recoveryCacheTimeout: duration('minutes=5').describe('The window in which that is counted.'),
  })
  .refine(encryptsOnce, encryptsTwice)

export type EmailConfig = z.output<typeof emailConfig>
