import { createRoutes, type HttpApp } from '../http/app.ts'
import { deepestJson, isJson, nestsTooDeep, readText } from '../http/body.ts'
import type { GraphQLServices } from './builder.ts'
import type { GraphQLServer } from './server.ts'

/** GraphiQL brings its scripts and styles inside its page. */
const graphiqlPolicy =
  "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'self'"

/** `/graphql` over HTTP. Only JSON is taken: a form of a foreign page can send nothing else without asking first. */
export function graphqlRoutes(server: GraphQLServer, services: GraphQLServices): HttpApp {
  const routes = createRoutes()
  routes.on(['GET', 'POST'], '/graphql', async (context) => {
    const posted = context.req.method === 'POST'
    if (posted && !isJson(context.req.header('content-type'))) {
      return context.json(
        { errors: [{ message: 'Send JSON: content-type application/json.', extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }] },
        415,
      )
    }
    const body = posted ? await readText(context) : undefined
    if (body !== undefined && nestsTooDeep(body)) {
      const message = `The body nests deeper than ${deepestJson} levels.`
      return context.json({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] }, 400)
    }
    const response = await server.handle(context.req.raw, body, { services, caller: context.var.request })
    if (posted || !response.headers.get('content-type')?.startsWith('text/html')) return response
    const page = new Response(response.body, response)
    page.headers.set('content-security-policy', graphiqlPolicy)
    return page
  })
  routes.all('/graphql', (context) => {
    const message = `Method "${context.req.method}" not allowed.`
    return context.json({ errors: [{ message, extensions: { code: 'METHOD_NOT_ALLOWED' } }] }, 405, { allow: 'GET, POST' })
  })
  return routes
}
