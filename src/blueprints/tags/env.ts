import { type ResolveTag, textAndDefault } from './tag.ts'

/** `!Env NAME` or `!Env [NAME, default]`: an environment variable that blueprints may read, or null. */
export const resolveEnv: ResolveTag = async (argument, scope) => {
  const { text, fallback } = await textAndDefault(argument, scope, '!Env NAME or !Env [NAME, default]')
  return scope.environment(text, argument.at) ?? (fallback ? scope.resolve(fallback) : null)
}
