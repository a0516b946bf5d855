import { z } from 'zod'

/** How much a ceremony insists on something: on user verification, on a passkey that names its user. */
export const requirement = z.enum(['required', 'preferred', 'discouraged']).meta({
  id: 'WebauthnRequirement',
  description: 'How much is insisted on something.',
  values: {
    required: 'Nothing without it is accepted.',
    preferred: 'It is asked for, and done without where it cannot be had.',
    discouraged: 'It is not wanted.',
  },
})

/** What sort of authenticator a browser should offer first (WebAuthn Level 3, section 5.8.7). */
export const hints = z
  .array(
    z.enum(['security-key', 'client-device', 'hybrid']).meta({
      id: 'WebauthnHint',
      description: 'A sort of authenticator that a browser may offer first.',
      values: {
        'security-key': 'A key that is plugged in or held near.',
        'client-device': 'The device itself.',
        hybrid: 'A phone beside the device.',
      },
    }),
  )
  .max(3)

/** AAGUIDs of models of authenticators. Some are no UUIDs by RFC 9562: their version or variant is made up. */
export const deviceTypes = z.array(z.guid().toLowerCase()).max(1000)

/** Whether a list of AAGUIDs lets a model in; an empty one lets all in. */
export function allowsDeviceType(allowed: readonly string[], aaguid: string): boolean {
  return allowed.length === 0 || allowed.includes(aaguid)
}

export type Requirement = z.output<typeof requirement>
export type Hints = Readonly<z.output<typeof hints>>
