import type { JsonObject, JsonValue } from '../flow/json.ts'
import { inField } from './blueprint-error.ts'
import type { MapValue } from './document/value.ts'
import type { Scope } from './tags/tag.ts'

/** What the members of an entry's identifiers or attrs stand for; a problem with one of them says which. */
export async function resolveMembers({ members }: MapValue, scope: Scope): Promise<JsonObject> {
  const resolved: [string, JsonValue][] = []
  for (const [name, { value }] of members) {
    try {
      resolved.push([name, await scope.resolve(value)])
    } catch (error) {
      throw inField(name, error)
    }
  }
  return Object.fromEntries(resolved)
}
