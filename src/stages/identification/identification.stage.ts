import { z } from 'zod'
import { flowDesignations } from '../../flow/definition.ts'
import { advance, ask, type Changes, defineStage, invalid, type Verdict } from '../../flow/stage.ts'
import { secretText, text } from '../../shapes/text.ts'
import { asksForCaptcha, captchaScreen, embeddedCaptcha, judgeCaptcha } from './embedded-captcha.ts'
import { checkEmbedded, embeddedPassword, passwordProof } from './embedded-password.ts'
import { loginSource, loginSources } from './login-source.ts'
import { judgePasskey, passkeyScreen } from './passkey.ts'
import { find, found, guessedAt, identify, pretended } from './people.ts'
import { type Context, config, stateOf, userField } from './settings.ts'

/** Asks who somebody is, without telling who exists (reference: stages 4.1). */
export const identificationStage = defineStage({
  kind: 'identification',
  component: 'ak-stage-identification',
  model: 'authentik_stages_identification.identificationstage',
  description: 'Asks who the person is, and for the password too where that is configured.',

  config,

  challenge: z.object({
    userFields: z.array(userField).nullable().describe('What may be typed; empty or null: no field is shown.'),
    pendingUserIdentifier: z.string().nullable().optional().describe('What to fill in beforehand.'),
    passwordFields: z.boolean().describe('Whether to ask for the password on the same screen.'),
    allowShowPassword: z.boolean().default(false).describe('Whether to offer to show the password that is typed.'),
    flowDesignation: z
      .enum(flowDesignations)
      .meta({ id: 'FlowDesignation', description: 'What a flow is for.' })
      .describe('What this flow is for.'),
    captchaStage: embeddedCaptcha.nullable().default(null).describe('The captcha to show on the same screen, if any.'),
    enrollUrl: z.string().optional().describe('The page of the enrollment flow, where there is one.'),
    recoveryUrl: z.string().optional().describe('The page of the recovery flow, where there is one.'),
    passwordlessUrl: z.string().optional().describe('The page of the passwordless flow, where there is one.'),
    primaryAction: z.string().describe('What to write on the button.'),
    sources: z.array(loginSource).default([]).describe('Other places that people can sign in with.'),
    showSourceLabels: z.boolean().describe('Whether to show the names of the sources.'),
    enableRememberMe: z.boolean().default(true).describe('Whether to offer to remember the name in this browser.'),
    passkeyChallenge: z
      .record(z.string(), z.json())
      .nullable()
      .default(null)
      .describe('`PublicKeyCredentialRequestOptionsJSON` for passkeys offered in the field (conditional mediation), if any.'),
  }),

  response: z.object({
    uidField: text({ max: 254 })
      .nullish()
      .meta({ autocomplete: 'username webauthn' })
      .describe('The user name, e-mail address or other identifier.'),
    password: secretText({ max: 4096 })
      .nullish()
      .meta({ autocomplete: 'current-password' })
      .describe('Where the challenge asks for it.'),
    captchaToken: secretText({ max: 16_384 }).nullish().describe('What the widget of the captcha hands out, where one is shown.'),
    passkey: z
      .record(z.string(), z.json())
      .nullish()
      .describe('`AuthenticationResponseJSON`: what the `toJSON` of a passkey returns. Nothing else is looked at then.'),
  }),

  references: ({ passwordStage, captchaStage, webauthnStage, sources }) => [
    ...[passwordStage, captchaStage, webauthnStage].filter((id) => id !== null),
    ...sources,
  ],

  guesses(context, { uidField, passkey }) {
    // What a passkey proves clears nobody who is named beside it.
    return embeddedPassword(context) && uidField && !passkey ? guessedAt(uidField.trim()) : undefined
  },

  attemptLimit(context) {
    const limit = embeddedPassword(context)?.failedAttemptsBeforeCancel
    return typeof limit === 'number' && limit > 0 ? limit : Number.POSITIVE_INFINITY
  },

  async present(context) {
    const { config: settings, flow, plan, services } = context
    const hint = plan.context.pending_user_identifier
    if (hint !== undefined && !plan.context.pending_user && isSimple(context)) {
      const changes = await identify(context, hint)
      if (changes) return advance(changes)
    }
    const password = embeddedPassword(context)
    const { captchaStage, task } = await captchaScreen(context)
    const { passkeyChallenge, kept } = await passkeyScreen(context)
    const state = { ...kept, ...(task && { task }) }
    const challenge = {
      userFields: settings.userFields,
      pendingUserIdentifier: hint ?? null,
      passwordFields: password !== undefined,
      allowShowPassword: password?.allowShowPassword === true,
      flowDesignation: flow.designation,
      captchaStage,
      enrollUrl: services.flows.pathOf(settings.enrollmentFlow),
      recoveryUrl: services.flows.pathOf(settings.recoveryFlow),
      passwordlessUrl: services.flows.pathOf(settings.passwordlessFlow),
      primaryAction: flow.designation === 'authentication' ? 'Log in' : 'Continue',
      sources: loginSources(context),
      showSourceLabels: settings.showSourceLabels,
      enableRememberMe: settings.enableRememberMe,
      passkeyChallenge,
    }
    return ask(challenge, state)
  },

  async answer(context, { uidField, password, captchaToken, passkey }) {
    if (passkey) return judgePasskey(context, passkey)
    const typed = uidField?.trim()
    if (!typed) return refuse('No identification data provided.')
    if (!asksForCaptcha(context)) return judgeName(context, typed, password ?? '')

    // Before anybody is looked up, so that unknown names reach the provider as well.
    const captcha = await judgeCaptcha(context, captchaToken ?? '')
    if (!captcha.passed) return withoutTask(context, failed(context, typed))
    const verdict = await judgeName(context, typed, password ?? '')
    if (verdict.type !== 'advance') return withoutTask(context, verdict)
    const said = { captcha: { response: captcha.response, stage: context.config.captchaStage } }
    return advance({ ...verdict.changes, context: { ...verdict.changes.context, ...said } })
  },
})

/** Whether a name is all that is asked for. */
function isSimple(context: Context): boolean {
  return !embeddedPassword(context) && !asksForCaptcha(context) && context.config.webauthnStage === null
}

/** Judges a name, and the password beside it where one is asked for. */
async function judgeName(context: Context, typed: string, password: string): Promise<Verdict<never, unknown>> {
  if (!embeddedPassword(context)) {
    const changes = await identify(context, typed)
    return changes ? advance(changes) : failed(context, typed)
  }
  const user = await find(context, typed)
  const { passed, upgrades } = await checkEmbedded(context, user, password)
  if (!passed || !user) return failed(context, typed, { ...(user && { about: user }) })
  const changes = found(context.config, user, typed)
  return advance({ ...changes, context: { ...changes.context, ...passwordProof(user) }, effects: upgrades })
}

/** A proof of work is good for one answer, right or wrong. */
function withoutTask(context: Context, verdict: Verdict<never, unknown>): Verdict<never, unknown> {
  const { task, ...state } = stateOf(context)
  return verdict.type === 'invalid' && task ? { ...verdict, changes: { ...verdict.changes, state } } : verdict
}

/** Without proof nobody of ours is pending: a policy that leaves this stage out would let them pass. */
function failed({ config: settings }: Context, typed: string, changes: Changes = {}): Verdict<never, unknown> {
  return refuse('Failed to authenticate.', { ...pretended(settings, typed), ...changes })
}

function refuse(message: string, changes: Changes = {}): Verdict<never, unknown> {
  return invalid('nonFieldErrors', message, 'invalid', changes)
}
