import { readFileSync } from 'node:fs'
import { defaultAvatar } from '../flow/user.ts'
import { createRoutes, type HttpApp } from '../http/app.ts'

interface Asset {
  readonly path: string
  readonly type: string
  readonly file: string
}

/** The pictures are drawings, at the addresses where authentik's clients look for them. */
const assets: readonly Asset[] = [
  { path: defaultAvatar, type: 'image/svg+xml', file: 'avatar.svg' },
  { path: '/static/dist/assets/images/flow_background.jpg', type: 'image/svg+xml', file: 'background.svg' },
  { path: '/static/pages.css', type: 'text/css; charset=utf-8', file: 'pages.css' },
  { path: '/static/flow-page.js', type: 'text/javascript; charset=utf-8', file: 'flow-page.js' },
]

/** The few files that pages need, read once. */
export function staticRoutes(): HttpApp {
  const routes = createRoutes()
  for (const { path, type, file } of assets) {
    const content = readFileSync(new URL(`assets/${file}`, import.meta.url))
    routes.get(path, (context) => context.body(content, 200, { 'content-type': type, 'cache-control': 'public, max-age=300' }))
  }
  return routes
}
