import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Above this a file holds more than one idea: split it. */
const mostLines = 300

const sources = globSync('src/**/*.ts', { cwd: root }).filter((file) => !file.startsWith(join('src', 'generated')))

describe('source files', () => {
  it(`have at most ${mostLines} lines: otherwise split them by what they do`, () => {
    const lines = sources.map((file) => [file, readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length] as const)

    expect(lines.length).toBeGreaterThan(150)
    expect(lines.filter(([, count]) => count > mostLines)).toEqual([])
  })

  it('have names in lower case with hyphens, and no shelf for whatever fits nowhere', () => {
    const odd = sources.filter(
      (file) => !/^[a-z0-9-]+(?:\.(?:stage|policy|source))?(?:\.test)?\.ts$/.test(file.split('/').at(-1) ?? ''),
    )
    const shelves = sources.filter((file) => /(?:^|\/)(?:utils?|helpers?|types|misc|common)\.ts$/.test(file))

    expect([...odd, ...shelves]).toEqual([])
  })
})
