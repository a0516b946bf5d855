import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { derivedSchema, diffOf, schemaFile } from '../../scripts/schema-engine.ts'
import { providers } from '../../scripts/schemas.ts'

describe.each(providers)('the %s schema', (provider) => {
  it('is the one derived from the models: otherwise run scripts/generate.ts', () => {
    expect(readFileSync(schemaFile(provider), 'utf8')).toBe(derivedSchema(provider))
  })

  it('is where the migrations lead: otherwise run scripts/new-migration.ts <name>', { timeout: 120_000 }, async () => {
    expect(await diffOf(provider)).toBe('')
  })
})
