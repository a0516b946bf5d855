import { z } from 'zod'
import { inbuiltBackend } from '../../credentials/password-backends.ts'
import { assertionOptions, credentialIdOf, verifyAssertion } from '../../credentials/webauthn.ts'
import type { JsonRecord } from '../../credentials/webauthn-json.ts'
import { allowsDeviceType, deviceTypes, hints, requirement } from '../../credentials/webauthn-settings.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import type { JsonObject } from '../../flow/json.ts'
import { advance, type Changes, invalid, type Verdict } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import { type Context, stateOf } from './settings.ts'

/** What the named stage says about passkeys, in a config that its own schema has let through. */
const passkeySettings = z.object({
  webauthnUserVerification: requirement.default('preferred'),
  webauthnHints: hints.default([]),
  webauthnAllowedDeviceTypes: deviceTypes.default([]),
})

/** What a browser offers passkeys with, the same until it is answered; null where none is asked for. */
export async function passkeyScreen(
  context: Context,
): Promise<{ readonly passkeyChallenge: JsonRecord | null; readonly kept?: { readonly passkeyChallenge: string } }> {
  const settings = settingsOf(context)
  if (!settings) return { passkeyChallenge: null }
  const fresh = await assertionOptions({
    rpId: context.services.relyingParty().id,
    userVerification: settings.webauthnUserVerification,
    allowCredentials: [],
    hints: settings.webauthnHints,
  })
  const challenge = stateOf(context).passkeyChallenge ?? String(fresh.challenge)
  return { passkeyChallenge: { ...fresh, challenge }, kept: { passkeyChallenge: challenge } }
}

/** Judges what a passkey answered: it says who its owner is, and proves it. */
export async function judgePasskey(context: Context, response: JsonObject): Promise<Verdict<never, unknown>> {
  const { services } = context
  const settings = settingsOf(context)
  const id = credentialIdOf(response)
  const passkey = settings && id !== undefined ? await services.authenticators.find('webauthn', id) : undefined
  const owner = passkey?.confirmed ? await services.users.byId(passkey.userId) : undefined
  if (!settings || !passkey || !owner?.isActive) return refused(context, 'Invalid device')
  if (!allowsDeviceType(settings.webauthnAllowedDeviceTypes, String(passkey.data.aaguid)))
    return refused(context, `Invalid device type. Contact your ${services.brandTitle()} administrator for help.`, owner)
  const { id: rpId, origins } = services.relyingParty()
  const challenge = stateOf(context).passkeyChallenge
  const requireUserVerification = settings.webauthnUserVerification === 'required'
  const expected = { response, rpId, origins, requireUserVerification, authenticator: passkey }
  const verified = challenge === undefined ? undefined : await verifyAssertion({ ...expected, challenge })
  return verified ? advance(signedIn(owner, { ...passkey, data: verified.data })) : refused(context, 'Assertion failed', owner)
}

function settingsOf({ config, stages }: Context): z.output<typeof passkeySettings> | undefined {
  const stage = stages[config.webauthnStage ?? '']
  return stage?.kind === 'authenticator_validate' ? passkeySettings.safeParse(stage.config).data : undefined
}

/** A challenge is answered once: the next one is another. */
function refused(context: Context, message: string, about?: User): Verdict<never, unknown> {
  const { passkeyChallenge: _, ...state } = stateOf(context)
  return invalid('nonFieldErrors', message, 'invalid', { state, ...(about && { about }) })
}

/** With a backend, so that nobody is asked for a password on top. */
function signedIn(owner: User, { id, version, kind, name, data }: Authenticator): Changes {
  const device = { pk: id, model_name: `${kind}device`, name }
  return {
    pendingUser: owner,
    context: {
      pending_user: { known: true, id: owner.id, backend: inbuiltBackend },
      pending_user_identifier: undefined,
      auth_method: 'auth_webauthn_pwl',
      auth_method_args: { device, device_type: data.aaguid ?? null },
    },
    effects: [{ type: 'use_authenticator', id, version, data }],
  }
}
