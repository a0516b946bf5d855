import type { Layers } from './layers.ts'
import { enumValueName } from './names.ts'
import { type Place, ShapeError } from './shape-error.ts'

/** One of the texts an enum may be. */
export interface EnumValue {
  /** What is stored and sent. */
  readonly value: string
  /** What an API calls it whose names cannot hold every text: `AUTH_INBUILT_BACKEND`. */
  readonly name: string
  readonly description?: string
}

/** Reads the values of an enum or of literals. */
export function readEnumValues({ core, valueDescriptions }: Layers, place: Place): readonly EnumValue[] {
  const values = [...(core._zod.values ?? [])].map((value) => toEnumValue(value, valueDescriptions, place))
  const names = new Set(values.map(({ name }) => name))
  if (names.size < values.length) throw new ShapeError(place, 'two of its values have the same name')
  return values
}

function toEnumValue(value: unknown, descriptions: Readonly<Record<string, string>>, place: Place): EnumValue {
  if (typeof value !== 'string') throw new ShapeError(place, `the value ${String(value)} is not a string`)
  const name = enumValueName(value)
  if (!name) throw new ShapeError(place, `the value "${value}" leaves nothing to name it by`)
  const description = descriptions[value]
  return { value, name, ...(description && { description }) }
}
