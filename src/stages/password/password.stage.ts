import { z } from 'zod'
import { inbuiltBackend, passwordBackends } from '../../credentials/password-backends.ts'
import { checkPassword } from '../../credentials/password-check.ts'
import { advance, ask, defineStage, deny, invalid } from '../../flow/stage.ts'
import { normalizeIdentifier } from '../../flow/user.ts'
import { secretText } from '../../shapes/text.ts'

/** Asks the pending user for their password (reference: stages 4.2). */
export const passwordStage = defineStage({
  kind: 'password',
  component: 'ak-stage-password',
  model: 'authentik_stages_password.passwordstage',
  description: 'Asks for the password of the pending user.',
  showsPendingUser: true,
  configurable: true,

  config: z.object({
    backends: z
      .array(z.enum(passwordBackends))
      .min(1)
      .describe('What may judge the password, in order. Only the inbuilt backend does so far.'),
    failedAttemptsBeforeCancel: z
      .int()
      .min(0)
      .max(1000)
      .default(5)
      .describe('The refused password that ends the flow; zero: none does.'),
    allowShowPassword: z.boolean().default(false).describe('Whether a frontend may offer to show what is typed.'),
  }),

  challenge: z.object({
    recoveryUrl: z.string().optional().describe('The page of the recovery flow, where there is one.'),
    allowShowPassword: z.boolean().default(false).describe('Whether to offer to show what is typed.'),
  }),

  response: z.object({
    password: secretText({ max: 4096, min: 1 })
      .meta({ autocomplete: 'current-password' })
      .describe('The password, exactly as typed.'),
  }),

  guesses({ plan, pendingUser }) {
    const pending = plan.context.pending_user
    if (!pending) return undefined
    return pending.known ? `user:${pendingUser?.id ?? pending.id}` : `identifier:${normalizeIdentifier(pending.identifier)}`
  },

  attemptLimit({ config }) {
    return config.failedAttemptsBeforeCancel === 0 ? Number.POSITIVE_INFINITY : config.failedAttemptsBeforeCancel
  },

  present({ config, plan, services }) {
    if (!plan.context.pending_user) return deny()
    return ask({ recoveryUrl: services.flows.recoveryUrl(), allowShowPassword: config.allowShowPassword })
  },

  async answer({ config, plan, pendingUser, services }, { password }) {
    if (!plan.context.pending_user) return deny()
    const account = config.backends.includes(inbuiltBackend) ? pendingUser : undefined
    const { passed, upgrades } = await checkPassword(services.passwords, account, password)
    if (!passed || !pendingUser) return invalid('password', 'Invalid password')
    const context = {
      pending_user: { known: true, id: pendingUser.id, backend: inbuiltBackend },
      user_backend: inbuiltBackend,
      auth_method: plan.context.auth_method ?? 'password',
    }
    return advance({ context, effects: upgrades })
  },
})
