import type { Arrival, SourceGateway, SourceSettings } from '../flow/sources.ts'
import { openIdConnect } from './openid-connect/openid-connect.source.ts'
import type { SourceKind, SourceTools } from './source.ts'

/** Every kind of source. A new one is a folder and a line here. */
const sourceKinds: readonly ((tools: SourceTools) => SourceKind)[] = [openIdConnect]

/** The way to all sources. */
export function createSourceGateway(publicUrl: string, tools: SourceTools): SourceGateway {
  const kinds = new Map(sourceKinds.map((create) => create(tools)).map((kind) => [kind.provider, kind]))
  const arriving = new Map<string, Promise<Arrival>>()
  const callbackUrl = (slug: string) => new URL(`/source/oauth/callback/${encodeURIComponent(slug)}/`, publicUrl).href
  const tripTo = (source: SourceSettings, state: string) => ({ source, state, callbackUrl: callbackUrl(source.slug) })
  const kindOf = ({ provider }: SourceSettings) => {
    const kind = kinds.get(provider)
    if (!kind) throw new Error(`This version knows no source of kind "${provider}".`)
    return kind
  }
  return {
    callbackUrl,
    depart: (source, state) => kindOf(source).depart(tripTo(source, state)),
    arrive: (source, state, memory, arrivedAt) => {
      // A browser that loads the address twice at once must not spoil it: the proof in it can be used up only once.
      const key = JSON.stringify([source, memory, state, arrivedAt])
      const known = arriving.get(key)
      if (known) return known
      const arrival = kindOf(source)
        .arrive(tripTo(source, state), memory, arrivedAt)
        .finally(() => arriving.delete(key))
      arriving.set(key, arrival)
      return arrival
    },
  }
}
