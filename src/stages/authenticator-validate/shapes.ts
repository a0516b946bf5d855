import { z } from 'zod'
import { duoFactors } from './duo/request.ts'

/** What people may prove themselves with. */
export const deviceClasses = ['static', 'totp', 'webauthn', 'duo', 'sms', 'email'] as const

export const deviceClass = z
  .enum(deviceClasses)
  .meta({ id: 'DeviceClass', description: 'What somebody may prove themselves with.' })

/** One way to prove oneself. */
export const deviceChallenge = z
  .object({
    deviceClass: deviceClass.describe('What sort it is.'),
    deviceUid: z.string().describe('Names it.'),
    challenge: z
      .record(z.string(), z.json())
      .describe(
        'What the sort needs beside that; empty for codes of apps. For `duo`, once it was asked: `verification_code`, which the person has to type into the app where there is one, and `devices`, each with its `id`, `name` and `factors`.',
      ),
    lastUsed: z.iso.datetime().nullable().describe('When it was last used.'),
  })
  .meta({ id: 'DeviceChallenge', description: 'One way to prove oneself.' })

/** How Duo asks. */
export const duoFactor = z.enum(duoFactors).meta({
  id: 'DuoFactor',
  description: 'How Duo asks somebody to approve.',
  values: { auto: 'As Duo thinks best.', push: 'By a push to their app.', phone: 'By a phone call.' },
})

/** One thing to set up. */
export const configurationStage = z
  .object({
    pk: z.string().describe('Names it: send it as `selectedStage`.'),
    name: z.string().describe('What to call it.'),
    verboseName: z.string().describe('The same, longer.'),
    metaModelName: z.string().describe('What sort it is.'),
  })
  .meta({ id: 'ConfigurationStage', description: 'Something that a person may set up.' })
