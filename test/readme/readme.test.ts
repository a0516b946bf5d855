import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChildServer, startChildServer } from '../support/child-server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The shell lines that the README marks for a test, as they stand but for the port. */
function linesFor(name: string, url: string): string {
  const block = new RegExp(`<!-- test: ${name} -->\\n\`\`\`sh\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1]
  if (!block) throw new Error(`The README has no lines marked "${name}".`)
  return block.replaceAll('http://localhost:9000', url)
}

describe('the README', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'stagedoor-readme-'))
  let server: ChildServer

  beforeAll(async () => {
    server = await startChildServer({ DATA_DIR: dataDir })
  })
  afterAll(async () => {
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  async function paste(name: string): Promise<string> {
    const { stdout } = await promisify(execFile)('bash', ['-c', linesFor(name, server.url)], {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: dataDir },
    })
    return stdout
  }

  it('signs in with curl as it stands, and then over GraphQL', async () => {
    const rest = await paste('rest')
    expect(rest).toContain('"component":"ak-stage-identification"')
    expect(rest).toContain('"component":"ak-stage-password"')
    expect(rest).toContain('"component":"xak-flow-redirect"')
    expect(rest).toContain('"username":"akadmin"')

    const graphql = await paste('graphql')
    expect(graphql).toContain('"component":"ak-stage-password"')
    expect(graphql).toContain('"to":"/"')
    expect(graphql).toContain('{"data":{"viewer":{"user":{"username":"akadmin"}')
  })

  it('names every variable that the configuration reads, and no other', () => {
    const source = readFileSync(join(root, 'src/config.ts'), 'utf8')
    const schema = source.slice(
      source.indexOf('const environment'),
      source.indexOf('/** Everything that the environment decides'),
    )
    const read = [...schema.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name]) => name)
    const table = readme.slice(readme.indexOf('## Configuration'), readme.indexOf('## Commands'))
    const told = [...table.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)

    expect(read.length).toBeGreaterThan(10)
    expect([...told].sort()).toEqual([...read].sort())
  })

  it('links to files that are there', () => {
    for (const page of [
      'README.md',
      'CONTRIBUTING.md',
      'docs/graphql.md',
      'docs/rest.md',
      'docs/operations.md',
      'docs/security.md',
    ]) {
      const text = readFileSync(join(root, page), 'utf8')
      for (const [, link = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        expect(() => readFileSync(join(root, page, '..', link)), `${link} in ${page}`).not.toThrow(/ENOENT/)
      }
    }
  })
})
