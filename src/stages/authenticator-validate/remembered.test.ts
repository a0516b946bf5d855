import { describe, expect, it } from 'vitest'
import { answered, type ContextOptions, stageContext, testNow } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { staticCodeHash } from '../../credentials/static-codes.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import type { Effect } from '../../flow/effects.ts'
import { authenticatorValidateStage as stage } from './authenticator-validate.stage.ts'
import { mostRemembered } from './remembered.ts'

const ada = someUser()
const paper: Authenticator = {
  id: 'paper',
  userId: ada.id,
  kind: 'static',
  stageId: undefined,
  lookup: undefined,
  name: 'Static Token',
  confirmed: true,
  data: { codes: [staticCodeHash('one')] },
  version: 3,
  failures: 0,
  lastFailedAt: undefined,
  createdAt: testNow,
  lastUsedAt: undefined,
}
const hour = { lastAuthThreshold: 'hours=1' }
const asking = (options: ContextOptions = {}) =>
  stageContext(stage, { pendingUser: ada, authenticators: [paper], config: hour, ...options })
const withCookie = (mfa: string, options: ContextOptions = {}) => asking({ visitor: { deviceCookies: { mfa } }, ...options })
const later = (seconds: number) => new Date(testNow.getTime() + seconds * 1000)

/** What the browser keeps once a code was right. */
async function remembered(context = asking()): Promise<Extract<Effect, { type: 'remember_device' }> | undefined> {
  const verdict = await answered(stage, context, { code: 'one' })
  if (verdict.type !== 'advance') throw new Error('The code was refused.')
  return verdict.changes.effects?.find((effect) => effect.type === 'remember_device')
}

const cookie = async () => (await remembered())?.value ?? ''

describe('browsers that remember a proof', () => {
  it('are told to only where a threshold says so', async () => {
    expect(await remembered()).toMatchObject({ cookie: 'mfa', seconds: 3600 })
    expect(await remembered(asking({ config: {} }))).toBeUndefined()
  })

  it('spare their owner the question, until the threshold is over', async () => {
    const mfa = await cookie()

    expect(await stage.present(withCookie(mfa))).toEqual({ type: 'advance', changes: {} })
    expect(await stage.present(withCookie(mfa, { now: later(3599) }))).toMatchObject({ type: 'advance' })
    expect(await stage.present(withCookie(mfa, { now: later(3600) }))).toMatchObject({ type: 'ask' })
  })

  it.each([
    ['a shorter threshold', { config: { lastAuthThreshold: 'minutes=1' }, now: later(61) }],
    ['a longer threshold, of a proof for a shorter one', { config: { lastAuthThreshold: 'days=1' }, now: later(3601) }],
    ['no threshold', { config: {} }],
    ['no threshold, of a proof by a clock that was fast', { config: {}, now: later(-1) }],
    [
      'another class',
      { config: { ...hour, deviceClasses: ['totp'] }, authenticators: [paper, { ...paper, id: 'app', kind: 'totp' }] },
    ],
    ['other authenticators', { authenticators: [{ ...paper, id: 'another' }] }],
    ['another person', { pendingUser: someUser({ id: 8 }), authenticators: [{ ...paper, userId: 8 }] }],
  ])('are asked all the same with %s', async (_, options: ContextOptions) => {
    expect(await stage.present(withCookie(await cookie(), options))).toMatchObject({ type: 'ask' })
  })

  it('are asked all the same by another stage', async () => {
    expect(await stage.present({ ...withCookie(await cookie()), stageId: 'another' })).toMatchObject({ type: 'ask' })
  })

  it.each(['', '~', 'nonsense', '~'.repeat(5000)])('are believed nothing else: %#', async (mfa) => {
    expect(await stage.present(withCookie(mfa))).toMatchObject({ type: 'ask' })
  })

  it('do not stand in for what people have not set up', async () => {
    const none = { authenticators: [], config: { ...hour, notConfiguredAction: 'deny' } }

    expect(await stage.present(withCookie(await cookie(), none))).toMatchObject({ type: 'deny' })
  })

  it('remember several stages, each once, and not without end', async () => {
    let mfa = ''
    for (const stageId of ['1', '2', '3', '4', '5', '6', '6', '6']) {
      mfa = (await remembered({ ...withCookie(mfa), stageId } as never))?.value ?? ''
    }
    const outcomes = ['1', '2', '3', '4', '5', '6'].map(
      async (stageId) => (await stage.present({ ...withCookie(mfa), stageId })).type,
    )

    expect(mfa.split('~')).toHaveLength(mostRemembered)
    expect(await Promise.all(outcomes)).toEqual(['ask', 'advance', 'advance', 'advance', 'advance', 'advance'])
  })
})
