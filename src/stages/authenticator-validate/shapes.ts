import { z } from 'zod'

/** What people may prove themselves with. Some classes have no stage that sets them up yet. */
export const deviceClasses = ['static', 'totp', 'webauthn', 'duo', 'sms', 'email'] as const

export const deviceClass = z
  .enum(deviceClasses)
  .meta({ id: 'DeviceClass', description: 'What somebody may prove themselves with.' })

/** One way to prove oneself. */
export const deviceChallenge = z
  .object({
    deviceClass: deviceClass.describe('What sort it is.'),
    deviceUid: z.string().describe('Names it.'),
    challenge: z.record(z.string(), z.json()).describe('What the sort needs beside that; empty for codes.'),
    lastUsed: z.iso.datetime().nullable().describe('When it was last used.'),
  })
  .meta({ id: 'DeviceChallenge', description: 'One way to prove oneself.' })

/** One thing to set up. */
export const configurationStage = z
  .object({
    pk: z.string().describe('Names it: send it as `selectedStage`.'),
    name: z.string().describe('What to call it.'),
    verboseName: z.string().describe('The same, longer.'),
    metaModelName: z.string().describe('What sort it is.'),
  })
  .meta({ id: 'ConfigurationStage', description: 'Something that a person may set up.' })
