import { z } from 'zod'
import { duration, secondsOf } from '../../flow/duration.ts'
import { isJsonObject } from '../../flow/json.ts'
import { advance, ask, defineStage, deny, type StageContext } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'

const networkBindings = ['no_binding', 'bind_asn', 'bind_asn_network', 'bind_asn_network_ip'] as const
const geoipBindings = ['no_binding', 'bind_continent', 'bind_continent_country', 'bind_continent_country_city'] as const

const config = z.object({
  sessionDuration: duration('seconds=0').describe('How long the session lasts; zero: until the browser closes.'),
  rememberMeOffset: duration('seconds=0').describe('What "remember me" adds to that; zero: the person is not asked.'),
  rememberDevice: duration('days=30').describe(
    'How long a browser counts as known to who has signed in with it: policies read `auth_method_args.known_device`. Zero: never.',
  ),
  terminateOtherSessions: z.boolean().default(false).describe('Whether all other sessions of the user end.'),
  networkBinding: z
    .enum(networkBindings)
    .default('no_binding')
    .describe('How much of its network a session is bound to. Kept with the session, and not enforced yet.'),
  geoipBinding: z
    .enum(geoipBindings)
    .default('no_binding')
    .describe('How much of its place a session is bound to. Kept with the session, and not enforced yet.'),
})

/** Attaches the pending user to the session (reference: stages 4.7). */
export const userLoginStage = defineStage({
  kind: 'user_login',
  component: 'ak-stage-user-login',
  model: 'authentik_stages_user_login.userloginstage',
  description: 'Signs the pending user in, asking before whether to remember them if that is configured.',
  acts: true,
  showsPendingUser: true,

  config,

  challenge: z.object({}),

  response: z.object({ rememberMe: z.boolean().describe('Whether the session outlives its usual duration.') }),

  present(context) {
    const user = whoMaySignIn(context)
    if (!user) return deny()
    return secondsOf(context.config.rememberMeOffset) > 0 ? ask({}) : signIn(context, user, 0)
  },

  answer(context, { rememberMe }) {
    const user = whoMaySignIn(context)
    if (!user) return deny()
    return signIn(context, user, rememberMe ? secondsOf(context.config.rememberMeOffset) : 0)
  },
})

/** Neither a disabled account nor somebody who only pretends to exist ever gets a session. */
function whoMaySignIn({ plan, pendingUser }: Pick<StageContext<unknown, unknown>, 'plan' | 'pendingUser'>): User | undefined {
  return plan.context.pending_user?.known && pendingUser?.isActive ? pendingUser : undefined
}

function signIn(context: StageContext<z.output<typeof config>, unknown>, user: User, extraSeconds: number) {
  const { config: settings, plan } = context
  const seconds = secondsOf(settings.sessionDuration) + extraSeconds
  const args = isJsonObject(plan.context.auth_method_args) ? plan.context.auth_method_args : {}
  return advance({
    context: { auth_method_args: { known_device: isKnown(context, user), ...args } },
    effects: [
      {
        type: 'sign_in',
        userId: user.id,
        username: user.username,
        duration: seconds > 0 ? seconds : undefined,
        terminateOtherSessions: settings.terminateOtherSessions,
        authMethod: plan.context.auth_method,
        networkBinding: settings.networkBinding,
        geoipBinding: settings.geoipBinding,
      },
      ...rememberedDevice(context, user),
    ],
  })
}

/** Whether this person has signed in with this browser, through this stage, not too long ago. */
function isKnown({ services, stageId, visitor }: StageContext<unknown, unknown>, { id }: User): boolean {
  const token = visitor.deviceCookie('device')
  return token !== undefined && services.openToken(purposeOf(stageId), token)?.user === id
}

function rememberedDevice({ config: settings, services, stageId }: StageContext<z.output<typeof config>, unknown>, { id }: User) {
  const seconds = secondsOf(settings.rememberDevice)
  if (seconds < 1) return []
  const value = services.sealToken(purposeOf(stageId), { user: id }, seconds)
  return [{ type: 'remember_device', cookie: 'device', value, seconds } as const]
}

function purposeOf(stageId: string): string {
  return `known device at ${stageId}`
}
