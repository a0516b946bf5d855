import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { policies } from '../../src/policies/index.ts'
import { readShape } from '../../src/shapes/shape.ts'
import { stages } from '../../src/stages/index.ts'
import { leastConfig } from './samples.ts'

const registries = [
  { what: 'stage', folder: new URL('../../src/stages/', import.meta.url), kinds: stages },
  { what: 'policy', folder: new URL('../../src/policies/', import.meta.url), kinds: policies },
]

const folders = (at: URL) =>
  readdirSync(at, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
const kebab = (kind: string) => kind.replaceAll('_', '-')

describe.each(registries)('the registry of $what kinds', ({ what, folder, kinds }) => {
  it('has every folder, which is named after its kind', () => {
    expect(kinds.map(({ kind }) => kebab(kind)).sort()).toEqual(folders(folder).sort())
  })

  it.each(folders(folder))('has what %s exports', async (name) => {
    const exported: Record<string, unknown> = await import(new URL(`${name}/${name}.${what}.ts`, folder).pathname)

    expect(Object.values(exported)).toContain(kinds.find(({ kind }) => kebab(kind) === name))
  })

  it.each(folders(folder))('has a test beside %s', (name) => {
    expect(existsSync(new URL(`${name}/${name}.test.ts`, folder))).toBe(true)
  })

  it.each(['kind', 'model', 'description'] as const)('never says a %s twice', (name) => {
    const said = kinds.map((kind): unknown => Reflect.get(kind, name)).filter((value) => value !== undefined)

    expect(said.filter((value, index) => said.indexOf(value) !== index)).toEqual([])
  })

  describe.each(kinds.map((definition) => [definition.kind, definition] as const))(
    'with %s',
    (kind, { model, description, config }) => {
      it('names it as rows and blueprints do', () => {
        expect(kind).toMatch(/^[a-z]+(?:_[a-z]+)*$/)
        expect(model).toMatch(/^authentik_[a-z_]+\.[a-z]+$/)
      })

      it('describes it in a sentence', () => {
        expect(description).toMatch(/^[A-Z][^\n]*[^.\s]\.$/)
      })

      it('can say its config in every API, with a description of each field', () => {
        const { fields } = readShape('Config', config, 'input')

        for (const field of fields) expect(field.description).toMatch(/^[A-Z`].*[.!]$/s)
      })

      it('takes an empty config where nothing is required, and otherwise what is required', () => {
        const required = readShape('Config', config, 'input').fields.filter(({ optional }) => !optional)
        const least = leastConfig({ kind, config })

        if (required.length === 0 && Object.keys(least).length === 0) expect(config.safeParse({}).success).toBe(true)
        else expect(config.safeParse({}).success).toBe(false)
        expect(config.safeParse(least).error?.issues ?? []).toEqual([])
      })

      it('keeps its config as plain data that it takes again as it is', () => {
        const completed = config.parse(leastConfig({ kind, config }))

        expect(JSON.parse(JSON.stringify(completed))).toEqual(completed)
        expect(config.parse(completed)).toEqual(completed)
      })
    },
  )
})

describe('kinds of stage that share a component', () => {
  it('show the same, so that to clients of old they are one', () => {
    const shapes = stages.flatMap(({ component, challenge }) =>
      component && challenge ? [[component, readShape('Challenge', challenge, 'output')] as const] : [],
    )

    for (const [component, shape] of shapes) expect(shape).toEqual(shapes.find(([name]) => name === component)?.[1])
  })
})
