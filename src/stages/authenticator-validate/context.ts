import type { SentCode } from '../../credentials/one-time-code.ts'
import type { StageContext } from '../../flow/stage.ts'
import type { Config } from './settings.ts'

/** What the stage keeps between its turns. */
export type State = {
  /** What a key must sign. */
  readonly webauthnChallenge?: string
  /** The codes that were sent, by authenticator. */
  readonly codes?: Readonly<Record<string, SentCode>>
}

export type Context = StageContext<Config, unknown>

/** What was kept, if anything was. */
export function stateOf({ state }: Pick<Context, 'state'>): State {
  return (state ?? {}) as State
}
