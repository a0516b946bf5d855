import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A file that browsers load. */
export interface AssetFile {
  readonly type: string
  readonly content: Uint8Array<ArrayBuffer>
}

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

const folder = fileURLToPath(new URL('assets', import.meta.url))

/** The few files that pages need, by their names, read once. */
export const assetFiles: ReadonlyMap<string, AssetFile> = new Map(
  globSync('**/*.{css,js,svg}', { cwd: folder })
    .map((name) => name.replaceAll('\\', '/'))
    .sort()
    .map((name) => [name, { type: types[name.split('.').at(-1) ?? ''] ?? '', content: readFileSync(`${folder}/${name}`) }]),
)

/** Names this very set of files: a page and the modules that it loads are always of one set. */
export const assetVersion = digest().slice(0, 16)

/** Where a page finds a file. */
export function assetUrl(name: string): string {
  if (!assetFiles.has(name)) throw new Error(`There is no file "${name}" for pages.`)
  return `/static/${assetVersion}/${name}`
}

/** The modules that a page of one begins to load at once, rather than when another one asks for it. */
export const moduleUrls: readonly string[] = [...assetFiles.keys()]
  .filter((name) => name.endsWith('.js') && !name.endsWith('-worker.js'))
  .map(assetUrl)

function digest(): string {
  const hash = createHash('sha256')
  for (const [name, { content }] of assetFiles) hash.update(`${name} ${content.length} `).update(content)
  return hash.digest('hex')
}
