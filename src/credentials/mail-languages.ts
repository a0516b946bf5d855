/** The languages to write to somebody in, the best first: the one they chose, then those that their browser asks for. */
export function mailLanguages(attributes: unknown, requested: readonly string[]): readonly string[] {
  const chosen = memberOf(memberOf(attributes, 'settings'), 'locale')
  return typeof chosen === 'string' && chosen !== '' ? [chosen.replaceAll('_', '-'), ...requested] : requested
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined
}
