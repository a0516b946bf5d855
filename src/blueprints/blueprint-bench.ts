import { createSecretBox } from '../credentials/secret-box.ts'
import { ConfigSecrets } from '../db/config-secrets.ts'
import type { Database } from '../db/database.ts'
import { StageRegistry } from '../flow/registry.ts'
import { policies } from '../policies/index.ts'
import { stages } from '../stages/index.ts'
import { applyBlueprint, type BlueprintDependencies } from './apply.ts'
import { BlueprintError } from './blueprint-error.ts'
import type { BlueprintReport } from './report.ts'

/** What the tests of blueprints do with a database. */
export interface BlueprintBench {
  readonly deps: BlueprintDependencies
  apply(text: string): Promise<BlueprintReport>
  /** Applies a text that must be refused. */
  refuse(text: string): Promise<BlueprintError>
  /** Every row that a blueprint could have written, and the revision that counts such writes. */
  rows(): Promise<Readonly<Record<string, readonly object[]>>>
}

/** The variables that blueprints may read on the bench. */
const env = { STAGEDOOR_TITLE: 'From outside', STAGEDOOR_EMPTY: '', STAGEDOOR_UNSET: undefined }

export function createBench({ prisma }: Database): BlueprintBench {
  const secrets = new ConfigSecrets(createSecretBox(['a key for tests, and for nothing else']))
  const deps = {
    prisma,
    stages: new StageRegistry(stages),
    policies,
    secrets,
    env,
    now: () => new Date('2026-03-01T12:00:00.000Z'),
  }
  const apply = (text: string) => applyBlueprint(deps, { path: 'nowhere/test.yaml', text })
  return {
    deps,
    apply,
    refuse: (text) => apply(text).then(refuseSuccess, returnError),
    rows: async () => ({
      flows: await prisma.flow.findMany({ orderBy: { id: 'asc' } }),
      stages: await prisma.stage.findMany({ orderBy: { id: 'asc' } }),
      flowStageBindings: await prisma.flowStageBinding.findMany({ orderBy: { id: 'asc' } }),
      stageObjects: await prisma.stageObject.findMany({ orderBy: { id: 'asc' } }),
      invitations: await prisma.invitation.findMany({ orderBy: { id: 'asc' } }),
      policies: await prisma.policy.findMany({ orderBy: { id: 'asc' } }),
      policyBindings: await prisma.policyBinding.findMany({ orderBy: { id: 'asc' } }),
      brands: await prisma.brand.findMany({ orderBy: { id: 'asc' } }),
      groups: await prisma.group.findMany({ orderBy: { id: 'asc' } }),
      blueprintInstances: await prisma.blueprintInstance.findMany({ orderBy: { path: 'asc' } }),
      revision: await prisma.configRevision.findMany(),
    }),
  }
}

function refuseSuccess(): never {
  throw new Error('The blueprint was applied, but should have been refused.')
}

function returnError(error: unknown): BlueprintError {
  if (error instanceof BlueprintError) return error
  throw error
}
