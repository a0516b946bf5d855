import type { SourceIdentity } from '../../flow/sources.ts'
import type { StageContext } from '../../flow/stage.ts'
import type { User } from '../../flow/user.ts'
import type { UsableSource } from './usable-source.ts'

/** Whom of ours somebody from a source is. */
export type AccountMatch =
  | { readonly type: 'account'; readonly user: User; readonly isNew: boolean }
  | { readonly type: 'nobody' }
  /** There is an account like that, and it may not be taken over. */
  | { readonly type: 'refused' }
  | { readonly type: 'missing_property'; readonly property: 'email' | 'username' }

/** Finds the account of somebody from a source: the connected one, the session's own, or one that is theirs by the source's word. */
export async function matchAccount(
  { services, sessionUser }: Pick<StageContext<unknown, unknown>, 'services' | 'sessionUser'>,
  { id, config }: UsableSource,
  identity: SourceIdentity,
): Promise<AccountMatch> {
  const connected = await services.sourceConnection(id, identity.identifier)
  if (connected) {
    const user = await services.users.byId(connected.userId)
    return user ? { type: 'account', user, isNew: false } : { type: 'refused' }
  }
  if (sessionUser) return { type: 'account', user: sessionUser, isNew: true }
  if (config.userMatchingMode === 'identifier') return { type: 'nobody' }

  const [property, action] = config.userMatchingMode.split('_') as ['email' | 'username', 'link' | 'deny']
  const claim = identity[property]
  if (claim === undefined || (action === 'link' && property === 'email' && !identity.emailVerified))
    return { type: 'missing_property', property }
  const alike = await services.users.find(claim, [property], true)
  if (!alike) return { type: 'nobody' }
  // Names that only look alike to us, such as with letters of other alphabets, may be different people's elsewhere.
  const same = lowerAscii(alike[property]) === lowerAscii(claim)
  return action === 'link' && same ? { type: 'account', user: alike, isNew: true } : { type: 'refused' }
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
