import type { JsonValue } from '../flow/json.ts'
import { Problem } from './blueprint-error.ts'
import { limits } from './document/limits.ts'
import type { MapValue, Position, Value } from './document/value.ts'
import type { ModelRegistry } from './models/index.ts'
import type { Transaction } from './tables.ts'
import { tags } from './tags/index.ts'
import type { ObjectQuery, Scope, StoredObject } from './tags/tag.ts'

/** What the tags of an entry can reach. */
export interface Surroundings {
  readonly models: ModelRegistry
  readonly transaction: Transaction
  /** The environment variables that blueprints may read. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly context: MapValue
  /** The objects of the entries so far, by the entries' ids. */
  readonly objects: ReadonlyMap<string, StoredObject | undefined>
}

/** Resolves the tags of one entry. */
export class EntryScope implements Scope {
  private readonly around: Surroundings
  /** Whether the entry needs the ids that policies are bound to. */
  private readonly namesPolicyTargets: boolean
  private readonly resolvingKeys = new Set<string>()
  private count = 0

  constructor(around: Surroundings, namesPolicyTargets: boolean) {
    this.around = around
    this.namesPolicyTargets = namesPolicyTargets
  }

  async resolve(value: Value): Promise<JsonValue> {
    this.count += 1
    // The context can be used again and again, also by itself.
    if (this.count > limits.values) throw new Problem(value.at, 'The tags of this entry make too much of it.')
    switch (value.type) {
      case 'scalar':
        return value.value
      case 'list':
        return this.resolveAll(value.items)
      case 'map':
        return this.resolveMap(value)
      case 'tag':
        return this.resolveTag(value.name)(value.argument, this)
    }
  }

  async context(key: string, at: Position): Promise<JsonValue | undefined> {
    const member = this.around.context.members.get(key)
    if (!member) return undefined
    if (this.resolvingKeys.has(key)) throw new Problem(at, `The context's "${key}" stands for itself.`)
    this.resolvingKeys.add(key)
    try {
      return await this.resolve(member.value)
    } finally {
      this.resolvingKeys.delete(key)
    }
  }

  idOf(entry: string, at: Position): string | number {
    const { objects } = this.around
    const object = objects.get(entry)
    if (!objects.has(entry)) throw new Problem(at, `There is no entry with the id "${entry}" before this one.`)
    if (!object) throw new Problem(at, `The entry with the id "${entry}" was skipped, or left no object.`)
    return (this.namesPolicyTargets && object.policyTargetId) || object.id
  }

  async find({ model, fields, at }: ObjectQuery): Promise<string | number | undefined> {
    const known = this.around.models.get(model)
    if (!known?.find) throw new Problem(at, `There is no model "${model}" to find something of.`)
    return (await known.find(fields, this.around.transaction))?.id
  }

  environment(name: string, at: Position): string | undefined {
    if (Object.hasOwn(this.around.env, name)) return this.around.env[name] || undefined
    throw new Problem(at, `Blueprints may not read the environment variable ${name}.`)
  }

  private async resolveAll(values: readonly Value[]): Promise<JsonValue[]> {
    const resolved = []
    for (const value of values) resolved.push(await this.resolve(value))
    return resolved
  }

  private async resolveMap({ members }: MapValue): Promise<JsonValue> {
    const resolved: [string, JsonValue][] = []
    for (const [key, { value }] of members) resolved.push([key, await this.resolve(value)])
    return Object.fromEntries(resolved)
  }

  private resolveTag(name: string) {
    const tag = tags.get(name)
    if (!tag) throw new Error(`A file was read with the tag ${name}, but nothing resolves it.`)
    return tag
  }
}
