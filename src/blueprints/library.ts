import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { sha256Hex } from '../credentials/random.ts'
import { BlueprintError, Problem } from './blueprint-error.ts'
import type { Blueprint } from './document/blueprint.ts'
import { limits } from './document/limits.ts'
import { type BlueprintSource, readBlueprint } from './document/read-blueprint.ts'

const instantiateLabel = 'blueprints.goauthentik.io/instantiate'

/** A blueprint, and what the store remembers it by. */
export interface BlueprintFile {
  /** The whole path. */
  readonly path: string
  readonly hash: string
  readonly blueprint: Blueprint
}

/** Where the blueprints are that others name. */
export interface Library {
  find(name: string): Promise<BlueprintFile | undefined>
}

export function toFile(source: BlueprintSource): BlueprintFile {
  return { path: resolve(source.path), hash: sha256Hex(source.text), blueprint: readBlueprint(source) }
}

/** Whether the file may be applied without being asked for. */
export function isAutomatic({ blueprint }: BlueprintFile): boolean {
  return blueprint.labels[instantiateLabel]?.toLowerCase() !== 'false'
}

/** Every blueprint below a folder, in the order of their names. Throws a BlueprintError if one of them cannot be read. */
export async function readFolder(folder: string): Promise<BlueprintFile[]> {
  const files = []
  for (const path of await listFiles(folder, true)) files.push(toFile(await readSource(path)))
  return files
}

/** The files of a folder, by their names. */
export function libraryOf(files: readonly BlueprintFile[]): Library {
  return { find: async (name) => files.find((file) => file.blueprint.name === name && isAutomatic(file)) }
}

/** The files beside another one. They are read when a name is asked for, and those that are no blueprints do not matter. */
export function siblingsOf(path: string): Library {
  return {
    async find(name) {
      if (!existsSync(dirname(path))) return undefined
      const files = await Promise.all((await listFiles(dirname(path), false)).map(readIfBlueprint))
      return libraryOf(files.filter((file) => file !== undefined)).find(name)
    },
  }
}

async function listFiles(folder: string, recursive: boolean): Promise<string[]> {
  const names = await readdir(folder, { recursive })
  // What begins with a dot is hidden: where volumes are mounted, older copies of the files can be in there.
  const candidates = names.filter((name) => name.endsWith('.yaml') && !name.split(/[\\/]/).some((part) => part.startsWith('.')))
  const files = []
  for (const name of candidates.sort()) if ((await stat(join(folder, name))).isFile()) files.push(join(folder, name))
  return files
}

async function readSource(path: string): Promise<BlueprintSource> {
  const fail = (reason: string) => new BlueprintError(path, new Problem({ line: 1, column: 1 }, reason))
  if ((await stat(path)).size > limits.bytes) throw fail('A blueprint may have 1 MiB at most.')
  const bytes = await readFile(path)
  try {
    return { path, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    throw fail('The file is not UTF-8.')
  }
}

async function readIfBlueprint(path: string): Promise<BlueprintFile | undefined> {
  try {
    return toFile(await readSource(path))
  } catch (error) {
    if (error instanceof BlueprintError) return undefined
    throw error
  }
}
