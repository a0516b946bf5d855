import { Problem } from '../blueprint-error.ts'
import type { Position } from '../document/value.ts'

const reasons: Readonly<Record<string, string>> = {
  P2002: 'Another object has the same name, or the same place.',
  P2003: 'This refers to something that does not exist.',
}

/** Says what the database refused. */
export function explainRefusal(error: unknown, at: Position): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = reasons[code]
  return reason === undefined ? error : new Problem(at, reason)
}
