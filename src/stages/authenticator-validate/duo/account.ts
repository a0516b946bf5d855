import { readDuoSettings } from '../../../credentials/duo-settings.ts'
import type { Authenticator } from '../../../flow/authenticators.ts'
import type { DuoSettings } from '../../../flow/duo.ts'
import type { Context } from '../context.ts'

/** Somebody as Duo knows them, and where to ask. */
export interface DuoAccount {
  readonly settings: DuoSettings
  /** Duo's id of them. */
  readonly userId: string
  /** Whether somebody who has proved themselves otherwise passes while Duo cannot be reached. */
  readonly passesUnreachable: boolean
}

/** The account behind an authenticator, by the stage that set it up as it is configured now; undefined: that one is gone. */
export function duoAccountOf({ services }: Context, { stageId, data }: Authenticator): DuoAccount | undefined {
  const stage = stageId === undefined ? undefined : services.stageConfig(stageId)
  if (stage?.kind !== 'authenticator_duo' || typeof data.duoUserId !== 'string') return undefined
  const read = readDuoSettings({ ...stage.config, ...services.secretsOf(stage.id) })
  return read && { settings: read.duo, userId: data.duoUserId, passesUnreachable: read.failMode === 'safe' }
}
