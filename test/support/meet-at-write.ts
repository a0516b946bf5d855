import type { Database } from '../../src/db/database.ts'

/**
 * Holds the next writes back until so many of them have come: by then every one of them has read what stood before, and
 * the race is on, however busy the machine is.
 */
export function meetAtWrite({ sql }: Pick<Database, 'sql'>, count: number): void {
  const write = sql.write.bind(sql)
  const waiting: (() => void)[] = []
  sql.write = async (...parameters) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      if (waiting.length < count) return
      sql.write = write
      for (const go of waiting) go()
    })
    return write(...parameters)
  }
}
