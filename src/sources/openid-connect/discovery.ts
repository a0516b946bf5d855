import * as openid from 'openid-client'
import { isLoopback, type OpenIdSettings } from './settings.ts'

const wellKnown = '/.well-known/openid-configuration'
/** Seconds that what a provider publishes about itself is believed without asking again. */
const believedFor = 3600
/** More sources than this are unlikely; edited ones leave entries behind. */
const mostKept = 100

interface Known {
  readonly provider: Promise<openid.Configuration>
  readonly until: number
}

/** What providers publish about themselves, asked for once in a while. */
export class Providers {
  private readonly known = new Map<string, Known>()
  private readonly now: () => Date
  private readonly timeout: number

  constructor(now: () => Date, timeout: number) {
    this.now = now
    this.timeout = timeout
  }

  /** A provider as this client of it needs it. Those who ask at once share one question; a failure is not kept. */
  of(settings: OpenIdSettings): Promise<openid.Configuration> {
    const key = JSON.stringify(settings)
    const now = this.now().getTime()
    const found = this.known.get(key)
    if (found && found.until > now) return found.provider

    const provider = discover(settings, this.timeout)
    this.known.delete(key)
    this.known.set(key, { provider, until: now + believedFor * 1000 })
    provider.catch(() => this.known.delete(key))
    const [oldest] = this.known.keys()
    if (this.known.size > mostKept && oldest !== undefined) this.known.delete(oldest)
    return provider
  }
}

async function discover(settings: OpenIdSettings, timeout: number): Promise<openid.Configuration> {
  const url = new URL(settings.oidcWellKnownUrl)
  // Only on the machine itself does plain HTTP prove who answers.
  const execute = isLoopback(url) && url.protocol === 'http:' ? [openid.allowInsecureRequests] : []
  const found = await firstOf(issuersOf(url), (issuer) =>
    openid.discovery(issuer, settings.consumerKey, undefined, clientAuthentication(settings), { timeout, execute }),
  )
  const server = { ...found.serverMetadata(), ...overrides(settings) }
  const client = { [openid.clockTolerance]: 30 }
  const provider = new openid.Configuration(server, settings.consumerKey, client, clientAuthentication(settings))
  provider.timeout = timeout
  for (const extension of execute) extension(provider)
  if (signsWithKeys(server)) openid.enableNonRepudiationChecks(provider)
  return provider
}

/**
 * The issuers that an address of a discovery document may be of: naming the issuer, rather than the document, makes the
 * client compare it with what the document says. Some issuers end with a slash, which the address does not tell.
 */
function issuersOf(url: URL): URL[] {
  if (!url.pathname.endsWith(wellKnown)) return [url]
  const issuer = url.href.slice(0, url.href.lastIndexOf(wellKnown))
  return [new URL(issuer), ...(new URL(issuer).pathname === '/' ? [] : [new URL(`${issuer}/`)])]
}

async function firstOf<Value>(candidates: readonly URL[], attempt: (candidate: URL) => Promise<Value>): Promise<Value> {
  const [first, ...others] = candidates
  if (!first) throw new Error('A provider needs an address.')
  try {
    return await attempt(first)
  } catch (error) {
    const mismatch = error instanceof openid.ClientError && error.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED'
    if (!mismatch || others.length === 0) throw error
    return firstOf(others, attempt)
  }
}

function clientAuthentication({ consumerSecret, authorizationCodeAuthMethod }: OpenIdSettings): openid.ClientAuth {
  if (consumerSecret === '') return openid.None()
  return authorizationCodeAuthMethod === 'basic_auth'
    ? openid.ClientSecretBasic(consumerSecret)
    : openid.ClientSecretPost(consumerSecret)
}

/** Addresses that an administrator wrote down win over published ones. */
function overrides(settings: OpenIdSettings): Partial<openid.ServerMetadata> {
  return {
    ...(settings.authorizationUrl && { authorization_endpoint: settings.authorizationUrl }),
    ...(settings.accessTokenUrl && { token_endpoint: settings.accessTokenUrl }),
    ...(settings.profileUrl && { userinfo_endpoint: settings.profileUrl }),
    ...(settings.oidcJwksUrl && { jwks_uri: settings.oidcJwksUrl }),
  }
}

/** A provider that signs with the client's secret alone has no keys to check with: that it answers over TLS is the proof. */
function signsWithKeys({ jwks_uri, id_token_signing_alg_values_supported: algorithms }: openid.ServerMetadata): boolean {
  const listed = Array.isArray(algorithms) ? algorithms : ['RS256']
  return jwks_uri !== undefined && listed.some((algorithm) => typeof algorithm === 'string' && !algorithm.startsWith('HS'))
}
