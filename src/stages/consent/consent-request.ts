import { z } from 'zod'
import { isJsonObject, type JsonObject, type JsonValue } from '../../flow/json.ts'

/** Something an application may be allowed. */
export const permission = z
  .object({
    id: z.string().describe('What the application calls it.'),
    name: z.string().describe('What to show.'),
  })
  .meta({ id: 'ConsentPermission', description: 'Something an application may be allowed.' })

export type Permission = z.output<typeof permission>

/** What is asked for. Never what a screen makes of it: that would be taken for the request on the next look. */
export interface ConsentRequest {
  /** Undefined: nothing that consent could be stored for. */
  readonly application?: string
  readonly permissions: readonly Permission[]
  readonly additionalPermissions: readonly Permission[]
}

/** Reads what providers and mailed links leave in the plan's context. */
export function readRequest(context: JsonObject): ConsentRequest {
  const application = isJsonObject(context.application) ? (context.application.pk ?? context.application.id) : undefined
  const permissions = readPermissions(context.consent_permissions)
  const known = new Set(permissions.map(({ id }) => id))
  return {
    ...((typeof application === 'string' || typeof application === 'number') && { application: String(application) }),
    permissions,
    additionalPermissions: readPermissions(context.consent_additional_permissions).filter(({ id }) => !known.has(id)),
  }
}

/** The ids of all that is asked for, each once and sorted. */
export function requestedIds({ permissions, additionalPermissions }: ConsentRequest): readonly string[] {
  return [...new Set([...permissions, ...additionalPermissions].map(({ id }) => id))].sort()
}

/** Whether two requests ask for the same. */
export function asksTheSame(one: ConsentRequest, other: ConsentRequest): boolean {
  return one.application === other.application && JSON.stringify(requestedIds(one)) === JSON.stringify(requestedIds(other))
}

/** What to show of a request to somebody who has granted some of it before: what they know, and what is new. */
export function splitByGrant(
  { permissions, additionalPermissions }: ConsentRequest,
  granted: readonly string[],
): { readonly permissions: Permission[]; readonly additionalPermissions: Permission[] } {
  const requested = [...permissions, ...additionalPermissions]
  return {
    permissions: requested.filter(({ id }) => granted.includes(id)),
    additionalPermissions: requested.filter(({ id }) => !granted.includes(id)),
  }
}

function readPermissions(value: JsonValue | undefined): Permission[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((entry: JsonValue) => {
    if (!isJsonObject(entry) || typeof entry.id !== 'string') return []
    return [{ id: entry.id, name: typeof entry.name === 'string' ? entry.name : entry.id }]
  })
}
