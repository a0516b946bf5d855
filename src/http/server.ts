import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import { html } from 'hono/html'
import { FlowError, ServiceUnavailableError, TooManyAttemptsError } from '../flow/errors.ts'
import type { Metrics } from '../operations/metrics.ts'
import { withRequestId } from '../operations/request-scope.ts'
import { page } from '../web/layout.ts'
import type { AllowedOrigins } from './allowed-origins.ts'
import { createRoutes, type HttpApp, type HttpEnvironment } from './app.ts'
import { BodyError } from './body.ts'
import { setCommonHeaders } from './common-headers.ts'
import type { RequestContexts } from './request-context.ts'

/** What every request goes through. */
export interface HttpOptions {
  readonly contexts: RequestContexts
  readonly origins: AllowedOrigins
  readonly metrics: Metrics
  readonly report: (error: unknown, requestId: string) => void
}

/** A longer id of the caller's is replaced. */
const requestIdForm = /^[\w.-]{1,64}$/

/** Routes with what all of them share: request id, origin check, CORS, cookies, security headers and errors. */
export function createHttpApp({ contexts, origins, metrics, report }: HttpOptions): HttpApp {
  const app = createRoutes()
  app.use((context, next) => {
    const given = context.env.incoming.headers['x-request-id']
    const requestId = typeof given === 'string' && requestIdForm.test(given) ? given : randomUUID()
    return withRequestId(requestId, () => serve(context, next, requestId))
  })
  app.notFound((context) => refuse(context, 404, 'Not found.', 'not_found'))
  app.onError((error, context) => answerError(error, context, report))
  return app

  async function serve(
    context: Context<HttpEnvironment>,
    next: () => Promise<void>,
    requestId: string,
  ): Promise<Response | undefined> {
    const started = performance.now()
    context.set('requestId', requestId)
    const { incoming, outgoing } = context.env
    setCommonHeaders(outgoing, requestId)
    const request = await contexts.of(incoming, requestId)
    context.set('request', request)
    const { origin } = incoming.headers
    const cors = context.req.method === 'OPTIONS' ? origins.preflightFor(origin) : origins.headersFor(origin)

    let early: Response | undefined
    if (!origins.admits(origin, request.origin.ownOrigin))
      early = refuse(context, 403, 'Pages of this origin may not talk to this server.', 'origin_not_allowed')
    else if (context.req.method === 'OPTIONS' && cors.length > 0) early = context.body(null, 204)
    else await next()

    for (const [name, value] of cors) outgoing.setHeader(name, value)
    for (const [name, value] of request.issued) outgoing.appendHeader(name, value)
    const { status } = early ?? context.res
    const face = faceOf(context.req.path)
    metrics.requests.observe({ face, method: context.req.method, status }, (performance.now() - started) / 1000)
    return early
  }
}

function faceOf(path: string): string {
  if (path === '/graphql') return 'graphql'
  return path.startsWith('/api/') ? 'rest' : 'page'
}

function answerError(error: Error, context: Context<HttpEnvironment>, report: HttpOptions['report']): Response {
  if (error instanceof BodyError) return refuse(context, error.status, error.message, error.code)
  if (error instanceof FlowError) {
    const waits = error instanceof ServiceUnavailableError || error instanceof TooManyAttemptsError
    if (error instanceof ServiceUnavailableError) report(error, context.var.requestId)
    const response = refuse(context, error.status as 404, error.message, error.code.toLowerCase())
    if (waits) response.headers.set('retry-after', String(error.retryAfter))
    return response
  }
  report(error, context.var.requestId)
  return refuse(context, 500, `Unexpected error. Report request ${context.var.requestId}.`, 'error')
}

/** Programs get JSON as their face spells errors, people a page. */
function refuse(
  context: Context<HttpEnvironment>,
  status: 400 | 403 | 404 | 413 | 415 | 500,
  detail: string,
  code: string,
): Response {
  const face = faceOf(context.req.path)
  if (face === 'graphql') return context.json({ errors: [{ message: detail, extensions: { code: code.toUpperCase() } }] }, status)
  const wantsPage = face === 'page' && (context.req.header('accept') ?? '').includes('text/html')
  if (!wantsPage) return context.json({ detail, code }, status)
  const markup = page('Not this way', html`<h1>${status}</h1><p>${detail}</p>`)
  return context.body(String(markup), status, { 'content-type': 'text/html; charset=utf-8' })
}
