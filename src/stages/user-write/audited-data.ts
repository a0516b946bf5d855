import { isJsonObject, type JsonObject, type JsonValue } from '../../flow/json.ts'

const mostCharacters = 1000
const secretName = /password|passphrase|secret|token|api.?key/i

/** What the audit trail says of these answers: nothing secret, and no files. */
export function auditedData(data: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.filter((key) => !secretName.test(key)).map((key) => [key, audited(data[key])]))
}

function audited(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value === 'string' && value.length > mostCharacters) return `${value.length} characters`
  if (Array.isArray(value)) return value.map((one) => audited(one) ?? null)
  return isJsonObject(value) ? auditedData(value, Object.keys(value)) : value
}
