import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type ScalarTag,
  type YAMLMap,
} from 'yaml'
import { Problem } from '../blueprint-error.ts'
import { limits } from './limits.ts'
import type { MapValue, Member, Position, ScalarValue, Untagged, Value } from './value.ts'

/** authentik reads these words as YAML 1.1 does. Taken as texts, a condition of `no` would hold. */
const wordyBoolean: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
  resolve: (word) => /^(?:yes|on)$/i.test(word),
}

const standardTags = new Set(['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`))

/** Reads YAML. Throws a Problem on what is not YAML, on tags that nobody knows, and on whatever exceeds the limits. */
export function readValue(text: string, knownTags: ReadonlySet<string>): Value {
  if (Buffer.byteLength(text) > limits.bytes) throw new Problem({ line: 1, column: 1 }, 'A blueprint may have 1 MiB at most.')
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Compares every key with every other; the reader below does so faster.
    uniqueKeys: false,
    resolveKnownTags: false,
    customTags: (tags) => [...tags, wordyBoolean],
  })
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const [error] = document.errors
  if (error) throw new Problem(positionAt(error.pos[0]), yamlReasons[error.code] ?? `${error.message}.`)
  if (!document.contents) throw new Problem({ line: 1, column: 1 }, 'The file is empty.')
  return new ValueReader(positionAt, knownTags).read(document.contents, 0)
}

const yamlReasons: Readonly<Partial<Record<Document['errors'][number]['code'], string>>> = {
  MULTIPLE_DOCS: 'A file holds one blueprint: "---" may not begin another.',
  // The parser's own stack was too small.
  RESOURCE_EXHAUSTION: 'This nests too deeply.',
}

/** Turns the parser's nodes into values, in the order of the file. */
class ValueReader {
  private readonly positionAt: (offset: number) => Position
  private readonly knownTags: ReadonlySet<string>
  private readonly anchors = new Map<string, Node>()
  private count = 0

  constructor(positionAt: (offset: number) => Position, knownTags: ReadonlySet<string>) {
    this.positionAt = positionAt
    this.knownTags = knownTags
  }

  read(node: Node, depth: number): Value {
    const at = this.positionOf(node)
    this.count += 1
    if (this.count > limits.values)
      throw new Problem(at, 'The file holds too many values; an alias counts as often as it is used.')
    if (depth > limits.depth) throw new Problem(at, 'This nests too deeply.')
    if (isAlias(node)) return this.read(this.anchored(node.source, at), depth + 1)

    const argument = this.readUntagged(node, at, depth)
    // Only now: what an anchor stands for cannot hold itself.
    if (node.anchor) this.anchors.set(node.anchor, node)
    if (node.tag === undefined || standardTags.has(node.tag)) return argument
    if (!this.knownTags.has(node.tag)) throw new Problem(at, `The tag ${node.tag} is not supported.`)
    return { type: 'tag', at, name: node.tag, argument }
  }

  private readUntagged(node: Exclude<Node, { source: string; resolve: unknown }>, at: Position, depth: number): Untagged {
    if (isMap(node)) return this.readMap(node, at, depth)
    if (isSeq(node)) return { type: 'list', at, items: node.items.map((item) => this.read(item as Node, depth + 1)) }
    return { type: 'scalar', at, value: readScalar(isScalar(node) ? node.value : undefined, at) }
  }

  private readMap(map: YAMLMap, at: Position, depth: number): MapValue {
    const members = new Map<string, Member>()
    for (const pair of map.items) {
      const { key, at: keyAt } = this.readKey(pair, at)
      if (members.has(key)) throw new Problem(keyAt, `The key "${key}" is given twice.`)
      members.set(key, { at: keyAt, value: this.readMember(pair, keyAt, depth + 1) })
    }
    return { type: 'map', at, members }
  }

  private readKey({ key }: Pair, mapAt: Position): { readonly key: string; readonly at: Position } {
    const at = isScalar(key) ? this.positionOf(key) : mapAt
    const name = isScalar(key) && (typeof key.value === 'string' || typeof key.value === 'number') ? String(key.value) : undefined
    if (name === undefined) throw new Problem(at, 'A key must be a text.')
    if (name === '<<') throw new Problem(at, 'Merge keys ("<<") are not supported.')
    readScalar(name, at)
    return { key: name, at }
  }

  private readMember({ value }: Pair, keyAt: Position, depth: number): Value {
    return value === null ? { type: 'scalar', at: keyAt, value: null } : this.read(value as Node, depth)
  }

  private anchored(name: string, at: Position): Node {
    const node = this.anchors.get(name)
    if (!node) throw new Problem(at, `There is no anchor "&${name}" before this.`)
    return node
  }

  private positionOf(node: Node): Position {
    return this.positionAt(node.range?.[0] ?? 0)
  }
}

function readScalar(value: unknown, at: Position): ScalarValue['value'] {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed()) throw new Problem(at, 'The text holds characters that cannot be stored.')
    return value
  }
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new Problem(at, 'This value cannot be stored.')
}
