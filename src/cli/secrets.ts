import { createSecretBox } from '../credentials/secret-box.ts'
import type { Database } from '../db/database.ts'
import { reseal } from '../db/reseal.ts'
import { CommandError } from './command-error.ts'

/** Seals all that lasts with the first key, and says how much that was. Fails when something no key opens is left. */
export async function resealSecrets({ sql }: Database, secretKeys: readonly string[]): Promise<string> {
  const { resealed, lost } = await reseal(sql, createSecretBox(secretKeys))
  const done = `Sealed ${resealed} secrets anew.`
  if (lost.length === 0) return done
  throw new CommandError(`${done} No key opens these, which were left as they are:\n${lost.join('\n')}`)
}
