import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a command said until it ended. */
export interface Finished {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Runs a command line of the product in a process of its own, with nothing in its environment but this. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Finished> {
  const child = spawn(process.execPath, ['src/main.ts', ...args], { cwd: root, env: { PATH: process.env.PATH, ...env } })
  child.stdin.on('error', () => undefined).end(input)
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, output, errors }
}

/** A data folder of a test's own until this process ends, and an environment in which passwords cost little. */
export function quickEnvironment(): { readonly DATA_DIR: string; readonly NODE_ENV: string; readonly PASSWORD_HASHER: string } {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-command-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return { DATA_DIR: folder, NODE_ENV: 'benchmark', PASSWORD_HASHER: 'benchmark' }
}
