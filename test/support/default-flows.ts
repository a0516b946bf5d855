import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { applyBlueprint, applyFolder, type BlueprintDependencies } from '../../src/blueprints/apply.ts'
import { createSecretBox } from '../../src/credentials/secret-box.ts'
import { ConfigSecrets } from '../../src/db/config-secrets.ts'
import { StageRegistry } from '../../src/flow/registry.ts'
import { policies } from '../../src/policies/index.ts'
import { stages } from '../../src/stages/index.ts'
import type { TestApp } from './test-app.ts'

const defaults = fileURLToPath(new URL('../../blueprints/default', import.meta.url))

/** Loads the blueprints of a folder, our own by default, as a start of the server does. */
export async function applyFlows(app: TestApp, folder = defaults): Promise<void> {
  await applyFolder(dependencies(app), folder)
}

/** Loads one of our own blueprints, as an operator does who wants what is not there by itself, and may edit it before. */
export async function applyFlow(app: TestApp, name: string, edit: (text: string) => string = (text) => text): Promise<void> {
  const path = join(defaults, `${name}.yaml`)
  await applyBlueprint(dependencies(app), { path, text: edit(await readFile(path, 'utf8')) })
}

/** Loads a blueprint and says what that changed, entry by entry. */
export async function applyText(app: TestApp, text: string): Promise<readonly string[]> {
  const { entries } = await applyBlueprint(dependencies(app), { path: join(defaults, 'of-a-test.yaml'), text })
  return entries.map(({ outcome }) => outcome)
}

function dependencies({ database, config, clock }: TestApp): BlueprintDependencies {
  const secrets = new ConfigSecrets(createSecretBox(config.secretKeys))
  const kinds = new StageRegistry(stages)
  return { prisma: database.transactions, stages: kinds, policies, secrets, env: {}, now: () => clock.now() }
}
