import { parseAccept } from 'hono/utils/accept'

/** Nobody reads more languages than this; what else a header holds is not looked at. */
const mostLanguages = 10
const longestHeader = 500
const tag = /^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/i

/** The languages that an Accept-Language header asks for, the best first (RFC 9110, section 12.5.4). */
export function languagesOf(header: string | undefined): readonly string[] {
  if (header === undefined || header.length > longestHeader) return []
  const wanted = parseAccept(header).filter(({ type, q }) => q > 0 && tag.test(type))
  return wanted.map(({ type }) => type).slice(0, mostLanguages)
}
