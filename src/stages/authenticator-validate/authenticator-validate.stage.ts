import { z } from 'zod'
import { credentialIdOf } from '../../credentials/webauthn.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import { advance, ask, defineStage, deny, invalid, personOf } from '../../flow/stage.ts'
import { secretText, text } from '../../shapes/text.ts'
import { judgeCode } from './codes.ts'
import type { Context } from './context.ts'
import { isSent, sendCode } from './messages.ts'
import { challengesOf, firstOfEach, usable } from './offer.ts'
import { judgeAssertion, webauthnChallenge } from './passkeys.ts'
import { isRemembered } from './remembered.ts'
import { config } from './settings.ts'
import { chooseStage, withoutAny } from './setup.ts'
import { configurationStage, deviceChallenge } from './shapes.ts'

/** How many refused proofs end the execution; each authenticator slows down long before. */
export const mostRefusedCodes = 10

/** Asks for a second factor, or for a passkey alone (reference: stages 4.21). */
export const authenticatorValidateStage = defineStage({
  kind: 'authenticator_validate',
  component: 'ak-stage-authenticator-validate',
  model: 'authentik_stages_authenticator_validate.authenticatorvalidatestage',
  description: 'Asks for a proof from something that the person has set up.',
  showsPendingUser: true,

  config,

  challenge: z.object({
    deviceChallenges: z.array(deviceChallenge).describe('What the person may prove themselves with: one entry a class.'),
    configurationStages: z.array(configurationStage).describe('What they may set up instead, when they have nothing yet.'),
  }),

  response: z.object({
    code: secretText({ max: 100 })
      .nullish()
      .meta({ autocomplete: 'one-time-code' })
      .describe('A code from any of the offered classes.'),
    webauthn: z
      .record(z.string(), z.json())
      .nullish()
      .describe('What `navigator.credentials.get` made of the challenge, as `PublicKeyCredential.toJSON` says it.'),
    selectedStage: text({ max: 64 }).nullish().describe('The `pk` of one of the configuration stages.'),
    selectedChallenge: z
      .record(z.string(), z.json())
      .nullish()
      .describe('One of the device challenges, to have its code sent; `email` and `sms` send nothing before.'),
  }),

  references: ({ configurationStages }) => configurationStages,

  guesses(context, { code, webauthn }) {
    const user = personOf(context)
    if (user) return code || webauthn ? `authenticator:${user.id}` : undefined
    const credential = webauthn ? credentialIdOf(webauthn) : undefined
    return credential === undefined ? undefined : `passkey:${credential}`
  },

  attemptLimit: () => mostRefusedCodes,

  async present(context) {
    // Somebody must be known before they can be asked for something of theirs, unless a passkey says who they are.
    if (isAboutNobody(context)) return withoutPerson(context)
    const user = personOf(context)
    const offered = user ? await usable(context, user) : []
    if (!user || offered.length === 0) return withoutAny(context)
    if (isRemembered(context, user, offered)) return advance()
    const { deviceChallenges, state } = await challengesOf(context, offered)
    return ask({ deviceChallenges, configurationStages: [] }, state)
  },

  async answer(context, { code, webauthn, selectedStage, selectedChallenge }) {
    if (isAboutNobody(context)) {
      if (!takesPasskeys(context)) return deny()
      return webauthn ? judgeAssertion(context, undefined, webauthn) : invalid('nonFieldErrors', 'Empty response')
    }
    const user = personOf(context)
    const offered = user ? await usable(context, user) : []
    if (!user || offered.length === 0) return chooseStage(context, selectedStage)
    const selected = selectedChallenge ? selectedOf(offered, selectedChallenge) : undefined
    if (selectedChallenge && !selected) return invalid('selectedChallenge', 'invalid challenge selected')
    if (code) {
      const named = offered.filter(({ kind }) => !selected || kind === selected.kind)
      return judgeCode(context, user, named, code)
    }
    if (webauthn) {
      const allowed = offered.some(({ kind }) => kind === 'webauthn')
      return allowed ? judgeAssertion(context, user, webauthn) : invalid('webauthn', 'No compatible device class allowed')
    }
    return selected && isSent(selected.kind) ? sendCode(context, user, selected) : invalid('nonFieldErrors', 'Empty response')
  },
})

function isAboutNobody(context: Context): boolean {
  return !personOf(context) && !context.plan.context.pending_user
}

function takesPasskeys({ config: settings, flow }: Context): boolean {
  return flow.designation === 'authentication' && settings.deviceClasses.includes('webauthn')
}

async function withoutPerson(context: Context) {
  if (context.flow.designation !== 'authentication') return advance()
  if (!takesPasskeys(context)) return deny()
  const { options, state } = await webauthnChallenge(context, [])
  const anyPasskey = { deviceClass: 'webauthn', deviceUid: '-1', challenge: options, lastUsed: null } as const
  return ask({ deviceChallenges: [anyPasskey], configurationStages: [] }, state)
}

/** One of the entries that were shown, by what names it. */
function selectedOf(offered: readonly Authenticator[], challenge: Readonly<Record<string, unknown>>): Authenticator | undefined {
  const uid = challenge.deviceUid ?? challenge.device_uid
  // GraphQL shows the values of enums in capitals, and clients send the challenge back as they got it.
  const named = String(challenge.deviceClass ?? challenge.device_class ?? '').toLowerCase()
  return firstOfEach(offered).find(({ id, kind }) => id === uid && (named === '' || named === kind))
}
