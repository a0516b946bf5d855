import { z } from 'zod'
import { allowsDeviceType, deviceTypes, hints, requirement } from '../../credentials/webauthn-settings.ts'
import { duration } from '../../flow/duration.ts'
import { deviceClass, deviceClasses } from './shapes.ts'

const factor = z.number().min(0).max(1000).default(1)

/** What administrators say about the stage. */
export const config = z
  .object({
    notConfiguredAction: z
      .enum(['skip', 'deny', 'configure'])
      .default('skip')
      .describe('What becomes of people who have set up nothing that is asked for.'),
    configurationStages: z.array(z.uuid()).max(20).default([]).describe('The stages that set something up, for `configure`.'),
    deviceClasses: z
      .array(deviceClass)
      .default([...deviceClasses])
      .describe('What counts.'),
    lastAuthThreshold: duration('seconds=0').describe(
      'How long a proof counts for the next sign-in of the same browser. Shortening it cuts off proofs that were given before.',
    ),
    webauthnUserVerification: requirement
      .default('preferred')
      .describe('Whether keys must make sure who holds them, by a PIN or a finger. Enforced only where it is `required`.'),
    webauthnHints: hints.default([]).describe('What browsers should offer first, in this order.'),
    webauthnAllowedDeviceTypes: deviceTypes.default([]).describe('AAGUIDs of the models of keys that count; none: all do.'),
    emailOtpThrottlingFactor: factor.describe('Seconds that the first refused mailed code costs; each further one doubles it.'),
    smsOtpThrottlingFactor: factor.describe('The same for codes from text messages.'),
    totpOtpThrottlingFactor: factor.describe('The same for codes of apps.'),
    staticOtpThrottlingFactor: factor.describe('The same for recovery codes.'),
  })
  .refine(
    ({ notConfiguredAction, configurationStages }) => notConfiguredAction !== 'configure' || configurationStages.length > 0,
    {
      path: ['configurationStages'],
      message: 'When "Not configured action" is set to "Configure", you must set a configuration stage.',
    },
  )

export type Config = z.output<typeof config>

/** Seconds that the first refused code of an authenticator of this kind costs. */
export function throttlingFactor(settings: Config, kind: string): number {
  switch (kind) {
    case 'email':
      return settings.emailOtpThrottlingFactor
    case 'sms':
      return settings.smsOtpThrottlingFactor
    case 'static':
      return settings.staticOtpThrottlingFactor
    default:
      return settings.totpOtpThrottlingFactor
  }
}

/** Whether a key is of a model that counts, by what is kept of it. */
export function isAllowedModel({ aaguid }: Readonly<Record<string, unknown>>, { webauthnAllowedDeviceTypes }: Config): boolean {
  return allowsDeviceType(webauthnAllowedDeviceTypes, String(aaguid))
}
