import type { Context } from 'hono'
import { z } from 'zod'
import { duoLookup, type ReadDuoSettings, readDuoSettings } from '../credentials/duo-settings.ts'
import type { NewAuthenticator } from '../flow/authenticators.ts'
import type { DuoGateway } from '../flow/duo.ts'
import type { AuditEvent } from '../flow/effects.ts'
import type { JsonObject } from '../flow/json.ts'
import type { Configuration } from '../flow/ports.ts'
import type { Visitor } from '../flow/session.ts'
import type { User } from '../flow/user.ts'
import { createRoutes, type HttpApp, type HttpEnvironment, methodNotAllowed } from '../http/app.ts'
import { readJsonObjectBody } from '../http/body.ts'
import { text } from '../shapes/text.ts'
import { type Accounts, administratorActing, notFound, uuidIn } from './permissions.ts'
import { wireErrors } from './wire-errors.ts'

/** What devices are imported with. */
export interface DuoImports extends Accounts {
  configuration(visitor: Visitor): Promise<Configuration>
  /** Opens the secret part of a stage's config. */
  openConfig(sealed: string, ownerId: string): JsonObject
  duoUsers: DuoGateway['users']
  /** Ids of the people who have exactly these names, by name. */
  idsByUsername(usernames: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Adds it and notes who did; false: somebody has it already. */
  addAuthenticator(authenticator: NewAuthenticator, event: AuditEvent, visitor: Visitor): Promise<boolean>
}

interface Import {
  readonly context: Context<HttpEnvironment>
  readonly administrator: User
  readonly stageId: string
  readonly settings: ReadDuoSettings
}

const one = z.object({ duo_user_id: text({ max: 200, min: 1 }), username: text({ max: 150, min: 1 }) })

/** What administrators do so that people need not set up what they have at Duo already (reference: stages 4.15). */
export function duoImportRoutes(imports: DuoImports): HttpApp {
  const routes = createRoutes()
  const importing = (name: string, work: (imported: Import) => Promise<Response>) => {
    const path = `/stages/authenticator/duo/:stage_uuid/${name}/`
    routes.post(path, async (context) => {
      const administrator = await administratorActing(context, imports)
      if (administrator instanceof Response) return administrator
      const stageId = uuidIn(context, 'stage_uuid')
      const settings = stageId && (await settingsOf(context, imports, stageId))
      return stageId && settings ? work({ context, administrator, stageId, settings }) : context.json(notFound, 404)
    })
    routes.all(path, (context) => methodNotAllowed(context, 'POST'))
  }

  importing('import_device_manual', (imported) => importOne(imported, imports))
  importing('import_devices_automatic', (imported) => importAll(imported, imports))
  return routes
}

async function settingsOf(
  context: Context<HttpEnvironment>,
  imports: DuoImports,
  stageId: string,
): Promise<ReadDuoSettings | undefined> {
  const stage = (await imports.configuration(context.var.request.visitor)).stageById(stageId)
  if (!stage) return undefined
  const secrets = stage.sealed === undefined ? {} : imports.openConfig(stage.sealed, stageId)
  // A stage of another kind has none.
  return readDuoSettings({ ...stage.config, ...secrets })
}

async function importOne(imported: Import, imports: DuoImports): Promise<Response> {
  const { context } = imported
  const body = await readJsonObjectBody(context)
  const { data, error } = one.safeParse(body)
  if (error) return context.json(wireErrors(error, body), 400)
  const { username, duo_user_id: duoUserId } = data
  const userId = (await imports.idsByUsername([username])).get(username)
  if (userId === undefined) return refused(context, 'User does not exist.')
  const added = await add(imported, imports, { userId, username, duoUserId })
  return added ? context.body(null, 204) : refused(context, 'Device exists already.')
}

/** People are matched by their names; who has a device of this stage's already keeps it. */
async function importAll(imported: Import, imports: DuoImports): Promise<Response> {
  const { context, settings } = imported
  if (!settings.admin)
    return refused(context, 'Stage does not have Admin API configured, which is required for automatic imports.')
  const listed = await imports.duoUsers(settings.admin)
  if (!listed.ok) return context.json({ error: listed.message, count: 0 }, 400)
  const ids = await imports.idsByUsername(listed.value.map(({ username }) => username))
  let count = 0
  for (const { userId: duoUserId, username } of listed.value) {
    const userId = ids.get(username)
    if (userId !== undefined && (await add(imported, imports, { userId, username, duoUserId }))) count += 1
  }
  return context.json({ error: '', count })
}

function add(
  { context, administrator, stageId }: Import,
  imports: DuoImports,
  { userId, username, duoUserId }: { readonly userId: number; readonly username: string; readonly duoUserId: string },
): Promise<boolean> {
  const name = 'Imported Duo Authenticator'
  const model = { app: 'authentik_stages_authenticator_duo', model_name: 'duodevice', name, user: userId, username }
  const lookup = duoLookup(stageId, duoUserId)
  return imports.addAuthenticator(
    { userId, kind: 'duo', stageId, name, data: { duoUserId }, lookup },
    { action: 'model_created', userId: administrator.id, username: administrator.username, context: { model } },
    context.var.request.visitor,
  )
}

function refused(context: Context<HttpEnvironment>, message: string): Response {
  return context.json({ non_field_errors: [message] }, 400)
}
