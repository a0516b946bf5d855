import { Problem } from '../blueprint-error.ts'
import type { Value } from '../document/value.ts'
import { type FieldQuery, operandsOf, type ResolveTag, type Scope } from './tag.ts'

const form = '!Find [model, [field, value], ...]'

/** `!Find [model, [field, value], ...]`: the id of an object that is stored already, or null. */
export const resolveFind: ResolveTag = async (argument, scope) => {
  const [first, ...conditions] = operandsOf(argument, form)
  const model = first && (await scope.resolve(first))
  if (typeof model !== 'string' || conditions.length === 0) throw new Problem(argument.at, `Write it as ${form}.`)
  const fields = []
  for (const condition of conditions) fields.push(await readCondition(condition, scope))
  return (await scope.find({ model, fields, at: argument.at })) ?? null
}

async function readCondition(condition: Value, scope: Scope): Promise<FieldQuery> {
  const pair = await scope.resolve(condition)
  const [field, value] = Array.isArray(pair) && pair.length === 2 ? pair : []
  if (typeof field !== 'string') throw new Problem(condition.at, `Write it as ${form}.`)
  return { field, value, at: condition.at }
}
