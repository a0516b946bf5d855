import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
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

/** Says which methods a path knows, to who came with another. */
export function methodNotAllowed(context: Context<HttpEnvironment>, known: string): Response {
  const message = `Method "${context.req.method}" not allowed.`
  return context.json({ detail: message, code: 'method_not_allowed' }, 405, { allow: known })
}
