import { Problem } from '../blueprint-error.ts'
import type { ResolveTag } from './tag.ts'

/** `!KeyOf id`: the id of the object that an earlier entry is about. */
export const resolveKeyOf: ResolveTag = async (argument, scope) => {
  const entry = argument.type === 'scalar' ? argument.value : undefined
  if (typeof entry !== 'string') throw new Problem(argument.at, 'Write it as !KeyOf id.')
  return scope.idOf(entry, argument.at)
}
