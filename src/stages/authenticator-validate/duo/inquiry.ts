import type { DuoAnswer, DuoDevice, DuoTransaction } from '../../../flow/duo.ts'
import { isJsonObject } from '../../../flow/json.ts'
import { formatTitle } from '../../../flow/title.ts'
import type { User } from '../../../flow/user.ts'
import type { Context } from '../context.ts'
import type { DuoAccount } from './account.ts'
import type { DuoWish, Origin } from './request.ts'

/** Why Duo said nothing. */
export type DuoFailure = Extract<DuoAnswer<never>, { ok: false }>

/** What came of asking Duo to ask somebody. */
export type Outcome =
  | { readonly type: 'asked'; readonly transaction: DuoTransaction; readonly devices: readonly DuoDevice[] }
  /** Nobody was asked: Duo's own policy takes the person as proved, or refuses them. */
  | { readonly type: 'allowed' | 'denied'; readonly message: string }
  /** They have nothing at Duo. */
  | { readonly type: 'unenrolled'; readonly message: string }
  /** Nothing that they have can be asked in that way. */
  | { readonly type: 'unaskable'; readonly devices: readonly DuoDevice[] }
  | { readonly type: 'unanswered'; readonly failure: DuoFailure }

/** Asks whether somebody has to prove themselves, and if so, for a proof. Each call may make a telephone ring. */
export async function inquire(context: Context, user: User, account: DuoAccount, wish: DuoWish & Origin): Promise<Outcome> {
  const { duo, brandTitle } = context.services
  const { settings, userId } = account
  const { clientIp, factor, device } = wish
  const preauth = await duo.preauth(settings, { userId, clientIp })
  if (!preauth.ok) return { type: 'unanswered', failure: preauth }
  const { result, message } = preauth.value
  if (result === 'allow') return { type: 'allowed', message }
  if (result === 'deny') return { type: 'denied', message }
  if (result === 'enroll') return { type: 'unenrolled', message }
  const { devices } = preauth.value
  if (!canBeAsked(devices, wish)) return { type: 'unaskable', devices }
  const title = `${brandTitle()} Login request`
  const shown = { title, displayUsername: user.username, pushInfo: pushInfo(context, user, wish) }
  const begun = await duo.begin(settings, { userId, factor, device, clientIp, ...shown })
  return begun.ok ? { type: 'asked', transaction: begun.value, devices } : { type: 'unanswered', failure: begun }
}

function canBeAsked(devices: readonly DuoDevice[], { factor, device }: DuoWish): boolean {
  return devices.some(({ id, capabilities }) => (device === 'auto' || device === id) && capabilities.includes(factor))
}

/** What helps people to tell a request of theirs from one that somebody else has made. */
function pushInfo({ flow, plan }: Context, { username }: User, { host }: Origin): Readonly<Record<string, string>> {
  const { application } = plan.context
  const app = isJsonObject(application) && typeof application.name === 'string' ? application.name : ''
  const title = formatTitle(flow.title, { app, user: username }) || flow.name
  return { Domain: host, Flow: title, ...(app && { Application: app }) }
}
