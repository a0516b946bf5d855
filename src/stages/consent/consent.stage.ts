import { z } from 'zod'
import { equalsInConstantTime } from '../../credentials/random.ts'
import type { Consent } from '../../flow/accounts.ts'
import { duration, secondsOf } from '../../flow/duration.ts'
import { advance, ask, defineStage, invalid, type StageContext } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import { secretText } from '../../shapes/text.ts'
import { asksTheSame, type ConsentRequest, permission, readRequest, requestedIds, splitByGrant } from './consent-request.ts'

const config = z.object({
  mode: z
    .enum(['always_require', 'permanent', 'expiring'])
    .meta({
      values: {
        always_require: 'Asks every time, and stores nothing.',
        permanent: 'Asks again only when something else is wanted.',
        expiring: 'Asks again when something else is wanted, and after a while.',
      },
    })
    .default('expiring')
    .describe('How long an answer is good for.'),
  consentExpireIn: duration('weeks=4').describe('How long consent lasts in the mode `expiring`.'),
})

type Context = StageContext<z.output<typeof config>, unknown>

/** What the person was last shown, so that they accept that and nothing else. */
interface State {
  readonly token: string
  readonly request: ConsentRequest
}

/** Asks whether an application may have what it wants (reference: stages 4.6). */
export const consentStage = defineStage({
  kind: 'consent',
  component: 'ak-stage-consent',
  model: 'authentik_stages_consent.consentstage',
  description: 'Asks whether an application may have what it wants.',
  showsPendingUser: true,

  config,

  challenge: z.object({
    headerText: z.string().optional().describe('What to write above the permissions.'),
    permissions: z.array(permission).describe('What the application wants; to somebody who knows it, what it has already.'),
    additionalPermissions: z.array(permission).describe('What the application wants beside that.'),
    token: z.string().describe('Sent back as it is to accept. To refuse, cancel the flow.'),
  }),

  response: z.object({
    token: secretText({ max: 200, min: 1 }).describe('The token of the challenge that the person accepts.'),
  }),

  async present(context) {
    const { plan, services } = context
    const header = plan.context.consent_header
    const state = context.state as State | undefined
    const request = readRequest(plan.context)
    const granted = await standingConsent(context, request)
    if (granted && isExactly(granted.permissions, request)) return advance()
    const token = state && asksTheSame(state.request, request) ? state.token : services.randomToken()
    const { permissions, additionalPermissions } = granted ? splitByGrant(request, granted.permissions) : request
    return ask(
      {
        ...(typeof header === 'string' && { headerText: header }),
        permissions: [...permissions],
        additionalPermissions: [...additionalPermissions],
        token,
      },
      { token, request },
    )
  },

  answer(context, { token }) {
    const state = context.state as State | undefined
    if (!state || !equalsInConstantTime(token, state.token)) {
      const renewed = state && { state: { token: context.services.randomToken(), request: { ...state.request } } }
      return invalid('token', 'Invalid consent token, re-showing prompt', 'invalid', renewed)
    }
    const user = signedIn(context)
    const { application } = state.request
    if (context.config.mode === 'always_require' || application === undefined || !user) return advance()
    const consent = { userId: user.id, application, permissions: requestedIds(state.request), expiresAt: expiry(context) }
    return advance({ effects: [{ type: 'grant_consent', consent }] })
  },
})

/** The consent that still holds, where it is asked for one that can be stored. */
async function standingConsent(context: Context, { application }: ConsentRequest): Promise<Consent | undefined> {
  const { config: settings, services } = context
  const user = signedIn(context)
  if (settings.mode === 'always_require' || application === undefined || !user) return undefined
  const consent = await services.consentOf(user.id, application)
  return consent?.expiresAt && consent.expiresAt <= services.now() ? undefined : consent
}

/**
 * Whose consent counts. Not that of somebody who has yet to prove who they are, as authentik has it: a screen that is left
 * out would tell what accounts exist, and what they use.
 */
function signedIn({ plan, sessionUser }: Context): User | undefined {
  const pending = plan.context.pending_user
  return pending && !(pending.known && pending.id === sessionUser?.id) ? undefined : sessionUser
}

function isExactly(granted: readonly string[], request: ConsentRequest): boolean {
  return JSON.stringify([...new Set(granted)].sort()) === JSON.stringify(requestedIds(request))
}

function expiry({ config: { mode, consentExpireIn }, services }: Context): Date | undefined {
  return mode === 'expiring' ? new Date(services.now().getTime() + secondsOf(consentExpireIn) * 1000) : undefined
}
