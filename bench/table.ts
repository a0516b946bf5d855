/** A row's name, and its cells. */
export type Line = readonly [name: string, ...cells: string[]]

/** Lines under a heading, their cells in columns that end together. */
export function table(title: string, heads: readonly string[], lines: readonly Line[]): string {
  const all: readonly Line[] = [['', ...heads], ...lines]
  const widthOf = (column: number) => Math.max(...all.map((line) => line[column]?.length ?? 0))
  const text = all.map(([name, ...cells]) => {
    const padded = cells.map((cell, index) => cell.padStart(widthOf(index + 1) + 2))
    return `  ${name.padEnd(widthOf(0))}${padded.join('')}`.trimEnd()
  })
  return [title, ...text, ''].join('\n')
}

/** A number with that many digits behind the point; a dash for what could not be measured. */
export function digits(value: number | undefined, places: number): string {
  return value === undefined || Number.isNaN(value) ? '-' : value.toFixed(places)
}
