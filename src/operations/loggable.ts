/** What an answer, a header or a row may call a secret, without case and separators. */
const secretName = /(?:password|passwordhash|token|secret|secretkey|apikey|authorization|cookie)$|^(?:code|handle|uidfield)$/

/** How deep objects and causes are followed; more is a loop, or of no use in a line. */
const deepest = 8
const longestMessage = 2000
const longestStack = 4000

/** A copy for the log: secrets are censored wherever they stand, errors are described. */
export function loggable(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return describeError(value, depth)
  if (depth === deepest) return '[deeper]'
  if (Array.isArray(value)) return value.map((element) => loggable(element, depth + 1))
  // It says itself what it is in JSON: a date, a URL.
  if ('toJSON' in value) return value
  const members = Object.entries(value).map(([name, member]) => [
    name,
    isSecret(name) ? '[redacted]' : loggable(member, depth + 1),
  ])
  return Object.fromEntries(members)
}

/** What is worth knowing of an error. Its own further members are not: parameters of a query hold what people typed. */
export function describeError(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { message: String(error).slice(0, longestMessage) }
  const { name, message, stack, cause } = error
  return {
    name,
    message: message.slice(0, longestMessage),
    ...('code' in error && { code: String(error.code) }),
    stack: stack?.slice(0, longestStack),
    ...(cause !== undefined && depth < deepest && { cause: describeError(cause, depth + 1) }),
  }
}

function isSecret(name: string): boolean {
  return secretName.test(name.toLowerCase().replaceAll(/[-_]/g, ''))
}
