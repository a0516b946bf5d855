const longest = 2048

/**
 * Whether `next` stays on this origin: a path that starts with exactly one slash and holds nothing that a browser reads
 * as another host or another line. Stricter than authentik, which looks for a host only (reference: flow-core 3.4).
 */
export function isSafeNextPath(next: string): boolean {
  if (next.length > longest || !next.startsWith('/') || next.startsWith('//')) return false
  // Browsers take a backslash for a slash, and drop tabs and line breaks before they look for the host.
  for (const character of next) if (character === '\\' || character <= ' ' || character === '\u007f') return false
  // Whoever takes the dots out of `/.//host` first, such as a frontend's router, is left with a host.
  return !new URL(next, 'http://localhost').pathname.startsWith('//')
}

/** A query string as names and values; the last one of a repeated name counts. Databases cannot keep NUL: such values are dropped. */
export function parseQuery(query: string): Record<string, string> {
  const parsed: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(query)) if (!`${name}${value}`.includes('\0')) parsed[name] = value
  return { ...parsed }
}
