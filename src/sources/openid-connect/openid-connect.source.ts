import * as openid from 'openid-client'
import type { JsonObject } from '../../flow/json.ts'
import type { Arrival, Departure } from '../../flow/sources.ts'
import type { SourceKind, SourceTools, Trip } from '../source.ts'
import { identityOf } from './claims.ts'
import { Providers } from './discovery.ts'
import { problemOf, reasonOf } from './problems.ts'
import { readSettings, scopesOf } from './settings.ts'

/** OpenID Connect: the authorization code flow with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636). */
export function openIdConnect({ now, timeout, failed }: SourceTools): SourceKind {
  const providers = new Providers(now, timeout)

  return {
    provider: 'openidconnect',

    async depart(trip: Trip): Promise<Departure> {
      try {
        return { ready: true, ...(await authorization(providers, trip)) }
      } catch (error) {
        return { ready: false, problem: report(trip, error) }
      }
    },

    async arrive(trip: Trip, memory: JsonObject, arrivedAt: string): Promise<Arrival> {
      try {
        const identity = identityOf(await claimsOf(providers, trip, memory, arrivedAt))
        if (!identity) throw new Error('The provider gave no subject that could be kept.')
        return { arrived: true, identity }
      } catch (error) {
        return { arrived: false, problem: report(trip, error) }
      }
    },
  }

  function report({ source }: Trip, error: unknown) {
    const problem = problemOf(error)
    failed({ source: source.slug, problem, reason: reasonOf(error) })
    return problem
  }
}

async function authorization(
  providers: Providers,
  { source, state, callbackUrl }: Trip,
): Promise<{ to: string; memory: JsonObject }> {
  const settings = readSettings(source.config)
  const provider = await providers.of(settings)
  const memory = { nonce: openid.randomNonce(), codeVerifier: openid.randomPKCECodeVerifier() }
  const url = openid.buildAuthorizationUrl(provider, {
    redirect_uri: callbackUrl,
    scope: scopesOf(settings),
    state,
    nonce: memory.nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(memory.codeVerifier),
    code_challenge_method: 'S256',
  })
  return { to: url.href, memory }
}

async function claimsOf(
  providers: Providers,
  { source, state }: Trip,
  { nonce, codeVerifier }: JsonObject,
  arrivedAt: string,
): Promise<Readonly<Record<string, unknown>>> {
  const provider = await providers.of(readSettings(source.config))
  const tokens = await openid.authorizationCodeGrant(provider, new URL(arrivedAt), {
    expectedState: state,
    expectedNonce: String(nonce),
    pkceCodeVerifier: String(codeVerifier),
  })
  const claims = tokens.claims()
  if (!claims) throw new Error('The provider gave no ID token.')
  if (provider.serverMetadata().userinfo_endpoint === undefined) return claims
  // What is not in the token is told here, about the same person or nobody.
  return { ...claims, ...(await openid.fetchUserInfo(provider, tokens.access_token, claims.sub)) }
}
