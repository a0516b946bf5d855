import type { Hints } from '../../credentials/webauthn-settings.ts'

/** Where an authenticator may be: in the device, or outside it. */
export const attachments = ['platform', 'cross-platform'] as const
export type Attachment = (typeof attachments)[number]

/** The place that is configured, else the one that all hints speak of: for browsers that do not know hints. */
export function inferAttachment(configured: Attachment | null, hints: Hints): Attachment | undefined {
  if (configured) return configured
  const places = new Set(hints.map((hint) => (hint === 'client-device' ? 'platform' : 'cross-platform')))
  const [place, ...others] = places
  return others.length > 0 ? undefined : place
}
