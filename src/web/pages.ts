import type { Context } from 'hono'
import { html } from 'hono/html'
import type { FlowDesignation } from '../flow/definition.ts'
import { FlowNotFoundError } from '../flow/errors.ts'
import type { FlowExecutor } from '../flow/executor.ts'
import { isSafeNextPath } from '../flow/next-path.ts'
import type { SessionKey } from '../flow/session.ts'
import type { User } from '../flow/user.ts'
import { createRoutes, type HttpApp, type HttpEnvironment } from '../http/app.ts'
import { assetUrl, moduleUrls } from './asset-files.ts'
import { page } from './layout.ts'

/** Secrets are typed here: nothing but our own files runs, styles or is asked. Pictures are those of sources and people. */
const flowPagePolicy =
  "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data: https:; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"

/** What pages need beside the executor. */
export interface PageServices {
  readonly executor: FlowExecutor
  readonly userOf: (request: HttpEnvironment['Variables']['request']) => Promise<User | undefined>
  /** Ends what authentik's clients of a session have under way. */
  readonly cancelAddressed: (key: SessionKey) => Promise<void>
}

/** Addresses that people open: the way into flows and out of them (reference: flow-core 3.8). */
export function pageRoutes({ executor, userOf, cancelAddressed }: PageServices): HttpApp {
  const routes = createRoutes()

  routes.get('/', async (context) => {
    const user = await userOf(context.var.request)
    if (!user) return context.redirect('/flows/-/default/authentication/?next=%2F')
    return context.html(
      page(
        'Signed in',
        html`<h1>Hello, ${user.name || user.username}</h1>
          <p>You are signed in as <strong>${user.username}</strong>.</p>
          <p><a href="/flows/-/default/invalidation/">Sign out</a></p>`,
      ),
    )
  })

  routes.get('/flows/-/default/authentication/', (context) => toDefaultFlow(context, executor, 'authentication'))
  routes.get('/flows/-/default/invalidation/', (context) => toDefaultFlow(context, executor, 'invalidation'))

  routes.get('/flows/-/configure/:stage/', async (context) => {
    const { request } = context.var
    if (!(await userOf(request)))
      return context.redirect(`/flows/-/default/authentication/?${new URLSearchParams({ next: context.req.path })}`)
    const live = await executor.flows.configureFlowFor(context.req.param('stage'), request.visitor)
    return context.redirect(`/if/flow/${live.definition.flow.slug}/${new URL(context.req.url).search}`)
  })

  routes.get('/flows/-/cancel/', async (context) => {
    const next = context.req.query('next')
    await cancelAddressed(context.var.request.visitor.session)
    return context.redirect(next !== undefined && isSafeNextPath(next) ? next : '/flows/-/default/invalidation/')
  })

  routes.get('/if/flow/:slug/', async (context) => {
    const live = (await executor.flows.configuration(context.var.request.visitor)).flowBySlug(context.req.param('slug'))
    if (!live) throw new FlowNotFoundError()
    const { title, slug } = live.definition.flow
    return context.html(
      page(
        title,
        html`<h1 tabindex="-1">${title}</h1>
          ${moduleUrls.map((url) => html`<link rel="modulepreload" href="${url}" />`)}
          <p id="status" role="status"></p>
          <p id="news" class="unseen" aria-live="polite"></p>
          <form id="flow" data-slug="${slug}"></form>
          <noscript><p>This page asks for each step by script. Please allow it.</p></noscript>
          <script type="module" src="${assetUrl('flow-page.js')}"></script>`,
      ),
      200,
      { 'content-security-policy': flowPagePolicy },
    )
  })

  return routes
}

async function toDefaultFlow(
  context: Context<HttpEnvironment>,
  executor: FlowExecutor,
  designation: FlowDesignation,
): Promise<Response> {
  const live = await executor.flows.flowFor(designation, context.var.request.visitor)
  const query = new URL(context.req.url).search
  return context.redirect(`/if/flow/${live.definition.flow.slug}/${query}`)
}
