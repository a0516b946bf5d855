import { equalsInConstantTime } from '../credentials/random.ts'
import { createRoutes, type HttpApp } from '../http/app.ts'
import type { Metrics } from './metrics.ts'

/** What the probes need. */
export interface HealthOptions {
  readonly ping: () => Promise<void>
  readonly metrics: Metrics
  /** Undefined: metrics are not told on this port. */
  readonly token: string | undefined
}

/** Probes for an orchestrator, and the metrics for who has the token. */
export function healthRoutes({ ping, metrics, token }: HealthOptions): HttpApp {
  const routes = createRoutes()
  routes.get('/healthz', (context) => context.json({ status: 'ok' }))
  routes.get('/readyz', async (context) => {
    try {
      await ping()
      return context.json({ status: 'ok' })
    } catch {
      return context.json({ status: 'unavailable', detail: 'The database does not answer.' }, 503)
    }
  })
  if (token === undefined) return routes
  routes.get('/metrics', async (context) => {
    const given = /^Bearer +(.+)$/i.exec(context.req.header('authorization') ?? '')?.[1] ?? ''
    if (!equalsInConstantTime(given, token))
      return context.json({ detail: 'Send the metrics token.', code: 'not_authenticated' }, 401)
    return context.body(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType })
  })
  return routes
}
