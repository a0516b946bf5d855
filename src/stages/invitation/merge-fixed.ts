import { isJsonObject, type JsonObject, type JsonValue } from '../../flow/json.ts'

/** The data with what is fixed laid over it, objects member by member. No key ever reaches a prototype. */
export function mergeFixed(data: JsonObject, fixed: JsonObject): JsonObject {
  const merged = new Map<string, JsonValue | undefined>(Object.entries(data))
  for (const [key, value] of Object.entries(fixed)) {
    const before = merged.get(key)
    merged.set(key, isJsonObject(value) ? mergeFixed(isJsonObject(before) ? before : {}, value) : value)
  }
  merged.delete('__proto__')
  return Object.fromEntries(merged)
}
