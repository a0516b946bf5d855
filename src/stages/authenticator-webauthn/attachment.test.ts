import { describe, expect, it } from 'vitest'
import type { Hints } from '../../credentials/webauthn-settings.ts'
import { type Attachment, inferAttachment } from './attachment.ts'

describe('where an authenticator is asked for', () => {
  it.each<[Attachment | null, Hints, Attachment | undefined]>([
    [null, [], undefined],
    [null, ['client-device'], 'platform'],
    [null, ['security-key'], 'cross-platform'],
    [null, ['hybrid', 'security-key'], 'cross-platform'],
    [null, ['client-device', 'hybrid'], undefined],
    [null, ['security-key', 'client-device', 'hybrid'], undefined],
    ['platform', ['security-key'], 'platform'],
    ['cross-platform', ['client-device'], 'cross-platform'],
    ['platform', [], 'platform'],
  ])('configured %s, hints %j: %s', (configured, hints, attachment) => {
    expect(inferAttachment(configured, hints)).toBe(attachment)
  })
})
