import { isIP } from 'node:net'
import type { DuoAuthentication } from '../flow/duo.ts'
import { canonicalParameters, type DuoParameters } from './signature.ts'

/** Bytes of `pushinfo`, which Duo takes fewer than 20,000 of. */
const longestPushInfo = 19_999

/** The parameters of `POST /auth/v2/preauth`. */
export function preauthQuestion(userId: string, clientIp: string): DuoParameters {
  // Without it Duo leaves out that a push has to be verified, and with it whoever requires that.
  return { user_id: userId, client_supports_verified_push: '1', ...addressOf(clientIp) }
}

/** The parameters of `POST /auth/v2/auth`. */
export function authQuestion(authentication: DuoAuthentication): DuoParameters {
  const { userId, factor, device, passcode, clientIp, title, displayUsername, pushInfo = {} } = authentication
  const who = { user_id: userId, factor, ...addressOf(clientIp) }
  if (factor === 'passcode') return { ...who, passcode: passcode ?? '' }
  if (factor === 'phone') return { ...who, device: device ?? 'auto' }
  const info = pushInfoOf(pushInfo)
  return {
    ...who,
    device: device ?? 'auto',
    ...(title && { type: title }),
    ...(displayUsername && { display_username: displayUsername }),
    ...(info && { pushinfo: info }),
  }
}

/** As many of the pairs as Duo takes, URL-encoded, in their order. */
function pushInfoOf(info: Readonly<Record<string, string>>): string {
  let text = ''
  for (const [name, value] of Object.entries(info)) {
    const longer = text + (text && '&') + canonicalParameters({ [name]: value })
    if (longer.length > longestPushInfo) break
    text = longer
  }
  return text
}

/** Duo's policies about networks judge it; what is no address would have the whole request refused. */
function addressOf(clientIp: string): DuoParameters {
  return isIP(clientIp) === 0 ? {} : { ipaddr: clientIp }
}
