import type { StageDefinition, StageObjectDefinition } from './stage.ts'

/** The kinds of stage this server knows. */
export class StageRegistry {
  private readonly byKind: ReadonlyMap<string, StageDefinition>
  private readonly objectsByKind: ReadonlyMap<string, StageObjectDefinition>

  constructor(stages: readonly StageDefinition[]) {
    this.byKind = new Map(stages.map((stage) => [stage.kind, stage]))
    if (this.byKind.size !== stages.length) throw new Error('Two kinds of stage share a name.')
    const objects = new Set(stages.flatMap((stage) => stage.objects ?? []))
    this.objectsByKind = new Map([...objects].map((object) => [object.kind, object]))
    if (this.objectsByKind.size !== objects.size) throw new Error('Two kinds of object share a name.')
  }

  all(): readonly StageDefinition[] {
    return [...this.byKind.values()]
  }

  /** Throws on a kind that no folder provides: a row that only a newer version can run. */
  get(kind: string): StageDefinition {
    const stage = this.byKind.get(kind)
    if (!stage) throw new Error(`This version has no stage of kind "${kind}".`)
    return stage
  }

  find(kind: string): StageDefinition | undefined {
    return this.byKind.get(kind)
  }

  /** The kinds of object that stages name. */
  objects(): readonly StageObjectDefinition[] {
    return [...this.objectsByKind.values()]
  }

  object(kind: string): StageObjectDefinition | undefined {
    return this.objectsByKind.get(kind)
  }
}
