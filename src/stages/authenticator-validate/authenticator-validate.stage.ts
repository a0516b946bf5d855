import { z } from 'zod'
import { credentialIdOf } from '../../credentials/webauthn.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import { advance, ask, askAgain, defineStage, deny, invalid, personOf, wait } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import { secretText, text } from '../../shapes/text.ts'
import { judgeAnswer } from './answer.ts'
import type { Context } from './context.ts'
import { passedByDuo } from './duo/passed.ts'
import { challengesOf, usable } from './offer.ts'
import { judgeAssertion, webauthnChallenge } from './passkeys.ts'
import { isRemembered } from './remembered.ts'
import { config } from './settings.ts'
import { chooseStage, withoutAny } from './setup.ts'
import { configurationStage, deviceChallenge, duoFactor } from './shapes.ts'
import { actSlow, lapseSlow, resumeSlow, slowActions, waitOf } from './waiting.ts'

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
    duo: z
      .preprocess(textOfNumber, text({ max: 64 }).meta({ scalar: 'id' }))
      .nullish()
      .describe(
        'The `deviceUid` of the entry of class `duo`: has Duo ask the person to approve, and waits for that. With a `code`, that is a passcode.',
      ),
    duoFactor: duoFactor.nullish().describe('How Duo asks; `auto` unless said.'),
    duoDevice: text({ max: 64 })
      .meta({ scalar: 'id' })
      .nullish()
      .describe('Which of the `devices` of the entry is asked; Duo chooses unless said.'),
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
    const owner = await ownerOf(context)
    if (!owner) return withoutAny(context)
    const { user, offered } = owner
    if (isRemembered(context, user, offered)) return advance()
    const passed = passedByDuo(context, user, offered)
    if (passed) return passed
    const { deviceChallenges, state } = await challengesOf(context, offered)
    const waiting = waitOf(context)
    const challenge = { deviceChallenges, configurationStages: [] }
    return waiting ? wait(challenge, state, waiting) : ask(challenge, state)
  },

  async answer(context, answer) {
    if (isAboutNobody(context)) {
      if (!takesPasskeys(context)) return deny()
      const { webauthn } = answer
      return webauthn ? judgeAssertion(context, undefined, webauthn) : invalid('nonFieldErrors', 'Empty response')
    }
    const owner = await ownerOf(context)
    if (!owner) return chooseStage(context, answer.selectedStage)
    return judgeAnswer(context, owner.user, owner.offered, answer)
  },

  async resume(context, signal) {
    const owner = await ownerOf(context)
    return owner && resumeSlow(context, owner.user, owner.offered, signal)
  },

  lapse(context) {
    const user = personOf(context)
    return user ? lapseSlow(context, user) : askAgain({})
  },

  actions: slowActions,

  async act(context, action) {
    const owner = await ownerOf(context)
    return owner ? actSlow(context, owner.user, owner.offered, action) : askAgain({})
  },
})

/** Whom the stage is about, and what they can prove themselves with; undefined: nobody who could. */
async function ownerOf(context: Context): Promise<{ user: User; offered: readonly Authenticator[] } | undefined> {
  const user = personOf(context)
  const offered = user ? await usable(context, user) : []
  return user && offered.length > 0 ? { user, offered } : undefined
}

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

/** authentik's clients send the number that names a device there. */
function textOfNumber(value: unknown): unknown {
  return typeof value === 'number' ? String(value) : value
}
