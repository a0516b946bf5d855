import { secretNames } from '../../db/config-secrets.ts'
import type { JsonObject, JsonValue } from '../../flow/json.ts'
import { snakeCase } from '../../shapes/names.ts'
import { Problem } from '../blueprint-error.ts'
import type { Entry } from '../document/blueprint.ts'
import { locate } from '../document/value.ts'
import type { Row, Transaction } from '../tables.ts'
import { isEmpty, type Locate } from './fields.ts'
import type { RowKind } from './row-kind.ts'

/** What an entry wants to store. */
export interface Wanted {
  readonly entry: Entry
  /** Its values, spelled as on the wire. */
  readonly given: JsonObject
  /** The row they are to be merged over. */
  readonly row: Row | undefined
  /** Its id, or that of the row to be. */
  readonly id: string
  readonly transaction: Transaction
}

/** The columns to store; throws a Problem when the given values and those of the row are not right together. */
export async function judgeColumns(kind: RowKind, { entry, given, row, id, transaction }: Wanted): Promise<JsonObject> {
  const locateField = locateIn(entry)
  const parts = split(kind, given, locateField)
  const fields = kind.fields.judge(row ? readFields(kind, row) : {}, parts.fields, locateField)
  if (row) refuseLosing(kind, row, parts.config, locateField)
  const config = kind.config.judge(row ? storedConfig(kind, row) : {}, parts.config, locateField)
  const refusal = await kind.model.check?.({ fields, config, row, transaction })
  if (refusal) throw new Problem(locateField([refusal.field]), refusal.reason, refusal.field)

  const columns: JsonObject[] = []
  for (const [name, value] of Object.entries(fields)) {
    const written = await kind.columnOf(name).write(value, transaction)
    if (!written) throw new Problem(locateField([snakeCase(name)]), 'This names nothing that exists.', snakeCase(name))
    columns.push(written as JsonObject)
  }
  return Object.assign({}, kind.model.constants, ...columns, configColumns(kind, config, id, row))
}

/** Secrets that this server's keys do not open would be gone for good, were they not all given anew. */
function refuseLosing({ model, config }: RowKind, { id, sealed, config: stored }: Row, given: JsonObject, locateField: Locate) {
  if (!model.secrets || !model.config || typeof sealed !== 'string' || model.secrets.opens(sealed, String(id))) return
  // What stands open in the row is not among what was sealed.
  const hidden = secretNames(model.config).filter((name) => !Object.hasOwn(stored as JsonObject, name))
  const missing = hidden.find((name) => !Object.keys(given).some((key) => config.nameOf(key) === name))
  if (missing === undefined) return
  const field = snakeCase(missing)
  throw new Problem(
    locateField([field]),
    'What is stored was sealed with another key. Write it here, or start with that key.',
    field,
  )
}

/** With its secrets. */
function storedConfig({ model }: RowKind, { id, config, sealed }: Row): JsonObject {
  return { ...(config as JsonObject), ...model.secrets?.openIfPossible(sealed as string | null, String(id)) }
}

function configColumns({ model }: RowKind, config: JsonObject, id: string, row: Row | undefined): object {
  if (!model.config) return {}
  return model.secrets ? model.secrets.split(model.config, config, id, row?.sealed as string | null) : { config }
}

function locateIn({ at, identifiers, attrs }: Entry): Locate {
  return (path) => {
    const [field = ''] = path
    const source = [identifiers, attrs].find(({ members }) => members.has(field))
    return source ? locate(source, path) : at
  }
}

/** Nothing is left out silently: it could be what makes a flow safe. */
function split(
  kind: RowKind,
  given: JsonObject,
  locateField: Locate,
): { readonly fields: JsonObject; readonly config: JsonObject } {
  const fields: Record<string, JsonValue | undefined> = {}
  const config: Record<string, JsonValue | undefined> = {}
  for (const [name, value] of Object.entries(given)) {
    if (kind.fields.nameOf(name) !== undefined) fields[name] = value
    else if (kind.config.nameOf(name) !== undefined) config[name] = value
    else if (!isEmpty(value)) throw new Problem(locateField([name]), `${kind.model.name} has no such attribute.`, name)
  }
  return { fields, config }
}

function readFields(kind: RowKind, row: Row): JsonObject {
  return Object.fromEntries(kind.fields.names.map((name) => [name, kind.columnOf(name).read(row) as JsonValue]))
}
