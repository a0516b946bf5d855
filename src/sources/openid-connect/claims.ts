import type { SourceIdentity } from '../../flow/sources.ts'

/** As long as an account's texts may be. */
const longest = { username: 150, name: 255, email: 254 } as const
/** OpenID Connect Core 1.0, section 2. */
const longestSubject = 255

/** Reads claims as an identity; undefined when they name nobody. What no account could hold is as good as absent. */
export function identityOf(claims: Readonly<Record<string, unknown>>): SourceIdentity | undefined {
  const identifier = textOf(claims.sub, longestSubject)
  if (identifier === undefined) return undefined
  const email = textOf(claims.email, longest.email)
  return {
    identifier,
    username: textOf(claims.preferred_username, longest.username),
    name: textOf(claims.name, longest.name),
    email,
    // Some providers say it as a text.
    emailVerified: email !== undefined && (claims.email_verified === true || claims.email_verified === 'true'),
  }
}

function textOf(claim: unknown, max: number): string | undefined {
  if (typeof claim !== 'string') return undefined
  const text = claim.trim()
  const fits = text !== '' && Array.from(text).length <= max
  return fits && text.isWellFormed() && !hasControls(text) ? text : undefined
}

function hasControls(text: string): boolean {
  for (const character of text) if (character < ' ' || character === '\u007f') return true
  return false
}
