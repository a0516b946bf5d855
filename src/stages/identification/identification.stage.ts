import { z } from 'zod'
import { inbuiltBackend } from '../../credentials/password-backends.ts'
import { checkPassword } from '../../credentials/password-check.ts'
import { flowDesignations } from '../../flow/definition.ts'
import { advance, ask, type Changes, defineStage, invalid, type StageContext, userFields } from '../../flow/stage.ts'
import { normalizeIdentifier, type User } from '../../flow/user.ts'
import { secretText, text } from '../../shapes/text.ts'
import { loginSource } from './login-source.ts'

const userField = z.enum(userFields).meta({ id: 'UserField', description: 'What people may identify themselves by.' })
const flowId = (what: string) => z.uuid().nullable().default(null).describe(`The flow ${what}.`)

const config = z
  .object({
    userFields: z.array(userField).default([]).describe('What people may identify themselves by.'),
    passwordStage: z.uuid().nullable().default(null).describe('A password stage whose field is shown on the same screen.'),
    caseInsensitiveMatching: z.boolean().default(true).describe('Whether "Ada" finds "ada".'),
    showMatchedUser: z
      .boolean()
      .default(true)
      .describe(
        'Whether later screens show the user name of whoever was found, rather than what was typed. That tells who exists.',
      ),
    pretendUserExists: z.boolean().default(true).describe('Whether an unknown name goes on as if it were known.'),
    enableRememberMe: z.boolean().default(false).describe('Whether a frontend may offer to remember the name in the browser.'),
    enrollmentFlow: flowId('that people without an account are sent to'),
    recoveryFlow: flowId('that people who forgot their password are sent to'),
    passwordlessFlow: flowId('that signs in without a password'),
    showSourceLabels: z.boolean().default(false).describe('Whether sources are shown with their names.'),
  })
  .refine(({ userFields: fields }) => fields.length > 0, {
    path: ['userFields'],
    message: 'Choose at least one: there is no source that could identify people instead.',
  })

type Config = z.output<typeof config>

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
    enrollUrl: z.string().optional().describe('The page of the enrollment flow, where there is one.'),
    recoveryUrl: z.string().optional().describe('The page of the recovery flow, where there is one.'),
    passwordlessUrl: z.string().optional().describe('The page of the passwordless flow, where there is one.'),
    primaryAction: z.string().describe('What to write on the button.'),
    sources: z.array(loginSource).default([]).describe('Other places that people can sign in with.'),
    showSourceLabels: z.boolean().describe('Whether to show the names of the sources.'),
    enableRememberMe: z.boolean().default(true).describe('Whether to offer to remember the name in this browser.'),
  }),

  response: z.object({
    uidField: text({ max: 254 }).nullish().describe('The user name, e-mail address or other identifier. Autocomplete: username.'),
    password: secretText({ max: 4096 }).nullish().describe('Where the challenge asks for it. Autocomplete: current-password.'),
  }),

  references: ({ passwordStage }) => (passwordStage === null ? [] : [passwordStage]),

  guesses(context, { uidField }) {
    return embeddedPassword(context) && uidField ? `identifier:${normalizeIdentifier(uidField.trim())}` : undefined
  },

  attemptLimit(context) {
    const limit = embeddedPassword(context)?.failedAttemptsBeforeCancel
    return typeof limit === 'number' && limit > 0 ? limit : Number.POSITIVE_INFINITY
  },

  async present(context) {
    const { config: settings, flow, plan, services } = context
    const hint = plan.context.pending_user_identifier
    const password = embeddedPassword(context)
    if (hint !== undefined && !plan.context.pending_user && !password) {
      const changes = await identify(context, hint)
      if (changes) return advance(changes)
    }
    return ask({
      userFields: settings.userFields,
      pendingUserIdentifier: hint ?? null,
      passwordFields: password !== undefined,
      allowShowPassword: password?.allowShowPassword === true,
      flowDesignation: flow.designation,
      enrollUrl: services.flows.pathOf(settings.enrollmentFlow),
      recoveryUrl: services.flows.pathOf(settings.recoveryFlow),
      passwordlessUrl: services.flows.pathOf(settings.passwordlessFlow),
      primaryAction: flow.designation === 'authentication' ? 'Log in' : 'Continue',
      sources: [],
      showSourceLabels: settings.showSourceLabels,
      enableRememberMe: settings.enableRememberMe,
    })
  },

  async answer(context, { uidField: given, password }) {
    const uidField = given?.trim()
    if (!uidField) return refuse('No identification data provided.')
    if (!embeddedPassword(context)) {
      const changes = await identify(context, uidField)
      return changes ? advance(changes) : refuse('Failed to authenticate.', pretended(context.config, uidField))
    }

    const user = await find(context, uidField)
    const { passed, upgrades } = await checkPassword(context.services.passwords, judged(context, user), password ?? '')
    // Without proof nobody of ours is pending: a policy that leaves this stage out would let them pass.
    if (!passed || !user)
      return refuse('Failed to authenticate.', { ...pretended(context.config, uidField), ...(user && { about: user }) })
    const changes = found(context.config, user, uidField)
    const proof = {
      pending_user: { known: true, id: user.id, backend: inbuiltBackend },
      user_backend: inbuiltBackend,
      auth_method: 'password',
    }
    return advance({ ...changes, context: { ...changes.context, ...proof }, effects: upgrades })
  },
})

/** The config of the password stage on the same screen. One that is gone is still asked for, and lets nobody pass. */
function embeddedPassword({ config: settings, stages }: Pick<StageContext<Config, unknown>, 'config' | 'stages'>) {
  return settings.passwordStage === null ? undefined : (stages[settings.passwordStage]?.config ?? {})
}

/** The account, if a backend that exists here may judge its password. */
function judged(context: StageContext<Config, unknown>, user: User | undefined): User | undefined {
  const backends = embeddedPassword(context)?.backends
  return Array.isArray(backends) && backends.includes(inbuiltBackend) ? user : undefined
}

function find({ config: settings, services }: StageContext<Config, unknown>, identifier: string): Promise<User | undefined> {
  return services.users.find(identifier, settings.userFields, settings.caseInsensitiveMatching)
}

/** Whoever was named, or nobody who is treated alike; undefined where nobody is not to be treated alike. */
async function identify(context: StageContext<Config, unknown>, identifier: string): Promise<Changes | undefined> {
  const user = await find(context, identifier)
  if (user) return found(context.config, user, identifier)
  return context.config.pretendUserExists ? pretended(context.config, identifier) : undefined
}

function found({ showMatchedUser }: Config, user: User, typed: string): Changes {
  return {
    pendingUser: user,
    context: { pending_user: { known: true, id: user.id }, pending_user_identifier: showMatchedUser ? undefined : typed },
  }
}

function pretended({ showMatchedUser }: Config, typed: string): Changes {
  return {
    context: { pending_user: { known: false, identifier: typed }, pending_user_identifier: showMatchedUser ? undefined : typed },
  }
}

function refuse(message: string, changes: Changes = {}) {
  return invalid('nonFieldErrors', message, 'invalid', changes)
}
