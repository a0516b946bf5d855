import { describe, expect, it } from 'vitest'
import {
  answered,
  type ContextOptions,
  configProblems,
  refusals,
  shown,
  stageContext,
  testNow,
} from '../../../test/support/stage-context.ts'
import type { JsonObject } from '../../flow/json.ts'
import type { SourceGateway, SourceSettings } from '../../flow/sources.ts'
import { oauthSource } from './oauth-source.ts'
import { sourceStage } from './source.stage.ts'

const corp = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0020'
const back = 'https://login.example.test/source/oauth/callback/corp/'
const leastSource = {
  slug: 'corp',
  consumerKey: 'stagedoor',
  oidcWellKnownUrl: 'https://corp.example.test/.well-known/openid-configuration',
}
const sourceConfig = (config: object = {}) => ({
  kind: 'oauth_source',
  ...oauthSource.config.parse({ ...leastSource, ...config }),
})

/** What the stage told its gateway. */
interface Asked {
  readonly departures: { source: SourceSettings; state: string }[]
  readonly arrivals: { source: SourceSettings; state: string; memory: JsonObject; callbackUrl: string }[]
}

function gateway(asked: Asked, given: Partial<SourceGateway> = {}): Partial<SourceGateway> {
  return {
    depart: async (source, state) => {
      asked.departures.push({ source, state })
      return { ready: true, to: `https://corp.example.test/authorize?state=${state}`, memory: { nonce: 'n' } }
    },
    arrive: async (source, state, memory, callbackUrl) => {
      asked.arrivals.push({ source, state, memory, callbackUrl })
      const identity = { identifier: 's-1', username: 'ada', name: 'Ada', email: 'ada@corp.example.test', emailVerified: true }
      return { arrived: true, identity }
    },
    ...given,
  }
}

function leaving(options: ContextOptions & { source?: object } = {}) {
  const asked: Asked = { departures: [], arrivals: [] }
  const context = stageContext(sourceStage, {
    objects: { [corp]: sourceConfig(options.source) as never },
    secretConfigs: { [corp]: { consumerSecret: 'hidden' } },
    ...options,
    sources: gateway(asked, options.sources),
    config: { source: corp, ...options.config },
  })
  return { context, asked }
}

const state = {
  state: 'an-execution.random-token-1',
  to: 'https://corp.example.test/authorize?state=an-execution.random-token-1',
  memory: { nonce: 'n' },
  until: testNow.getTime() + 600_000,
}
const callback = (query: Record<string, string> = {}) =>
  `${back}?${new URLSearchParams({ code: 'c', state: state.state, ...query })}`
const returning = (options: Parameters<typeof leaving>[0] = {}) => leaving({ state, ...options })

describe('the config of a source stage', () => {
  it('lets people take ten minutes, and nothing else pass', () => {
    expect(sourceStage.config.parse({ source: corp })).toEqual({
      source: corp,
      resumeTimeout: 'minutes=10',
      resumeOnMatchFailures: [],
    })
    expect(sourceStage.references?.({ source: corp })).toEqual([corp])
  })

  it.each([
    ['no source', {}, ['source']],
    ['a source that is named otherwise', { source: 'corp' }, ['source']],
    ['a time that is none', { source: corp, resumeTimeout: 'soon' }, ['resumeTimeout']],
    ['a failure that does not exist', { source: corp, resumeOnMatchFailures: ['whatever'] }, ['resumeOnMatchFailures.0']],
  ])('is refused with %s', (_, config, fields) => {
    expect(configProblems(sourceStage, config)).toEqual(fields)
  })
})

describe('the config of a source', () => {
  it('needs little', () => {
    expect(configProblems(oauthSource, leastSource)).toEqual([])
    expect(configProblems(oauthSource, { ...leastSource, oidcWellKnownUrl: 'http://127.0.0.1:8080/x' })).toEqual([])
  })

  it.each([
    ['no slug', { slug: '' }, ['slug']],
    ['a slug that is a path', { slug: 'a/b' }, ['slug']],
    ['no client id', { consumerKey: '' }, ['consumerKey']],
    ['no well-known address', { oidcWellKnownUrl: '' }, ['oidcWellKnownUrl']],
    ['a provider over plain HTTP', { oidcWellKnownUrl: 'http://corp.example.test/x' }, ['oidcWellKnownUrl']],
    ['a host that only begins like this machine', { accessTokenUrl: 'http://127.0.0.1.example.test/' }, ['accessTokenUrl']],
    ['an address of another sort', { authorizationUrl: 'javascript:alert(1)' }, ['authorizationUrl']],
    ['keys from nowhere', { oidcJwksUrl: 'jwks' }, ['oidcJwksUrl']],
    ['a provider that is not known', { providerType: 'openid' }, ['providerType']],
    ['a matching mode that is not known', { userMatchingMode: 'anybody' }, ['userMatchingMode']],
  ])('is refused with %s', (_, config, fields) => {
    expect(configProblems(oauthSource, { ...leastSource, ...config })).toEqual(fields)
  })
})

describe('somebody who is sent to a source', () => {
  it('is told where to go, and that the flow is not over', async () => {
    const { context, asked } = leaving()

    expect(await shown(sourceStage, context)).toEqual({ to: state.to, finalRedirect: false })
    expect(asked.departures).toMatchObject([
      { state: state.state, source: { provider: 'openidconnect', slug: 'corp', config: { consumerSecret: 'hidden' } } },
    ])
  })

  it('may take as long as the stage says', async () => {
    const { context } = leaving({ config: { resumeTimeout: 'minutes=2' } })

    expect(await sourceStage.present(context)).toMatchObject({
      type: 'ask',
      state: { ...state, until: testNow.getTime() + 120_000 },
    })
  })

  it('goes on with the same trip when the page is refreshed', async () => {
    const { context, asked } = returning()

    expect(await sourceStage.present(context)).toEqual({ type: 'ask', challenge: { to: state.to, finalRedirect: false } })
    expect(asked.departures).toEqual([])
  })

  it.each([
    ['ran out', { ...state, until: testNow.getTime() }],
    ['belongs to the execution that a mailed link was made in', { ...state, state: 'another-execution.random-token-1' }],
  ])('begins another trip when the last one %s', async (_, stale) => {
    const { context, asked } = leaving({ state: stale })

    expect(await sourceStage.present(context)).toMatchObject({ type: 'ask', state })
    expect(asked.departures).toHaveLength(1)
  })

  it.each([
    ['is gone', { objects: {} }, 'Source does not exist'],
    ['is disabled', { source: { enabled: false } }, 'Source does not exist'],
    ['is something else', { objects: { [corp]: { kind: 'prompt' } } }, 'Invalid source'],
    ['is not whole', { objects: { [corp]: { kind: 'oauth_source', slug: 'corp' } } }, 'Invalid source'],
  ])('is refused when the source %s, before and after', async (_, options, message) => {
    expect(await sourceStage.present(leaving(options).context)).toEqual({ type: 'deny', message })
    const { context, asked } = returning(options)
    expect(await answered(sourceStage, context, { callbackUrl: callback() })).toEqual({ type: 'deny', message })
    expect(asked.arrivals).toEqual([])
  })

  it('is told when the source does not answer', async () => {
    const { context } = leaving({ sources: { depart: async () => ({ ready: false, problem: 'unreachable' }) } })
    const message = `object ${corp} does not answer. Please try again later.`

    expect(await sourceStage.present(context)).toEqual({ type: 'deny', message })
  })
})

describe('somebody who comes back', () => {
  it('is judged by the source, with what was kept', async () => {
    const { context, asked } = returning()

    expect(await answered(sourceStage, context, { callbackUrl: callback() })).toMatchObject({ type: 'advance' })
    expect(asked.arrivals).toEqual([
      { source: expect.objectContaining({ slug: 'corp' }), state: state.state, memory: { nonce: 'n' }, callbackUrl: callback() },
    ])
  })

  it.each([
    ['another state', callback({ state: 'an-execution.random-token-2' })],
    ['no state', `${back}?code=c`],
    ['the address of another source', callback().replace('/corp/', '/other/')],
    ['an address elsewhere', callback().replace('login.example.test', 'elsewhere.test')],
    ['no address', 'code=c'],
  ])('with %s is sent away, and nothing is over', async (_, callbackUrl) => {
    const { context, asked } = returning()

    expect(await answered(sourceStage, context, { callbackUrl })).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'callbackUrl', code: 'state_mismatch' }],
    })
    expect(asked.arrivals).toEqual([])
  })

  it('without having left is sent away', async () => {
    const { context, asked } = leaving()

    expect(await answered(sourceStage, context, { callbackUrl: callback() })).toMatchObject({ type: 'invalid' })
    expect(asked.arrivals).toEqual([])
  })

  it('too late may try again', async () => {
    const { context, asked } = leaving({ state: { ...state, until: testNow.getTime() } })

    expect(await answered(sourceStage, context, { callbackUrl: callback() })).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'callbackUrl', code: 'expired' }],
    })
    expect(asked.arrivals).toEqual([])
  })

  it.each([
    ['refused', 'did not sign you in.'],
    ['unreachable', 'does not answer. Please try again later.'],
    ['untrusted', 'gave an answer that proves nothing. Please tell an administrator.'],
  ] as const)('and is %s is denied', async (problem, saying) => {
    const { context } = returning({ sources: { arrive: async () => ({ arrived: false, problem }) } })

    expect(await answered(sourceStage, context, { callbackUrl: callback() })).toEqual({
      type: 'deny',
      message: `object ${corp} ${saying}`,
    })
  })

  it.each([
    [{}, 'This field is required.', 'required'],
    [{ callbackUrl: '' }, 'This field may not be blank.', 'blank'],
    [{ callbackUrl: 7 }, 'Not a valid string.', 'invalid'],
  ])('says with what: %j', (answer, message, code) => {
    expect(refusals(sourceStage, answer)).toEqual([{ field: 'callbackUrl', message, code }])
  })
})
