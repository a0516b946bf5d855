import type { z } from 'zod'
import { takesCode } from '../../credentials/code-authenticators.ts'
import { maskedAddress, maskedPhoneNumber } from '../../credentials/masked.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import type { DuoDevice } from '../../flow/duo.ts'
import type { User } from '../../flow/user.ts'
import { type Context, hasProved, stateOf } from './context.ts'
import { duoFactors, hintOfRequest, isPending } from './duo/request.ts'
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
    case 'duo':
      return typeof data.duoUserId === 'string'
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
      challenge: one.kind === 'webauthn' ? (shown?.options ?? {}) : hintOf(context, one),
      lastUsed: one.lastUsedAt?.toISOString() ?? null,
    }),
  )
  return { deviceChallenges, state: shown?.state ?? stateOf(context) }
}

/** What is told of a way to prove oneself. */
type Hint = z.input<typeof deviceChallenge>['challenge']

/** In the wire's spelling: what is in here is passed through as it is. */
function hintOf(context: Context, one: Authenticator): Hint {
  switch (one.kind) {
    case 'email':
      return { email: maskedAddress(String(one.data.email)) }
    case 'sms':
      return { phone_number: maskedPhoneNumber(String(one.data.phoneNumber)) }
    case 'duo':
      return duoHint(context, one)
    default:
      return {}
  }
}

/** Nothing until Duo was asked. What people call their devices is told to nobody who has not proved anything. */
function duoHint(context: Context, { id, userId }: Authenticator): Hint {
  const { duo, devices = {} } = stateOf(context)
  const isKnown = hasProved(context) || context.sessionUser?.id === userId
  const own = isKnown ? (devices[id] ?? []) : []
  const pending = duo?.authenticator === id && isPending(duo, context.services.now())
  return { ...(pending && hintOfRequest(duo)), ...(own.length > 0 && { devices: own.map(deviceHint) }) }
}

function deviceHint({ id, displayName, capabilities }: DuoDevice): Hint {
  return { id, name: displayName, factors: duoFactors.filter((factor) => capabilities.includes(factor)) }
}
