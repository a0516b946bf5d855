import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Characters; what sessions are sealed with takes no shorter one. */
export const shortestKey = 32

/** The file is there, and no whole key is in it. */
class SecretKeyFileError extends Error {
  override readonly name = 'SecretKeyFileError'
}

/** The key of this folder, made at the first start: what it seals can be opened after a restart. */
export function secretKeyIn(dataDir: string): string {
  const file = join(dataDir, 'secret.key')
  if (!existsSync(file)) makeSecretKey(dataDir, file)
  const key = readFileSync(file, 'utf8').trim()
  if (key.length < shortestKey)
    throw new SecretKeyFileError(
      `DATA_DIR: ${file} is not a whole key; restore it from a copy, or delete it if nothing was ever sealed with it`,
    )
  return key
}

/** All of it appears at once: a server that starts at the same moment reads a whole key, and the same one. */
function makeSecretKey(dataDir: string, file: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomUUID()}`
  writeFileSync(draft, `${randomBytes(48).toString('base64')}\n`, { mode: 0o600 })
  try {
    linkSync(draft, file)
  } catch (error) {
    // Another process was faster: its key counts.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    rmSync(draft)
  }
}
