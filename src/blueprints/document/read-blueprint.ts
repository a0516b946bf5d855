import { inFile, Problem } from '../blueprint-error.ts'
import { tags } from '../tags/index.ts'
import type { Blueprint, Entry } from './blueprint.ts'
import { limits } from './limits.ts'
import { readValue } from './read-value.ts'
import { type ListValue, locate, type MapValue, type Value } from './value.ts'

/** A file before it is read. */
export interface BlueprintSource {
  /** For messages, and for finding the blueprints beside it. */
  readonly path: string
  readonly text: string
}

const knownTags = new Set(tags.keys())

/** Reads a blueprint; throws a BlueprintError. Tags stay unresolved, and models are not looked at. */
export function readBlueprint({ path, text }: BlueprintSource): Blueprint {
  try {
    const root = asMap(readValue(text, knownTags), 'A blueprint')
    refuseOthers(root, ['version', 'metadata', 'context', 'entries'])
    readVersion(root)
    const metadata = readMap(root, 'metadata')
    refuseOthers(metadata, ['name', 'labels'])
    return {
      path,
      name: readText(metadata, 'name') ?? '',
      labels: readLabels(readMap(metadata, 'labels')),
      context: readMap(root, 'context'),
      entries: readEntries(root),
    }
  } catch (error) {
    throw inFile(path, error)
  }
}

function readVersion(root: MapValue): void {
  const version = root.members.get('version')
  if (version?.value.type === 'scalar' && version.value.value === 1) return
  throw new Problem(version?.at ?? root.at, 'Only blueprints of "version: 1" are supported.', 'version')
}

function readLabels(labels: MapValue): Record<string, string> {
  return Object.fromEntries(
    [...labels.members].map(([key, { value, at }]) => {
      if (value.type !== 'scalar') throw new Problem(at, 'A label is a text.', `metadata.labels.${key}`)
      return [key, String(value.value)]
    }),
  )
}

function readEntries(root: MapValue): Entry[] {
  const list = readList(root, 'entries')
  if (!list) throw new Problem(root.at, 'This key is required.', 'entries')
  if (list.items.length > limits.entries) throw new Problem(list.at, `A blueprint may have ${limits.entries} entries at most.`)
  const entries = list.items.map(readEntry)
  refuseDuplicates(entries)
  return entries
}

function readEntry(value: Value): Entry {
  const entry = asMap(value, 'An entry')
  refuseOthers(entry, ['model', 'id', 'identifiers', 'attrs', 'state', 'conditions'])
  const model = entry.members.get('model')
  if (!model) throw new Problem(entry.at, 'This key is required.', 'model')
  return {
    at: entry.at,
    model: model.value,
    id: readId(entry),
    state: entry.members.get('state')?.value,
    conditions: readList(entry, 'conditions')?.items ?? [],
    identifiers: readMap(entry, 'identifiers'),
    attrs: readMap(entry, 'attrs'),
  }
}

function readId(entry: MapValue): Entry['id'] {
  const name = readText(entry, 'id')
  return name === undefined ? undefined : { name, at: locate(entry, ['id']) }
}

function refuseDuplicates(entries: readonly Entry[]): void {
  const names = new Set<string>()
  for (const { id } of entries) {
    if (id && names.has(id.name)) throw new Problem(id.at, `Another entry has the id "${id.name}".`, 'id')
    if (id) names.add(id.name)
  }
}

/** What this version does not know could matter: only what says nothing may stand there. */
function refuseOthers(map: MapValue, known: readonly string[]): void {
  for (const [key, { at, value }] of map.members) {
    if (known.includes(key) || isNothing(value)) continue
    throw new Problem(at, `This key is not supported. Use one of: ${known.join(', ')}.`, key)
  }
}

function isNothing(value: Value): boolean {
  switch (value.type) {
    case 'scalar':
      return value.value === null || value.value === ''
    case 'list':
      return value.items.length === 0
    case 'map':
      return value.members.size === 0
    case 'tag':
      return false
  }
}

function readMap(parent: MapValue, key: string): MapValue {
  const member = parent.members.get(key)
  if (!member || isNothing(member.value)) return { type: 'map', at: member?.at ?? parent.at, members: new Map() }
  return asMap(member.value, `"${key}"`)
}

function readList(parent: MapValue, key: string): ListValue | undefined {
  const member = parent.members.get(key)
  if (member?.value.type === 'list') return member.value
  if (!member || isNothing(member.value)) return undefined
  throw new Problem(member.at, 'This must be a list.', key)
}

function readText(parent: MapValue, key: string): string | undefined {
  const member = parent.members.get(key)
  if (!member || isNothing(member.value)) return undefined
  const { value } = member
  if (value.type === 'scalar' && typeof value.value === 'string') return value.value
  throw new Problem(member.at, 'This must be a text.', key)
}

function asMap(value: Value, what: string): MapValue {
  if (value.type === 'map') return value
  throw new Problem(value.at, `${what} must be a mapping.`)
}
