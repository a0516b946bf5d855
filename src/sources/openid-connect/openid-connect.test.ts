import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type OpenIdProvider,
  providerClient,
  publicClient,
  startOpenIdProvider,
  strangeClient,
} from '../../../test/support/openid-provider.ts'
import type { SourceSettings } from '../../flow/sources.ts'
import { createSourceGateway } from '../index.ts'

const here = 'https://login.example.test'
const state = 'an-execution.a-random-text'

let provider: OpenIdProvider
const failures: { source: string; problem: string; reason: string }[] = []
const clock = { now: new Date() }

beforeAll(async () => {
  provider = await startOpenIdProvider([`${here}/source/oauth/callback/corp/`])
  provider.people.set('s-1', { email: 'ada@example.test', email_verified: true, name: 'Ada', preferred_username: 'ada' })
})
afterAll(() => provider.close())
beforeEach(() => {
  provider.visitor = 's-1'
  provider.silent.clear()
  provider.tampering.clear()
  provider.asked.clear()
  provider.authorizations.length = 0
  failures.length = 0
})

const newGateway = (timeout = 5) =>
  createSourceGateway(here, {
    now: () => clock.now,
    timeout,
    failed: (failure) => failures.push(failure),
  })

const corp = (config: object = {}): SourceSettings => ({
  provider: 'openidconnect',
  slug: 'corp',
  config: {
    consumerKey: providerClient.id,
    consumerSecret: providerClient.secret,
    oidcWellKnownUrl: provider.wellKnownUrl,
    ...config,
  },
})

/** Leaves, changes the address that the browser is sent to, and comes back. */
async function trip({ source = corp(), gateway = newGateway(), change = (_: URL) => {}, returned = (_: URL) => {} } = {}) {
  const departure = await gateway.depart(source, state)
  if (!departure.ready) throw new Error(departure.problem)
  const to = new URL(departure.to)
  change(to)
  const back = new URL(await provider.visit(to.href))
  returned(back)
  return {
    departure,
    back: back.href,
    arrival: await gateway.arrive(source, state, departure.memory, back.href),
    again: () => gateway.arrive(source, state, departure.memory, back.href),
  }
}

const ada = { identifier: 's-1', username: 'ada', name: 'Ada', email: 'ada@example.test', emailVerified: true }
const untrusted = { arrived: false, problem: 'untrusted' }

describe('a trip to an OpenID provider', () => {
  it('brings back who somebody is', async () => {
    expect((await trip()).arrival).toEqual({ arrived: true, identity: ada })
    expect(failures).toEqual([])
  })

  it('asks with PKCE, a nonce and the state, all of which are new each time', async () => {
    const gateway = newGateway()
    const [one, two] = [await gateway.depart(corp(), state), await gateway.depart(corp(), state)]
    const asked = new URL(one.ready ? one.to : '').searchParams

    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      client_id: providerClient.id,
      redirect_uri: `${here}/source/oauth/callback/corp/`,
      scope: 'openid email profile',
      state,
      code_challenge_method: 'S256',
    })
    const memories = [one, two].map((departure) => (departure.ready ? departure.memory : {}))
    expect(new Set(memories.flatMap((memory) => Object.values(memory))).size).toBe(4)
    expect(asked.get('code_challenge')).not.toBe(memories[0]?.codeVerifier)
  })

  it('brings somebody back whose browser asks twice at once', async () => {
    const gateway = newGateway()
    const departure = await gateway.depart(corp(), state)
    if (!departure.ready) throw new Error(departure.problem)
    const back = await provider.visit(departure.to)
    const arrive = (from: string) => gateway.arrive(corp(), from, departure.memory, back)

    expect(await Promise.all([arrive(state), arrive(state), arrive('another state')])).toEqual([
      { arrived: true, identity: ada },
      { arrived: true, identity: ada },
      untrusted,
    ])
  })

  it.each([
    ['adds scopes', 'groups  offline', 'openid email profile groups offline'],
    ['replaces scopes', '*groups', 'openid groups'],
  ])('%s', async (_, additionalScopes, scope) => {
    const departure = await newGateway().depart(corp({ additionalScopes }), state)

    expect(new URL(departure.ready ? departure.to : '').searchParams.get('scope')).toBe(scope)
  })

  it.each(['basic_auth', 'post_body'])('tells the client secret by %s', async (authorizationCodeAuthMethod) => {
    const { arrival } = await trip({ source: corp({ authorizationCodeAuthMethod }) })

    expect(arrival).toMatchObject({ arrived: true })
    const [header] = provider.authorizations
    expect(header === undefined ? 'post_body' : header.split(' ')[0]).toBe(
      authorizationCodeAuthMethod === 'basic_auth' ? 'Basic' : 'post_body',
    )
  })

  it('does without a client secret where the provider does', async () => {
    expect((await trip({ source: corp({ consumerKey: publicClient.id, consumerSecret: '' }) })).arrival).toMatchObject({
      arrived: true,
    })
    expect(provider.authorizations).toEqual([undefined])
  })

  it('needs the secret that the provider knows', async () => {
    expect((await trip({ source: corp({ consumerSecret: 'another' }) })).arrival).toEqual(untrusted)
  })

  it('goes where the administrator says instead', async () => {
    const departure = await newGateway().depart(corp({ authorizationUrl: 'https://elsewhere.test/authorize' }), state)

    expect(departure.ready && new URL(departure.to).origin).toBe('https://elsewhere.test')
  })

  it('asks what the provider publishes once an hour, and again after a failure', async () => {
    const gateway = newGateway(0.2)
    const path = new URL(provider.wellKnownUrl).pathname
    provider.silent.add(path)
    expect(await gateway.depart(corp(), state)).toEqual({ ready: false, problem: 'unreachable' })
    provider.silent.clear()
    await Promise.all([gateway.depart(corp(), state), gateway.depart(corp(), state)])
    await gateway.depart(corp(), state)
    expect(provider.asked.get(path)).toBe(2)

    clock.now = new Date(clock.now.getTime() + 3_601_000)
    await gateway.depart(corp(), state)
    expect(provider.asked.get(path)).toBe(3)
  })
})

describe('nobody is believed', () => {
  it('who was refused there', async () => {
    provider.visitor = undefined

    expect((await trip()).arrival).toEqual({ arrived: false, problem: 'refused' })
    expect(failures).toEqual([{ source: 'corp', problem: 'refused', reason: expect.stringContaining('access_denied') }])
  })

  it('whose state is another', async () => {
    expect((await trip({ returned: (url) => url.searchParams.set('state', 'another') })).arrival).toEqual(untrusted)
  })

  it('who brings an answer twice', async () => {
    const { arrival, again } = await trip()

    expect(arrival).toMatchObject({ arrived: true })
    expect(await again()).toEqual(untrusted)
  })

  it('who brings a code that was made up', async () => {
    expect((await trip({ returned: (url) => url.searchParams.set('code', 'made-up') })).arrival).toEqual(untrusted)
  })

  it('who brings the answer to another question: the nonce differs', async () => {
    expect((await trip({ change: (url) => url.searchParams.set('nonce', 'another') })).arrival).toEqual(untrusted)
  })

  it('who brings a code that another browser asked for: the verifier differs', async () => {
    const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

    expect((await trip({ change: (url) => url.searchParams.set('code_challenge', challenge) })).arrival).toEqual(untrusted)
  })

  it('whose code was made for another client', async () => {
    expect((await trip({ change: (url) => url.searchParams.set('client_id', strangeClient.id) })).arrival).toEqual(untrusted)
  })

  it('whose token was made for another client', async () => {
    const strange = corp({ consumerKey: strangeClient.id, consumerSecret: strangeClient.secret })
    let token: unknown
    provider.tampering.set('token', (body) => {
      token ??= body.id_token
      return { ...body, id_token: token }
    })
    // The first trip is the stranger's own; its token comes again in answer to ours, with the nonce that ours asks for.
    const first = await newGateway().depart(strange, state)
    const gateway = newGateway()
    const ours = await gateway.depart(corp(), state)
    if (!first.ready || !ours.ready) throw new Error('Nobody left.')
    const { nonce } = ours.memory
    const to = new URL(first.to)
    to.searchParams.set('nonce', String(nonce))
    const strangersMemory = { ...first.memory, nonce }
    const own = await newGateway().arrive(strange, state, strangersMemory, await provider.visit(to.href))
    expect(own).toMatchObject({ arrived: true })

    expect(await gateway.arrive(corp(), state, ours.memory, await provider.visit(ours.to))).toEqual(untrusted)
  })

  it('whose token was changed on the way', async () => {
    provider.tampering.set('token', (body) => ({ ...body, id_token: withClaims(String(body.id_token), { sub: 's-2' }) }))

    expect((await trip()).arrival).toEqual(untrusted)
  })

  it('who comes without a token', async () => {
    let token = ''
    provider.tampering.set('token', ({ id_token: _, ...body }) => {
      token = String(body.access_token)
      return body
    })

    expect((await trip()).arrival).toEqual(untrusted)
    expect(failures[0]?.reason).toContain('id_token')
    expect(failures[0]?.reason).not.toContain(token)
  })

  it('about whom the provider tells as if they were somebody else', async () => {
    provider.tampering.set('userinfo', (body) => ({ ...body, sub: 's-2' }))

    expect((await trip()).arrival).toEqual(untrusted)
  })

  it('whose provider calls itself something else than its address', async () => {
    provider.tampering.set('discovery', (body) => ({ ...body, issuer: 'https://elsewhere.test' }))

    expect(await newGateway().depart(corp(), state)).toEqual({ ready: false, problem: 'untrusted' })
  })

  it.each(['provider.example.test', '127.0.0.1.example.test'])('over plain HTTP from another machine: %s', async (host) => {
    const source = corp({ oidcWellKnownUrl: `http://${host}/.well-known/openid-configuration` })

    expect(await newGateway().depart(source, state)).toEqual({ ready: false, problem: 'untrusted' })
  })
})

describe('a provider that does not answer', () => {
  it.each(['/token', '/me', '/jwks'])('in time at %s keeps nobody waiting', async (path) => {
    provider.silent.add(path)

    expect((await trip({ gateway: newGateway(0.3) })).arrival).toEqual({ arrived: false, problem: 'unreachable' })
  })

  it('at all is told from one that says no', async () => {
    const gone = await startOpenIdProvider([])
    await gone.close()

    expect(await newGateway().depart(corp({ oidcWellKnownUrl: gone.wellKnownUrl }), state)).toEqual({
      ready: false,
      problem: 'unreachable',
    })
  })

  it('because it is broken is told from one that says no', async () => {
    const returned = (url: URL) => {
      url.searchParams.delete('code')
      url.searchParams.set('error', 'server_error')
    }

    expect((await trip({ returned })).arrival).toEqual({ arrived: false, problem: 'unreachable' })
  })
})

describe('an issuer with a path', () => {
  it.each(['/realm', '/realm/'])('such as %s is found by its well-known address', async (path) => {
    const other = await startOpenIdProvider([`${here}/source/oauth/callback/corp/`], path)
    try {
      expect(await newGateway().depart(corp({ oidcWellKnownUrl: other.wellKnownUrl }), state)).toMatchObject({ ready: true })
    } finally {
      await other.close()
    }
  })
})

/** The token with other claims, under the signature of the old ones. */
function withClaims(token: string, claims: object): string {
  const [header, payload = '', signature] = token.split('.')
  const changed = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), ...claims }
  return [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.')
}
