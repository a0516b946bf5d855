import { z } from 'zod'
import { randomToken } from '../../credentials/random.ts'
import { type Registered, registrationOptions, userHandle, verifyRegistration } from '../../credentials/webauthn-registration.ts'
import { allowsDeviceType, deviceTypes, hints, requirement } from '../../credentials/webauthn-settings.ts'
import type { JsonObject } from '../../flow/json.ts'
import { advance, ask, defineStage, deny, invalid, personOf, type StageContext } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import { text } from '../../shapes/text.ts'
import { attachments, inferAttachment } from './attachment.ts'

const config = z.object({
  friendlyName: text({ max: 200 }).default('').describe('What people see it called.'),
  userVerification: requirement
    .default('preferred')
    .describe('Whether the authenticator makes sure of the person, by a PIN or a fingerprint. `required` is enforced.'),
  residentKeyRequirement: requirement
    .default('preferred')
    .describe('Whether the authenticator keeps a passkey that names its user, so that it works without a user name.'),
  authenticatorAttachment: z
    .enum(attachments)
    .meta({ id: 'AuthenticatorAttachment', description: 'Where an authenticator is.' })
    .nullable()
    .default(null)
    .describe('Whether it is to be built into the device. Where null, the hints decide if they all speak of one place.'),
  hints: hints.default([]).describe('What browsers offer first, the best first.'),
  deviceTypeRestrictions: deviceTypes
    .default([])
    .describe(
      'AAGUIDs of the models that are let in; empty: all are. Only models that are listed are known: the all-zero AAGUID lets ' +
        'in those that do not tell theirs. Authenticators name their model themselves, and nothing is asked of its maker.',
    ),
  maxAttempts: z.int().min(0).max(1000).default(0).describe('How many refused answers end the execution; 0: none do.'),
})

interface State {
  readonly challenge: string
  /** Refused answers. */
  readonly attempts: number
}

type Context = StageContext<z.output<typeof config>, unknown>

/** Enrols a passkey or a security key (WebAuthn; reference: stages 4.20). */
export const authenticatorWebauthnStage = defineStage({
  kind: 'authenticator_webauthn',
  component: 'ak-stage-authenticator-webauthn',
  model: 'authentik_stages_authenticator_webauthn.authenticatorwebauthnstage',
  description: 'Sets up a passkey or a security key.',
  showsPendingUser: true,
  configurable: true,

  config,

  challenge: z.object({
    registration: z
      .record(z.string(), z.json())
      .describe('`PublicKeyCredentialCreationOptionsJSON`: what `navigator.credentials.create` takes, once parsed.'),
  }),

  response: z.object({
    response: z
      .record(z.string(), z.json())
      .describe('`RegistrationResponseJSON`: what the `toJSON` of the new credential returns, in the names that it has there.'),
  }),

  async present(context) {
    const user = personOf(context)
    // Somebody who only pretends to exist gets no further than others do.
    if (!user) return context.plan.context.pending_user ? deny() : advance()
    // A page that was reloaded may be answered from where it was shown first.
    const state = (context.state as State | undefined) ?? { challenge: randomToken(), attempts: 0 }
    const { config, services } = context
    const known = await services.authenticators.of(user.id)
    const registration = await registrationOptions({
      challenge: state.challenge,
      relyingParty: services.relyingParty(),
      user: { handle: userHandle(user.uuid), name: user.username, displayName: user.name },
      userVerification: config.userVerification,
      residentKey: config.residentKeyRequirement,
      attachment: inferAttachment(config.authenticatorAttachment, config.hints),
      hints: config.hints,
      existing: known.filter(({ kind }) => kind === 'webauthn').map(({ data }) => data),
    })
    return ask({ registration }, state)
  },

  async answer(context, { response }) {
    const user = personOf(context)
    const state = context.state as State | undefined
    if (!user || !state) return deny()
    const registered = await judge(context, user, state.challenge, response)
    if (registered.type === 'refused') return refuse(context, state, registered.problem)
    const name = context.config.friendlyName || 'WebAuthn Device'
    const about = { userId: user.id, kind: 'webauthn', stageId: context.stageId, name }
    const authenticator = { ...about, data: registered.data, lookup: registered.credentialId }
    return advance({ effects: [{ type: 'add_authenticator', authenticator }] })
  },
})

async function judge({ config, services }: Context, user: User, challenge: string, response: JsonObject): Promise<Registered> {
  const { id: rpId, origins } = services.relyingParty()
  // The reference asks for verification and does not look whether it was done.
  const requireUserVerification = config.userVerification === 'required'
  const expected = { challenge, rpId, origins, requireUserVerification, userHandle: userHandle(user.uuid) }
  const registered = await verifyRegistration({ response, ...expected })
  if (registered.type === 'refused') return refused(`Registration failed. Error: ${registered.problem}`)
  if (await services.authenticators.find('webauthn', registered.credentialId)) return refused('Credential ID already exists.')
  if (!allowsDeviceType(config.deviceTypeRestrictions, registered.aaguid))
    return refused(`Invalid device type. Contact your ${services.brandTitle()} administrator for help.`)
  return registered
}

function refused(problem: string): Registered {
  return { type: 'refused', problem }
}

/** What was answered once, rightly or not, is not asked again. */
function refuse({ config, services }: Context, state: State, problem: string) {
  const attempts = state.attempts + 1
  if (config.maxAttempts > 0 && attempts >= config.maxAttempts)
    return deny(`Exceeded maximum attempts. Contact your ${services.brandTitle()} administrator for help.`)
  return invalid('response', problem, 'invalid', { state: { challenge: randomToken(), attempts } })
}
