/** A place in a file; both count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** What a file says, with where it says so. Tags are left as they are until somebody needs what they stand for. */
export type Value = Untagged | TagValue
export type Untagged = ScalarValue | ListValue | MapValue

export interface ScalarValue {
  readonly type: 'scalar'
  readonly at: Position
  readonly value: string | number | boolean | null
}

export interface ListValue {
  readonly type: 'list'
  readonly at: Position
  readonly items: readonly Value[]
}

export interface MapValue {
  readonly type: 'map'
  readonly at: Position
  readonly members: ReadonlyMap<string, Member>
}

/** A value of a map, and where its key stands. */
export interface Member {
  readonly at: Position
  readonly value: Value
}

/** `!Find [...]` and its like. */
export interface TagValue {
  readonly type: 'tag'
  readonly at: Position
  readonly name: string
  readonly argument: Untagged
}

const longestText = 120

/** The value on one line, cut short, for messages. */
export function showValue(value: Value): string {
  const text = spell(value)
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text
}

function spell(value: Value): string {
  switch (value.type) {
    case 'scalar':
      return String(value.value)
    case 'list':
      return `[${value.items.map(spell).join(', ')}]`
    case 'map':
      return [...value.members].map(([key, member]) => `${key}: ${spell(member.value)}`).join(', ')
    case 'tag':
      return `${value.name} ${spell(value.argument)}`
  }
}

/** Where the member at this path stands, or the last thing on the way to it that the file spells out. */
export function locate(value: Value, path: readonly string[]): Position {
  const [key, ...rest] = path
  if (key === undefined) return value.at
  const item = value.type === 'list' ? value.items[Number(key)] : undefined
  if (item) return locate(item, rest)
  const member = value.type === 'map' ? value.members.get(key) : undefined
  if (!member) return value.at
  return rest.length === 0 ? member.at : locate(member.value, rest)
}
