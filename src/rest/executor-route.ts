import type { Context } from 'hono'
import { parseQuery } from '../flow/next-path.ts'
import type { SlugExecutor, SlugRequest } from '../flow/slug-executor.ts'
import { createRoutes, type HttpApp, type HttpEnvironment, methodNotAllowed } from '../http/app.ts'
import { readJsonObjectBody } from '../http/body.ts'
import { encodeStep } from './encode-step.ts'
import type { HeldAnswers } from './held-answers.ts'
import { refuseForgery } from './permissions.ts'
import type { WireCodec } from './wire-codec.ts'

/** `GET` and `POST /flows/executor/:slug/`: flows for clients written for authentik (reference: flow-core 3, stages 1). */
export function executorRoutes(executor: SlugExecutor, codec: WireCodec, held: HeldAnswers): HttpApp {
  const routes = createRoutes()

  routes.get('/flows/executor/:slug/', async (context) => {
    const reply = await executor.showBySlug(slugRequest(context))
    await context.var.request.issue(reply)
    if (leadsElsewhere(reply.step.flow.slug, context)) return context.json(redirectToFlow(reply.step.flow.slug, context))
    // A challenge that is fetched is a fresh one: errors are told once, to who made them.
    return context.json(encodeStep(reply.step, codec, []))
  })

  routes.post('/flows/executor/:slug/', async (context) => {
    const refused = refuseForgery(context)
    if (refused) return refused
    const body = await readJsonObjectBody(context)
    const answered = await executor.answerBySlug(slugRequest(context), { body, forKind: (kind) => codec.decode(kind, body) })
    const reply = await held.replyTo(answered, context.var.request.visitor, context.req.raw.signal)
    await context.var.request.issue(reply)
    if (leadsElsewhere(reply.step.flow.slug, context)) return context.json(redirectToFlow(reply.step.flow.slug, context))
    if (!reply.stagesLeft) return context.json(encodeStep(reply.step, codec))
    return context.body(null, 302, { location: context.env.incoming.url ?? context.req.path })
  })

  routes.all('/flows/executor/:slug/', (context) => methodNotAllowed(context, 'GET, HEAD, POST'))

  return routes
}

/** A redirect stage has led into another flow, which such clients know by another address. */
function leadsElsewhere(slug: string, context: Context<HttpEnvironment>): boolean {
  return slug !== context.req.param('slug')
}

function redirectToFlow(slug: string, context: Context<HttpEnvironment>): object {
  const query = context.req.query('query')
  return {
    component: 'xak-flow-redirect',
    type: 'redirect',
    to: `/if/flow/${slug}/${query ? `?${query}` : ''}`,
    final_redirect: false,
  }
}

function slugRequest(context: Context<HttpEnvironment>): SlugRequest {
  return {
    visitor: context.var.request.visitor,
    slug: context.req.param('slug') ?? '',
    query: parseQuery(context.req.query('query') ?? ''),
    denialNext: context.req.query('next'),
  }
}
