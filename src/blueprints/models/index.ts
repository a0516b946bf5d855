import type { ConfigSecrets } from '../../db/config-secrets.ts'
import type { StageRegistry } from '../../flow/registry.ts'
import type { PolicyDefinition } from '../../policies/policy.ts'
import { brandModel } from './brand.ts'
import { flowModel } from './flow.ts'
import { flowStageBindingModel } from './flow-stage-binding.ts'
import { groupModel } from './group.ts'
import { invitationModel } from './invitation.ts'
import { metaApplyBlueprintModel } from './meta-apply-blueprint.ts'
import type { BlueprintModel } from './model.ts'
import { policyModel } from './policy.ts'
import { policyBindingModel } from './policy-binding.ts'
import { stageModel } from './stage.ts'
import { stageObjectModel } from './stage-object.ts'

/** The models by name. */
export type ModelRegistry = ReadonlyMap<string, BlueprintModel>

/** Every model that entries may name. A kind of stage or policy is one by being registered. */
export function createModels(
  stages: StageRegistry,
  policies: readonly PolicyDefinition[],
  secrets: ConfigSecrets,
): ModelRegistry {
  const models = [
    flowModel,
    flowStageBindingModel,
    policyBindingModel,
    brandModel,
    groupModel,
    metaApplyBlueprintModel,
    invitationModel,
    ...stages.all().map((stage) => stageModel(stage, secrets)),
    ...stages.objects().map((object) => stageObjectModel(object, secrets)),
    ...policies.map(policyModel),
  ]
  const byName = new Map(models.map((model) => [model.name, model]))
  if (byName.size !== models.length) throw new Error('Two kinds have the same model in blueprints.')
  return byName
}
