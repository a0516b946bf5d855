import type { Database } from '../../src/db/database.ts'

/**
 * Holds the next writes back until so many of them have come, and then lets them go in that order: every one of them has
 * read what stood before, and the first wins, however busy the machine is.
 */
export function meetAtWrite({ sql }: Pick<Database, 'sql'>, count: number): { readonly firstCame: Promise<void> } {
  const write = sql.write.bind(sql)
  const first = Promise.withResolvers<void>()
  const all = Promise.withResolvers<void>()
  let came = 0
  let turn: Promise<unknown> = all.promise
  sql.write = (...parameters) => {
    came += 1
    first.resolve()
    if (came === count) {
      sql.write = write
      all.resolve()
    }
    const mine = turn.then(() => write(...parameters))
    turn = mine.catch(() => undefined)
    return mine
  }
  return { firstCame: first.promise }
}
