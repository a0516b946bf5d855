import type { Effect } from '../../flow/effects.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../flow/json.ts'

const attribute = 'goauthentik.io/user/sources'

/** The attributes with the source that somebody came through, named once. */
export function withSource(attributes: JsonObject, connection: JsonValue | undefined): JsonObject {
  const source = isJsonObject(connection) ? connection.source : undefined
  const name = isJsonObject(source) ? source.name : source
  const before = attributes[attribute]
  const names: readonly JsonValue[] = Array.isArray(before) ? before : []
  if (typeof name !== 'string' || name === '' || names.includes(name)) return attributes
  return { ...attributes, [attribute]: [...names, name] }
}

/** What connects an account that is about to be with the source that has vouched for its owner. */
export function connecting(connection: JsonValue | undefined, userId: number): readonly Effect[] {
  if (!isJsonObject(connection) || !isJsonObject(connection.source)) return []
  const { source, identifier } = connection
  if (typeof source.id !== 'string' || typeof identifier !== 'string') return []
  return [{ type: 'connect_source', connection: { source: source.id, identifier, userId } }]
}
