import type { SecretBox } from '../credentials/secret-box.ts'
import { SecretBoxError } from '../credentials/secret-box.ts'
import { authenticatorContext } from './authenticators.ts'
import { configContext } from './config-secrets.ts'
import type { SqlDatabase, Statement } from './sql.ts'

/** What lives as long as accounts and configuration do. Whatever else is sealed runs out by itself. */
const kept = [
  { table: 'Authenticator', contextOf: authenticatorContext },
  { table: 'Stage', contextOf: configContext },
  { table: 'StageObject', contextOf: configContext },
] as const

/** How many rows are read at once. */
const batch = 500

/** What came of sealing anew. */
export interface Resealed {
  readonly resealed: number
  /** Rows that no key opens: `Authenticator 4711`. */
  readonly lost: readonly string[]
}

/** Seals what is kept with the first key, so that the ones before it can be taken away. The server may run meanwhile. */
export async function reseal(sql: SqlDatabase, box: SecretBox): Promise<Resealed> {
  let resealed = 0
  const lost: string[] = []
  for (const { table, contextOf } of kept) {
    for await (const { id, sealed } of sealedRows(sql, table)) {
      const again = sealAnew(box, sealed, contextOf(id))
      if (again === undefined) lost.push(`${table} ${id}`)
      else if (await sql.write([exchange(table, id, sealed, again)], 0)) resealed += 1
    }
  }
  return { resealed, lost }
}

async function* sealedRows(sql: SqlDatabase, table: string): AsyncGenerator<{ readonly id: string; readonly sealed: string }> {
  const text = `SELECT "id", "sealed" FROM "${table}" WHERE "id" > $1 AND "sealed" IS NOT NULL ORDER BY "id" LIMIT ${batch}`
  for (let last = ''; ; ) {
    const rows = await sql.rows({ text, values: [last] })
    for (const row of rows) yield { id: String(row.id), sealed: String(row.sealed) }
    const [end] = rows.slice(-1)
    if (!end || rows.length < batch) return
    last = String(end.id)
  }
}

function sealAnew(box: SecretBox, sealed: string, context: string): string | undefined {
  try {
    return box.seal(box.open(sealed, context), context)
  } catch (error) {
    if (error instanceof SecretBoxError) return undefined
    throw error
  }
}

/** What somebody has changed meanwhile is sealed with the first key already. */
function exchange(table: string, id: string, before: string, after: string): Statement {
  return { text: `UPDATE "${table}" SET "sealed" = $3 WHERE "id" = $1 AND "sealed" = $2`, values: [id, before, after] }
}
