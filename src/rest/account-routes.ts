import type { Context } from 'hono'
import { sha256Hex } from '../credentials/random.ts'
import type { FlowExecutor } from '../flow/executor.ts'
import type { Configuration } from '../flow/ports.ts'
import type { SlugExecutor } from '../flow/slug-executor.ts'
import { defaultAvatar, type User } from '../flow/user.ts'
import { createRoutes, type HttpApp, type HttpEnvironment } from '../http/app.ts'
import { type Accounts, administratorOf, notSignedIn } from './permissions.ts'

/** What clients written for authentik ask about themselves and the server. */
export function accountRoutes(accounts: Accounts, executor: FlowExecutor & SlugExecutor): HttpApp {
  const routes = createRoutes()

  routes.get('/core/users/me/', async (context) => {
    const user = await accounts.userOf(context.var.request)
    if (!user) return context.json(notSignedIn, 403)
    const self = encodeUser(user, await accounts.groupsOf(user.id))
    return context.json({ user: self, users: [self] })
  })

  routes.get('/root/config/', (context) =>
    context.json({
      error_reporting: { enabled: false, sentry_dsn: '', environment: 'stagedoor', send_pii: false, traces_sample_rate: 0 },
      capabilities: [],
      cache_timeout: 0,
      cache_timeout_flows: 0,
      cache_timeout_policies: 0,
    }),
  )

  routes.get('/core/brands/current/', async (context) =>
    context.json(encodeBrand(await executor.flows.configuration(context.var.request.visitor), context)),
  )

  routes.get('/flows/instances/:slug/execute/', async (context) => {
    const { request } = context.var
    const user = await administratorOf(context, accounts)
    if (user instanceof Response) return user
    const slug = context.req.param('slug')
    const reply = await executor.prepare({ visitor: request.visitor, slug, query: {}, denialNext: undefined }, user)
    if (!reply) return context.json({ detail: 'Flow not applicable.', code: 'invalid' }, 400)
    await request.issue(reply)
    return context.json({ link: `${request.origin.ownOrigin}/if/flow/${slug}/` })
  })

  return routes
}

function encodeUser(user: User, groups: Awaited<ReturnType<Accounts['groupsOf']>>): object {
  return {
    pk: user.id,
    username: user.username,
    name: user.name,
    is_active: user.isActive,
    is_superuser: groups.some((group) => group.isSuperuser),
    is_current: true,
    groups: groups.map(({ id, name }) => ({ pk: id, name })),
    roles: [],
    email: user.email,
    avatar: defaultAvatar,
    // Stays the same for as long as the account does, and tells nothing about it.
    uid: sha256Hex(`stagedoor user ${user.uuid}`),
    settings: user.attributes.settings ?? {},
    type: user.type,
    system_permissions: [],
  }
}

function encodeBrand(configuration: Configuration, context: Context<HttpEnvironment>): object {
  const brand = configuration.brandFor(context.var.request.visitor.host)
  const slugOf = (id: string | undefined) => (id === undefined ? undefined : configuration.flowById(id)?.definition.flow.slug)
  const { authentication, invalidation, recovery, unenrollment, userSettings, deviceCode, lockdown, userSwitch, request } =
    brand.flows
  return {
    matched_domain: brand.domain,
    branding_title: brand.title,
    branding_logo: brand.logo,
    branding_logo_themed_urls: null,
    branding_favicon: brand.favicon,
    branding_favicon_themed_urls: null,
    branding_custom_css: brand.customCss,
    branding_map_tiles: '',
    ui_footer_links: [],
    ui_theme: 'automatic',
    flow_authentication: slugOf(authentication),
    flow_invalidation: slugOf(invalidation),
    flow_recovery: slugOf(recovery),
    flow_unenrollment: slugOf(unenrollment),
    flow_user_settings: slugOf(userSettings),
    flow_device_code: slugOf(deviceCode),
    flow_lockdown: slugOf(lockdown),
    flow_user_switch: slugOf(userSwitch),
    flow_request: slugOf(request),
    default_locale: '',
    flags: { flows_continuous_login: false, flows_refresh_others: false },
  }
}
