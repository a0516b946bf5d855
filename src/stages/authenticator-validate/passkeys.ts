import { assertionOptions, credentialIdOf, verifyAssertion } from '../../credentials/webauthn.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import type { JsonObject } from '../../flow/json.ts'
import { advance, type Changes, invalid } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import { type Context, type State, stateOf } from './context.ts'
import { deviceOf, proven, remembering } from './proof.ts'
import { isAllowedModel } from './settings.ts'

/** What a browser asks these keys with; none: whichever passkey the person picks. The same challenge until it is answered. */
export async function webauthnChallenge(context: Context, keys: readonly Authenticator[]) {
  const { config, services } = context
  const fresh = await assertionOptions({
    rpId: services.relyingParty().id,
    userVerification: config.webauthnUserVerification,
    allowCredentials: keys.flatMap(({ lookup }) => (lookup === undefined ? [] : [lookup])),
    hints: config.webauthnHints,
  })
  const challenge = stateOf(context).webauthnChallenge ?? String(fresh.challenge)
  const state: State = { ...stateOf(context), webauthnChallenge: challenge }
  return { options: { ...fresh, challenge }, state }
}

/** Judges what a key answered: one of the person's own, or, where nobody is known yet, anybody's. */
export async function judgeAssertion(context: Context, user: User | undefined, response: JsonObject) {
  const { config, services } = context
  const id = credentialIdOf(response)
  const found = id === undefined ? undefined : await services.authenticators.find('webauthn', id)
  if (!found?.confirmed || (user && found.userId !== user.id)) return refused(context, 'Invalid device')
  const owner = user ?? (await services.users.byId(found.userId))
  if (!owner?.isActive) return refused(context, 'Invalid device')
  if (!isAllowedModel(found.data, config)) {
    return refused(context, `Invalid device type. Contact your ${services.brandTitle()} administrator for help.`, owner)
  }
  const { id: rpId, origins } = services.relyingParty()
  const challenge = stateOf(context).webauthnChallenge
  const requireUserVerification = config.webauthnUserVerification === 'required'
  const expected = { response, rpId, origins, requireUserVerification, authenticator: found }
  const verified = challenge === undefined ? undefined : await verifyAssertion({ ...expected, challenge })
  if (!verified) return refused(context, 'Assertion failed', owner)
  const used = { ...found, data: verified.data }
  return advance(user ? proven(context, user, used) : signedIn(context, owner, used))
}

/** A challenge is answered once: the next one is another. */
function refused(context: Context, message: string, about?: User) {
  const { webauthnChallenge: _, ...state } = stateOf(context)
  return invalid('webauthn', message, 'invalid', { state, ...(about && { about }) })
}

/** A passkey says who its owner is, too. */
function signedIn(context: Context, owner: User, key: Authenticator): Changes {
  const { id, version, data } = key
  const args = { device: deviceOf(key), device_type: data.aaguid ?? null }
  return {
    context: { pending_user: { known: true, id: owner.id }, auth_method: 'auth_webauthn_pwl', auth_method_args: args },
    pendingUser: owner,
    effects: [{ type: 'use_authenticator', id, version, data }, ...remembering(context, owner, key)],
  }
}
