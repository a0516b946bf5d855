import type { Authenticator } from '../../flow/authenticators.ts'
import { secondsOf } from '../../flow/duration.ts'
import type { User } from '../../flow/user.ts'
import type { Context } from './context.ts'

/** A browser remembers proofs given to several stages; the latest are kept. */
export const mostRemembered = 5
/** Stands in no token. */
const separator = '~'

/**
 * Whether this browser showed a proof not long ago: to this stage, for this person, and by something that they still have and
 * that still counts. How long is judged by the present config, so that shortening it cuts off proofs given before.
 */
export function isRemembered(context: Context, user: User, offered: readonly Authenticator[]): boolean {
  const { config, services, stageId } = context
  const threshold = secondsOf(config.lastAuthThreshold)
  if (threshold < 1) return false
  const oldest = services.now().getTime() - threshold * 1000
  return tokensOf(context).some((token) => {
    const claims = services.openToken(purposeOf(stageId), token)
    if (claims?.user !== user.id || typeof claims.issued !== 'number') return false
    return claims.issued > oldest && offered.some(({ id }) => id === claims.device)
  })
}

/** The cookie's value once this proof is remembered too, in place of the one before it to the same stage. */
export function rememberedWith(context: Context, user: User, used: Authenticator, seconds: number): string {
  const { services, stageId } = context
  const claims = { user: user.id, device: used.id, issued: services.now().getTime() }
  const others = tokensOf(context).filter((token) => services.openToken(purposeOf(stageId), token) === undefined)
  return [services.sealToken(purposeOf(stageId), claims, seconds), ...others].slice(0, mostRemembered).join(separator)
}

function tokensOf({ visitor }: Context): readonly string[] {
  const tokens = visitor.deviceCookie('mfa')?.split(separator) ?? []
  return tokens.filter(Boolean).slice(0, mostRemembered)
}

function purposeOf(stageId: string): string {
  return `second factor at ${stageId}`
}
