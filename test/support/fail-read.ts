import type { Database } from '../../src/db/database.ts'

/** Makes the next read whose text matches fail as a bug would, not as a database that is out of reach. */
export function failNextRead({ sql }: Pick<Database, 'sql'>, matching: RegExp): void {
  const rows = sql.rows.bind(sql)
  sql.rows = async (statement) => {
    if (!matching.test(statement.text)) return rows(statement)
    sql.rows = rows
    throw new Error('This read was told to fail.')
  }
}
