import type { Context } from 'hono'
import { defaultAvatar } from '../flow/user.ts'
import { createRoutes, type HttpApp } from '../http/app.ts'
import { assetFiles, assetVersion } from './asset-files.ts'

/** The pictures are drawings, at the addresses where authentik's clients look for them. */
const drawings: Readonly<Record<string, string>> = {
  [defaultAvatar]: 'avatar.svg',
  '/static/dist/assets/images/flow_background.jpg': 'background.svg',
}

/** The few files that pages need. */
export function staticRoutes(): HttpApp {
  const routes = createRoutes()
  for (const [path, name] of Object.entries(drawings)) routes.get(path, (context) => answer(context, name, 'public, max-age=300'))
  routes.get('/static/:version{[0-9a-f]{16}}/:name{.+}', (context) => {
    const { version, name } = context.req.param()
    // A page of another release is under way, during an upgrade: what it gets from here must not be kept under that name.
    return answer(context, name, version === assetVersion ? 'public, max-age=31536000, immutable' : 'no-store')
  })
  return routes
}

function answer(context: Context, name: string, cacheControl: string): Response | Promise<Response> {
  const file = assetFiles.get(name)
  if (!file) return context.notFound()
  return context.body(file.content, 200, { 'content-type': file.type, 'cache-control': cacheControl })
}
