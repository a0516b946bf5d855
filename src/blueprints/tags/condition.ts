import { Problem } from '../blueprint-error.ts'
import { isTruthy, operandsOf, type ResolveTag } from './tag.ts'

const modes: Readonly<Record<string, (operands: readonly boolean[]) => boolean>> = {
  AND: (operands) => operands.every(Boolean),
  NAND: (operands) => !operands.every(Boolean),
  OR: (operands) => operands.some(Boolean),
  NOR: (operands) => !operands.some(Boolean),
  XOR: isOddlyTrue,
  XNOR: (operands) => !isOddlyTrue(operands),
}

const form = `!Condition [mode, value, ...] with one of the modes ${Object.keys(modes).join(', ')}`

/** `!Condition [mode, value, ...]`: whether the values are true together. */
export const resolveCondition: ResolveTag = async (argument, scope) => {
  const [first, ...values] = operandsOf(argument, form)
  const name = first && (await scope.resolve(first))
  const mode = typeof name === 'string' && Object.hasOwn(modes, name.toUpperCase()) ? modes[name.toUpperCase()] : undefined
  if (!mode || values.length === 0) throw new Problem(argument.at, `Write it as ${form}.`)
  const operands = []
  for (const value of values) operands.push(isTruthy(await scope.resolve(value)))
  return mode(operands)
}

function isOddlyTrue(operands: readonly boolean[]): boolean {
  return operands.filter(Boolean).length % 2 === 1
}
