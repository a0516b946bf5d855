import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { RequestContext } from './request-context.ts'

/** What handlers find in a request's context. */
export interface HttpEnvironment {
  Bindings: HttpBindings
  Variables: { request: RequestContext; requestId: string }
}

export type HttpApp = Hono<HttpEnvironment>

/** An empty set of routes. */
export function createRoutes(): HttpApp {
  return new Hono<HttpEnvironment>({ strict: true })
}
