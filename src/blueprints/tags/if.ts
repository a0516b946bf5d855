import { Problem } from '../blueprint-error.ts'
import { isTruthy, operandsOf, type ResolveTag } from './tag.ts'

const form = '!If [condition, then, else] or !If [condition]'

/** `!If [condition, then, else]`: one of the two, and only that one is looked at. `!If [condition]`: whether it is true. */
export const resolveIf: ResolveTag = async (argument, scope) => {
  const [condition, then, otherwise, ...others] = operandsOf(argument, form)
  const complete = then === undefined || otherwise !== undefined
  if (!condition || !complete || others.length > 0) throw new Problem(argument.at, `Write it as ${form}.`)
  const holds = isTruthy(await scope.resolve(condition))
  if (!then || !otherwise) return holds
  return scope.resolve(holds ? then : otherwise)
}
