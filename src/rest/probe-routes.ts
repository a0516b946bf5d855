import type { Context } from 'hono'
import type { JsonObject } from '../flow/json.ts'
import type { StageRegistry } from '../flow/registry.ts'
import type { SlugExecutor } from '../flow/slug-executor.ts'
import { createRoutes, type HttpApp, type HttpEnvironment, methodNotAllowed } from '../http/app.ts'
import { snakeCase } from '../shapes/names.ts'
import { notFound, refuseForgery, uuidIn } from './permissions.ts'

/** Where programs written for authentik ask a kind of stage something: `authenticator_duo` is `authenticator/duo` there. */
export function probePath(kind: string, name: string, id: string): string {
  return `/stages/${kind.replace(/^authenticator_/, 'authenticator/')}/${id}/${name}/`
}

/** `POST /stages/<kind>/:stage_uuid/<question>/`: what stages tell programs apart from the flow, about the flow of their own session. */
export function probeRoutes(executor: Pick<SlugExecutor, 'probe' | 'flows'>, stages: StageRegistry): HttpApp {
  const routes = createRoutes()
  for (const { kind, probes = {} } of stages.all()) {
    for (const name of Object.keys(probes)) {
      const path = probePath(kind, name, ':stage_uuid')
      routes.post(path, (context) => answerProbe(context, executor, kind, name))
      routes.all(path, (context) => methodNotAllowed(context, 'POST'))
    }
  }
  return routes
}

async function answerProbe(
  context: Context<HttpEnvironment>,
  executor: Pick<SlugExecutor, 'probe' | 'flows'>,
  kind: string,
  name: string,
): Promise<Response> {
  const refused = refuseForgery(context)
  if (refused) return refused
  const id = uuidIn(context, 'stage_uuid')
  if (id === undefined) return context.json(notFound, 404)
  const { visitor } = context.var.request
  const told = await executor.probe(visitor, id, name)
  if (told) return context.json(onWire(told))
  const configuration = await executor.flows.configuration(visitor)
  return configuration.stageById(id)?.kind === kind ? context.body(null, 400) : context.json(notFound, 404)
}

function onWire(told: JsonObject): object {
  return Object.fromEntries(Object.entries(told).map(([name, value]) => [snakeCase(name), value]))
}
