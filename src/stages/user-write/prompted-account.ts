import { isJsonObject, type JsonObject, type JsonValue } from '../../flow/json.ts'
import type { User } from '../../flow/user.ts'
import { attributePath, mergeAttributes, writeAttribute } from './write-attributes.ts'

/** What people may say about an account. */
export type PromptedFields = Pick<User, 'username' | 'name' | 'email' | 'attributes'>

/** An account as the answers make it. */
export interface PromptedAccount {
  readonly fields: PromptedFields
  /** Undefined: it stays as it is. */
  readonly password: string | undefined
  /** The keys that had an effect, without the password's. */
  readonly written: readonly string[]
}

const mostCharacters = { username: 150, email: 254, name: 500, password: 4096 } as const

/**
 * Applies answers to an account in their order; undefined where one cannot be applied. What is not named here stays out of
 * reach, whatever an administrator calls a prompt: ids, flags, groups, types, paths.
 */
export function applyPrompted(before: PromptedFields, data: JsonObject): PromptedAccount | undefined {
  let fields = before
  let password: string | undefined
  const written: string[] = []
  for (const [key, value] of Object.entries(data)) {
    if (value === undefined) continue
    if (key === 'password') {
      if (!isText(value, mostCharacters.password)) return undefined
      // An optional password that is left empty stays as it is.
      password = value || password
      continue
    }
    const next = applyKey(fields, key, value)
    if (!next) return undefined
    if (next !== fields) written.push(key)
    fields = next
  }
  return { fields, password, written }
}

/** The same object where the key means nothing; undefined where the value does not. */
function applyKey(fields: PromptedFields, key: string, value: JsonValue): PromptedFields | undefined {
  if (key === 'username' || key === 'name' || key === 'email') {
    return isText(value, mostCharacters[key]) ? { ...fields, [key]: value } : undefined
  }
  if (key === 'attributes') {
    return isJsonObject(value) ? { ...fields, attributes: mergeAttributes(fields.attributes, value) } : undefined
  }
  const path = attributePath(key)
  return path ? { ...fields, attributes: writeAttribute(fields.attributes, path, value) } : fields
}

function isText(value: JsonValue, most: number): value is string {
  return typeof value === 'string' && value.length <= 2 * most && Array.from(value).length <= most
}
