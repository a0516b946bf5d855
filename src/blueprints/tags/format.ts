import type { JsonValue } from '../../flow/json.ts'
import { Problem } from '../blueprint-error.ts'
import { operandsOf, type ResolveTag } from './tag.ts'

const form = '!Format [text with %s, value, ...]'

/** `!Format [text, value, ...]`: the text with a value for each `%s`, or for each `%d` a whole number; `%%` is a `%`. */
export const resolveFormat: ResolveTag = async (argument, scope) => {
  const [first, ...values] = operandsOf(argument, form)
  const template = first && (await scope.resolve(first))
  if (typeof template !== 'string') throw new Problem(argument.at, `Write it as ${form}.`)
  const operands: JsonValue[] = []
  for (const value of values) operands.push(await scope.resolve(value))

  const refuse = (reason: string) => new Problem(argument.at, reason)
  const text = template.replace(/%(.?)/gs, (_, conversion: string) => {
    if (conversion === '%') return '%'
    if (operands.length === 0) throw refuse('There are fewer values than the text has places for.')
    return convert(conversion, operands.shift() ?? null, refuse)
  })
  if (operands.length > 0) throw refuse('There are more values than the text has places for.')
  return text
}

function convert(conversion: string, value: JsonValue, refuse: (reason: string) => Problem): string {
  if (typeof value === 'object' && value !== null) throw refuse('Lists and mappings cannot be written into a text.')
  switch (conversion) {
    case 's':
      return spell(value)
    case 'd':
    case 'i':
      if (typeof value !== 'number') throw refuse(`%${conversion} takes a number.`)
      return String(Math.trunc(value))
    default:
      throw refuse(`"%${conversion}" is not supported; use %s, %d or %%.`)
  }
}

/** As authentik writes them: its server is a Python program. */
function spell(value: string | number | boolean | null): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  return value === null ? 'None' : value ? 'True' : 'False'
}
