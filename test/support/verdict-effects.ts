import type { Effect } from '../../src/flow/effects.ts'
import type { Changes, Verdict } from '../../src/flow/stage.ts'

/** What a verdict changes; nothing where it cannot. */
export function changesOf(verdict: Verdict<unknown, unknown>): Changes {
  return 'changes' in verdict ? (verdict.changes ?? {}) : {}
}

/** The effects of one type that a verdict asks for. */
export function effectsOf<Type extends Effect['type']>(
  verdict: Verdict<unknown, unknown>,
  type: Type,
): readonly Extract<Effect, { readonly type: Type }>[] {
  return (changesOf(verdict).effects ?? []).filter(
    (effect): effect is Extract<Effect, { readonly type: Type }> => effect.type === type,
  )
}
