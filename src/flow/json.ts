/** A value that survives `JSON.stringify` and back. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject

/** A JSON object. Plain data: no class instance is ever stored in a plan. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}

/** Whether a parsed JSON value is an object, neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
