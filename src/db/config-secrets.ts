import type { z } from 'zod'
import { type SecretBox, SecretBoxError } from '../credentials/secret-box.ts'
import { canonicalJson } from '../flow/canonical-json.ts'
import type { JsonObject } from '../flow/json.ts'
import { readShape } from '../shapes/shape.ts'

/** A config as a row keeps it. */
export interface StoredConfig {
  readonly config: JsonObject
  /** Null: nothing of it is secret. */
  readonly sealed: string | null
}

/** Keeps the secret part of configs apart, sealed for the row that owns them. */
export class ConfigSecrets {
  private readonly box: SecretBox

  constructor(box: SecretBox) {
    this.box = box
  }

  /** Takes the secrets out of a config. What a row has sealed stays as it is where it says the same. */
  split(schema: z.ZodObject, config: JsonObject, ownerId: string, stored?: string | null): StoredConfig {
    const secret = Object.entries(config).filter(
      ([name, value]) => secretNames(schema).includes(name) && value !== '' && value !== null,
    )
    const names = secret.map(([name]) => name)
    const open = Object.fromEntries(Object.entries(config).filter(([name]) => !names.includes(name)))
    if (names.length === 0) return { config: open, sealed: null }
    const secrets = Object.fromEntries(secret)
    if (stored && canonicalJson(this.openIfPossible(stored, ownerId)) === canonicalJson(secrets))
      return { config: open, sealed: stored }
    return { config: open, sealed: this.box.seal(JSON.stringify(secrets), configContext(ownerId)) }
  }

  /** Throws a SecretBoxError when the server's keys do not open it. */
  open(sealed: string, ownerId: string): JsonObject {
    return JSON.parse(this.box.open(sealed, configContext(ownerId))) as JsonObject
  }

  /** What was sealed with a key that is gone counts for nothing. */
  openIfPossible(sealed: string | null | undefined, ownerId: string): JsonObject {
    return sealed && this.opens(sealed, ownerId) ? this.open(sealed, ownerId) : {}
  }

  /** Whether one of the server's keys opens it. */
  opens(sealed: string, ownerId: string): boolean {
    try {
      this.open(sealed, ownerId)
      return true
    } catch (error) {
      if (error instanceof SecretBoxError) return false
      throw error
    }
  }
}

const known = new WeakMap<z.ZodObject, readonly string[]>()

/** The fields of a config that no API may show. */
export function secretNames(schema: z.ZodObject): readonly string[] {
  const names =
    known.get(schema) ?? readShape('Config', schema, 'input').fields.flatMap(({ name, secret }) => (secret ? [name] : []))
  known.set(schema, names)
  return names
}

/** What the secrets of a stage or an object are sealed for. */
export function configContext(ownerId: string): string {
  return `config ${ownerId}`
}
