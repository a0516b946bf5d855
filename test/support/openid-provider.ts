import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { type ProviderContext } from 'oidc-provider'
import { CookieJar } from './cookie-jar.ts'

/** What the provider tells about somebody. */
export type ProviderClaims = Readonly<Record<string, unknown>>

/** A client of the provider. */
export const providerClient = { id: 'stagedoor', secret: 'a secret between two servers' } as const
/** Another one, whose tokens are nobody else's business. */
export const strangeClient = { id: 'somebody-else', secret: 'a secret of somebody else' } as const
/** One that keeps no secret. */
export const publicClient = { id: 'in-the-open' } as const

/** A real OpenID provider on loopback, where people sign in without being asked. */
export interface OpenIdProvider {
  readonly issuer: string
  readonly wellKnownUrl: string
  /** Who is there, by subject. */
  readonly people: Map<string, ProviderClaims>
  /** Who signs in next; undefined: they say no. */
  visitor: string | undefined
  /** Paths that get no answer. */
  readonly silent: Set<string>
  /** How often each path was asked for. */
  readonly asked: Map<string, number>
  /** The Authorization headers that came for tokens. */
  readonly authorizations: (string | undefined)[]
  /** Changes what an endpoint says, by its name (`token`, `userinfo`, `discovery` ...). */
  readonly tampering: Map<string, (body: Record<string, unknown>) => unknown>
  /** Walks from an authorization URL to where the provider sends the browser back to. */
  visit(to: string): Promise<string>
  close(): Promise<void>
}

/** Starts a provider that knows two clients, both of which come back to the same addresses. */
export async function startOpenIdProvider(redirectUris: readonly string[], path = ''): Promise<OpenIdProvider> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provided: OpenIdProvider = {
    issuer: origin + path,
    wellKnownUrl: `${origin}${path.replace(/\/$/, '')}/.well-known/openid-configuration`,
    people: new Map(),
    visitor: undefined,
    silent: new Set(),
    asked: new Map(),
    authorizations: [],
    tampering: new Map(),
    visit: (to) => visit(to, origin),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  const provider = createProvider(provided, redirectUris)
  const serve = provider.callback()
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', origin)
    provided.asked.set(pathname, (provided.asked.get(pathname) ?? 0) + 1)
    if (pathname.endsWith('/token')) provided.authorizations.push(request.headers.authorization)
    if (provided.silent.has(pathname)) return
    if (pathname.startsWith('/interaction/')) {
      const { visitor } = provided
      const result = visitor === undefined ? { error: 'access_denied' } : { login: { accountId: visitor } }
      provider.interactionFinished(request, response, result).catch(() => response.destroy())
      return
    }
    request.url = request.url?.slice(path.replace(/\/$/, '').length) ?? '/'
    serve(request, response)
  })
  return provided
}

function createProvider(provided: OpenIdProvider, redirectUris: readonly string[]): Provider {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const client = ({ id, secret }: { readonly id: string; readonly secret: string }) => ({
    client_id: id,
    client_secret: secret,
    redirect_uris: redirectUris,
  })
  const provider = new Provider(provided.issuer, {
    clients: [
      client(providerClient),
      client(strangeClient),
      { client_id: publicClient.id, token_endpoint_auth_method: 'none', redirect_uris: redirectUris },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'the key' }] },
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    cookies: { keys: ['for tests only'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_: unknown, interaction: { readonly uid: string }) => `/interaction/${interaction.uid}` },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
    findAccount: (_: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub, ...provided.people.get(sub) }) }),
    loadExistingGrant: async ({ oidc }: { oidc: { client: { clientId: string }; session: { accountId: string } } }) => {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  })
  provider.use(async (context: ProviderContext, next) => {
    await next()
    const tamper = provided.tampering.get(context.oidc?.route ?? '')
    if (tamper) context.body = tamper(context.body as Record<string, unknown>)
  })
  return provider
}

async function visit(to: string, origin: string): Promise<string> {
  const jar = new CookieJar()
  let url = new URL(to)
  while (url.origin === origin) {
    const response = await fetch(url, { redirect: 'manual', headers: { cookie: jar.header() } })
    jar.take(response)
    const location = response.headers.get('location')
    if (location === null) throw new Error(`The provider leads nowhere: ${response.status} ${await response.text()}`)
    url = new URL(location, url)
  }
  return url.href
}
