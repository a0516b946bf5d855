import { type ResolveTag, textAndDefault } from './tag.ts'

/** `!Context key` or `!Context [key, default]`: a value of the blueprint's context, or null. */
export const resolveContext: ResolveTag = async (argument, scope) => {
  const { text, fallback } = await textAndDefault(argument, scope, '!Context key or !Context [key, default]')
  const value = await scope.context(text, argument.at)
  if (value !== undefined) return value
  return fallback ? scope.resolve(fallback) : null
}
