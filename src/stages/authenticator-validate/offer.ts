import type { z } from 'zod'
import { takesCode } from '../../credentials/code-authenticators.ts'
import { maskedAddress, maskedPhoneNumber } from '../../credentials/masked.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import type { User } from '../../flow/user.ts'
import { type Context, stateOf } from './context.ts'
import { webauthnChallenge } from './passkeys.ts'
import { type Config, isAllowedModel } from './settings.ts'
import type { deviceChallenge, deviceClass } from './shapes.ts'

/** What a person has set up that counts here. */
export async function usable({ config, services }: Context, user: User): Promise<readonly Authenticator[]> {
  const own = await services.authenticators.of(user.id)
  const allowed: readonly string[] = config.deviceClasses
  return own.filter((one) => allowed.includes(one.kind) && isUsable(one, config))
}

function isUsable({ kind, data }: Authenticator, config: Config): boolean {
  switch (kind) {
    case 'email':
      return typeof data.email === 'string'
    case 'sms':
      // Of a number that was only verified a digest is kept: nothing can be sent there.
      return typeof data.phoneNumber === 'string'
    case 'webauthn':
      return isAllowedModel(data, config)
    default:
      return takesCode(kind)
  }
}

/** The first authenticator of each class: a code is tried on all of a class, and a key is asked for by all of them. */
export function firstOfEach(offered: readonly Authenticator[]): readonly Authenticator[] {
  const first = new Map<string, Authenticator>()
  for (const one of offered) if (!first.has(one.kind)) first.set(one.kind, one)
  return [...first.values()]
}

/** What is shown of the offer. The challenge of keys is the one that was shown before, if there was one. */
export async function challengesOf(context: Context, offered: readonly Authenticator[]) {
  const keys = offered.filter(({ kind }) => kind === 'webauthn')
  const shown = keys.length > 0 ? await webauthnChallenge(context, keys) : undefined
  const deviceChallenges = firstOfEach(offered).map(
    (one): z.input<typeof deviceChallenge> => ({
      deviceClass: one.kind as z.input<typeof deviceClass>,
      deviceUid: one.id,
      challenge: one.kind === 'webauthn' ? (shown?.options ?? {}) : hintOf(one),
      lastUsed: one.lastUsedAt?.toISOString() ?? null,
    }),
  )
  return { deviceChallenges, state: shown?.state ?? stateOf(context) }
}

function hintOf({ kind, data }: Authenticator): Record<string, string> {
  if (kind === 'email') return { email: maskedAddress(String(data.email)) }
  // In the wire's spelling: what is in here is passed through as it is.
  return kind === 'sms' ? { phone_number: maskedPhoneNumber(String(data.phoneNumber)) } : {}
}
