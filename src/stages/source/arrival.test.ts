import { describe, expect, it } from 'vitest'
import { type ContextOptions, stageContext } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { inbuiltBackend } from '../../credentials/password-backends.ts'
import type { SourceIdentity } from '../../flow/sources.ts'
import { welcome } from './arrival.ts'
import { oauthSourceConfig } from './oauth-source.ts'
import { sourceStage } from './source.stage.ts'

const id = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0020'
const enrollmentFlow = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0021'
const ada = someUser({ email: 'ada@example.test' })
const grace = someUser({ id: 8, username: 'grace' })
const identity: SourceIdentity = {
  identifier: 's-1',
  username: 'ada',
  name: 'Ada Lovelace',
  email: 'ada@example.test',
  emailVerified: true,
}
const connected = [{ source: id, identifier: 's-1', userId: 7 }]
const connect = { type: 'connect_source', connection: { source: id, identifier: 's-1', userId: 7 } }
const linked = {
  type: 'audit',
  event: { action: 'source_linked', userId: 7, username: 'ada', context: { source: 'corp' } },
}

interface Arriving extends ContextOptions {
  readonly source?: object
  readonly who?: Partial<SourceIdentity>
}

function arriving({ source = {}, who = {}, ...options }: Arriving = {}) {
  const config = oauthSourceConfig.parse({
    slug: 'corp',
    consumerKey: 'k',
    oidcWellKnownUrl: 'https://corp.example.test/x',
    ...source,
  })
  const context = stageContext(sourceStage, { users: [ada, grace], ...options, config: { source: id, ...options.config } })
  const usable = { id, name: 'Corp', config, settings: { provider: 'openidconnect', slug: 'corp', config: {} } }
  return welcome(context as never, usable, { ...identity, ...who })
}

const nobody = { users: [] }
const refused = { type: 'deny', message: 'Signing in with Corp was refused. Please sign in the way you did before.' }
const tooLittle = { type: 'deny', message: 'Corp told too little about you to sign you in.' }
const somebodyElse = { type: 'deny', message: 'This is not the account that you are signing in to.' }

describe('somebody whom the source has signed in before', () => {
  it('is proven to be their account', async () => {
    expect(await arriving({ sourceConnections: connected })).toEqual({
      type: 'advance',
      changes: {
        pendingUser: ada,
        context: {
          is_sso: true,
          source: { id, name: 'Corp', slug: 'corp' },
          prompt_data: { username: 'ada', name: 'Ada Lovelace', email: 'ada@example.test' },
          'goauthentik.io/sources/connection': {
            source: { id, name: 'Corp', slug: 'corp' },
            identifier: 's-1',
            emailVerified: true,
          },
          pending_user: { known: true, id: 7, backend: inbuiltBackend },
          user_backend: inbuiltBackend,
          auth_method: 'source',
          auth_method_args: { source: 'corp' },
        },
        effects: [],
      },
    })
  })

  it('is that account whatever the source calls them now', async () => {
    const verdict = await arriving({
      sourceConnections: connected,
      source: { userMatchingMode: 'email_deny' },
      who: { email: grace.email, username: 'grace' },
    })

    expect(verdict).toMatchObject({ changes: { pendingUser: ada } })
  })

  it('adds to how the person was known before', async () => {
    const context = {
      auth_method: 'password',
      auth_method_args: { known_device: true },
      prompt_data: { locale: 'en', name: 'x' },
    }

    expect(await arriving({ sourceConnections: connected, context })).toMatchObject({
      changes: {
        context: {
          auth_method: 'password',
          auth_method_args: { known_device: true, source: 'corp' },
          prompt_data: { locale: 'en', name: 'Ada Lovelace' },
        },
      },
    })
  })

  it('may be whom the flow is about already', async () => {
    expect(await arriving({ sourceConnections: connected, pendingUser: ada })).toMatchObject({ type: 'advance' })
  })

  it.each([
    ['somebody else', { known: true, id: 8 }],
    ['a name that nobody has', { known: false, identifier: 'ada' }],
  ] as const)('is refused when the flow is about %s', async (_, pending) => {
    expect(await arriving({ sourceConnections: connected, context: { pending_user: pending } })).toEqual(somebodyElse)
    expect(await arriving({ ...nobody, context: { pending_user: pending } })).toEqual(somebodyElse)
  })

  it('is refused when their account is disabled, or gone', async () => {
    expect(await arriving({ sourceConnections: connected, users: [someUser({ isActive: false })] })).toEqual({
      type: 'deny',
      message: undefined,
    })
    expect(await arriving({ ...nobody, sourceConnections: connected })).toEqual(refused)
  })

  it('is nobody to another source that gives the same identifier', async () => {
    const other = [{ source: '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0099', identifier: 's-1', userId: 7 }]

    expect(await arriving({ sourceConnections: other })).not.toHaveProperty('changes.pendingUser')
  })
})

describe('somebody whom the source has not signed in before', () => {
  it('goes on without an account, with what the source told', async () => {
    expect(await arriving(nobody)).toEqual({
      type: 'advance',
      changes: {
        context: {
          is_sso: true,
          source: { id, name: 'Corp', slug: 'corp' },
          prompt_data: { username: 'ada', name: 'Ada Lovelace', email: 'ada@example.test' },
          'goauthentik.io/sources/connection': {
            source: { id, name: 'Corp', slug: 'corp' },
            identifier: 's-1',
            emailVerified: true,
          },
          user_path: 'goauthentik.io/sources/corp',
        },
      },
    })
  })

  it('is called by their address where the source gives no name', async () => {
    expect(await arriving({ ...nobody, who: { username: undefined, name: undefined } })).toMatchObject({
      changes: { context: { prompt_data: { username: 'ada@example.test', email: 'ada@example.test' } } },
    })
  })

  it('is not taken for an account by identifier alone', async () => {
    const verdict = await arriving()

    expect(verdict).toMatchObject({ type: 'advance' })
    expect(verdict).not.toHaveProperty('changes.context.pending_user')
  })

  it('goes on with the flow that makes accounts, knowing the same', async () => {
    const flows = { [enrollmentFlow]: 'enroll' }

    expect(await arriving({ ...nobody, flows, source: { enrollmentFlow } })).toMatchObject({
      type: 'switch_flow',
      slug: 'enroll',
      keepContext: true,
      changes: { context: { is_sso: true, user_path: 'goauthentik.io/sources/corp' } },
    })
  })

  it('goes on where they are when that is the flow that makes accounts, or when that is gone', async () => {
    const flow = { slug: 'enroll' }

    expect(await arriving({ ...nobody, flows: { [enrollmentFlow]: 'enroll' }, flow, source: { enrollmentFlow } })).toMatchObject({
      type: 'advance',
    })
    expect(await arriving({ ...nobody, source: { enrollmentFlow } })).toMatchObject({ type: 'advance' })
  })

  it('is connected with the account that they are signed in to', async () => {
    expect(await arriving({ ...nobody, sessionUser: ada })).toMatchObject({
      changes: { pendingUser: ada, effects: [connect, linked] },
    })
  })
})

describe('an account with the same address', () => {
  const byLink = { source: { userMatchingMode: 'email_link' } }
  const byDeny = { source: { userMatchingMode: 'email_deny' } }

  it.each(['ada@example.test', 'ADA@Example.test'])('is linked when the source has verified %s', async (email) => {
    expect(await arriving({ ...byLink, who: { email } })).toMatchObject({
      changes: { pendingUser: ada, effects: [connect, linked] },
    })
  })

  it.each([
    ['has not verified it', { emailVerified: false }],
    ['tells none', { email: undefined, emailVerified: false }],
  ])('is not linked when the source %s', async (_, who) => {
    expect(await arriving({ ...byLink, who })).toEqual(tooLittle)
  })

  it('is not linked when it only looks the same', async () => {
    const kelvin = someUser({ email: 'k@example.test' })

    expect(await arriving({ ...byLink, users: [kelvin], who: { email: '\u212a@example.test' } })).toEqual(refused)
  })

  it('is not linked when it is disabled', async () => {
    const users = [someUser({ email: 'ada@example.test', isActive: false })]

    expect(await arriving({ ...byLink, users })).toEqual({ type: 'deny', message: undefined })
  })

  it.each([true, false])('keeps others out, verified or not: %s', async (emailVerified) => {
    expect(await arriving({ ...byDeny, who: { emailVerified } })).toEqual(refused)
  })

  it.each([byLink, byDeny])('that nobody has lets them go on: %j', async (mode) => {
    expect(await arriving({ ...mode, who: { email: 'new@example.test' } })).toMatchObject({ type: 'advance' })
  })
})

describe('an account with the same name', () => {
  const byLink = { source: { userMatchingMode: 'username_link' } }

  it('is linked, or keeps others out, as configured', async () => {
    expect(await arriving(byLink)).toMatchObject({ changes: { pendingUser: ada, effects: [connect, linked] } })
    expect(await arriving({ source: { userMatchingMode: 'username_deny' } })).toEqual(refused)
  })

  it('is not looked for by an address, which anybody may claim', async () => {
    const users = [someUser({ username: 'ada@example.test' })]

    expect(await arriving({ ...byLink, users, who: { username: undefined } })).toEqual(tooLittle)
  })
})

describe('a source that tells too little', () => {
  it('may be let go on with, which policies can see', async () => {
    const config = { resumeOnMatchFailures: ['missing_property'] }
    const verdict = await arriving({
      config,
      source: { userMatchingMode: 'email_link' },
      who: { email: undefined, emailVerified: false },
    })

    expect(verdict).toEqual({
      type: 'advance',
      changes: {
        context: {
          is_sso: true,
          source: { id, name: 'Corp', slug: 'corp' },
          prompt_data: { username: 'ada', name: 'Ada Lovelace' },
          'goauthentik.io/sources/match_failure': { reason: 'missing_property', property: 'email', source: 'corp' },
        },
      },
    })
  })
})
