import type { SourceSettings } from '../../flow/sources.ts'
import type { StageContext } from '../../flow/stage.ts'
import { type OAuthSourceConfig, oauthSource, oauthSourceConfig } from './oauth-source.ts'

/** A source that people may be sent to. */
export interface UsableSource {
  readonly id: string
  readonly name: string
  readonly config: OAuthSourceConfig
  /** With its secrets: for the gateway only. */
  readonly settings: SourceSettings
}

/** The source that the stage names, or why it cannot be used, in words for the person. */
export function usableSource({
  config,
  objects,
  services,
}: Pick<StageContext<{ readonly source: string }, unknown>, 'config' | 'objects' | 'services'>): UsableSource | string {
  const found = objects[config.source]
  if (!found) return 'Source does not exist'
  if (found.kind !== oauthSource.kind) return 'Invalid source'
  const own = oauthSourceConfig.safeParse(found.config)
  if (!own.success) return 'Invalid source'
  if (!own.data.enabled) return 'Source does not exist'
  const { id, name } = found
  const { slug, providerType: provider } = own.data
  const settings = { provider, slug, config: { ...own.data, ...services.secretsOf(id) } }
  return { id, name, config: own.data, settings }
}
