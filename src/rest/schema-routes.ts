import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { html } from 'hono/html'
import { createRoutes, type HttpApp } from '../http/app.ts'

const files = { 'swagger-ui-bundle.js': 'text/javascript; charset=utf-8', 'swagger-ui.css': 'text/css; charset=utf-8' } as const

/** The OpenAPI document, and a page to browse it with files of our own. */
export function schemaRoutes(document: object): HttpApp {
  const routes = createRoutes()
  routes.get('/api/v3/schema/', (context) => context.json(document))
  routes.get('/api/v3/', (context) =>
    context.html(html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>Stagedoor API</title>
          <link rel="stylesheet" href="/api/v3/browser/swagger-ui.css" />
        </head>
        <body>
          <div id="browser"></div>
          <script src="/api/v3/browser/swagger-ui-bundle.js"></script>
          <script src="/api/v3/browser/start.js"></script>
        </body>
      </html>`),
  )
  const start = "SwaggerUIBundle({ url: '/api/v3/schema/', dom_id: '#browser', validatorUrl: null })\n"
  routes.get('/api/v3/browser/start.js', (context) =>
    context.body(start, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  )

  const require = createRequire(import.meta.url)
  for (const [name, type] of Object.entries(files)) {
    // Over a megabyte that few people ask for: read when the first one does.
    let content: Buffer<ArrayBuffer> | undefined
    routes.get(`/api/v3/browser/${name}`, (context) => {
      content ??= Buffer.from(readFileSync(require.resolve(`swagger-ui-dist/${name}`)))
      return context.body(content, 200, { 'content-type': type, 'cache-control': 'public, max-age=3600' })
    })
  }
  return routes
}
