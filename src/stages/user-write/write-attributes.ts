import { isJsonObject, type JsonObject, type JsonValue } from '../../flow/json.ts'

const mostLevels = 16

/** `a.b` of `attributes.a.b`, in parts; undefined for a key that names no attribute. */
export function attributePath(key: string): readonly string[] | undefined {
  const path = /^attributes[._](.+)$/s.exec(key)?.[1]?.split('.')
  return path && path.length <= mostLevels && path.every(isSafe) ? path : undefined
}

/** The attributes with a value at a path: its siblings stay, and missing levels are made. */
export function writeAttribute(attributes: JsonObject, [key, ...path]: readonly string[], value: JsonValue): JsonObject {
  if (key === undefined) return attributes
  const before = Object.hasOwn(attributes, key) ? attributes[key] : undefined
  const child = isJsonObject(value) ? mergeAttributes({}, value) : value
  return { ...attributes, [key]: path.length === 0 ? child : writeAttribute(isJsonObject(before) ? before : {}, path, value) }
}

/** The attributes with others laid over them, objects member by member. */
export function mergeAttributes(attributes: JsonObject, others: JsonObject): JsonObject {
  const merged = new Map(Object.entries(attributes))
  for (const [key, value] of Object.entries(others)) {
    if (!isSafe(key) || value === undefined) continue
    const before = merged.get(key)
    merged.set(key, isJsonObject(value) ? mergeAttributes(isJsonObject(before) ? before : {}, value) : value)
  }
  return Object.fromEntries(merged)
}

/** What could reach a prototype, here or in whoever reads the attributes, is no name of an attribute. */
function isSafe(key: string): boolean {
  return key !== '' && !['__proto__', 'constructor', 'prototype'].includes(key)
}
