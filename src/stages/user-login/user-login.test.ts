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
import { someUser } from '../../../test/support/stage-services.ts'
import { userLoginStage } from './user-login.stage.ts'

const ada = someUser()
const hour = 3600
const day = 86_400

const signingIn = (config: object = {}, options: ContextOptions = {}) =>
  stageContext(userLoginStage, { pendingUser: ada, ...options, config })

const asking = { sessionDuration: 'hours=1', rememberMeOffset: 'days=1' }

/** The sign-in that a verdict asks for. */
async function signInOf(verdict: ReturnType<typeof userLoginStage.present> | ReturnType<typeof answered>) {
  const settled = await verdict
  if (settled.type !== 'advance') throw new Error(`Nobody is signed in: ${settled.type}`)
  return settled.changes.effects?.find((effect) => effect.type === 'sign_in')
}

describe('the config of a login stage', () => {
  it('has a default for everything', () => {
    expect(userLoginStage.config.parse({})).toEqual({
      sessionDuration: 'seconds=0',
      rememberMeOffset: 'seconds=0',
      rememberDevice: 'days=30',
      terminateOtherSessions: false,
      networkBinding: 'no_binding',
      geoipBinding: 'no_binding',
    })
  })

  it.each([
    ['sessionDuration', 'an hour'],
    ['sessionDuration', 'seconds=-1'],
    ['rememberMeOffset', ''],
    ['rememberDevice', 7],
    ['networkBinding', 'bind_everything'],
    ['geoipBinding', 'bind_asn'],
  ])('is refused where %s is %j', (field, value) => {
    expect(configProblems(userLoginStage, { [field]: value })).toEqual([field])
  })
})

describe('signing in', () => {
  it('happens without a screen, until the browser closes', async () => {
    expect(
      await userLoginStage.present(signingIn({}, { context: { pending_user: { known: true, id: 7 }, auth_method: 'password' } })),
    ).toEqual({
      type: 'advance',
      changes: {
        context: { auth_method_args: { known_device: false } },
        effects: [
          {
            type: 'sign_in',
            userId: 7,
            username: 'ada',
            duration: undefined,
            terminateOtherSessions: false,
            authMethod: 'password',
            networkBinding: 'no_binding',
            geoipBinding: 'no_binding',
          },
          { type: 'remember_device', cookie: 'device', value: expect.any(String), seconds: 30 * day },
        ],
      },
    })
  })

  describe('with a browser', () => {
    const remembered = async (config: object = {}, options: ContextOptions = {}) => {
      const verdict = await userLoginStage.present(signingIn(config, options))
      if (verdict.type !== 'advance') throw new Error('Nobody is signed in.')
      const effect = verdict.changes.effects?.find(({ type }) => type === 'remember_device')
      const args = verdict.changes.context?.auth_method_args as { known_device: boolean; mfa_devices?: unknown }
      return { value: effect?.type === 'remember_device' ? effect.value : undefined, args }
    }
    const showing = (device: string | undefined, options: ContextOptions = {}) => ({
      visitor: { deviceCookies: device === undefined ? {} : { device } },
      ...options,
    })

    it('that the person has signed in with before says so to policies', async () => {
      const { value } = await remembered()

      expect((await remembered({}, showing(value))).args).toEqual({ known_device: true })
      expect((await remembered({}, showing(undefined))).args).toEqual({ known_device: false })
    })

    it('of somebody else, or that was remembered too long ago, counts as unknown', async () => {
      const { value } = await remembered({ rememberDevice: 'minutes=1' })
      const later = new Date(testNow.getTime() + 60_000)

      expect((await remembered({}, showing(value, { pendingUser: someUser({ id: 8 }) }))).args.known_device).toBe(false)
      expect((await remembered({}, showing(value, { now: later }))).args.known_device).toBe(false)
      expect((await remembered({}, showing('made up'))).args.known_device).toBe(false)
    })

    it('that is not to be remembered keeps nothing', async () => {
      expect((await remembered({ rememberDevice: 'seconds=0' })).value).toBeUndefined()
    })

    it('keeps what was known of the proofs before', async () => {
      const context = {
        pending_user: { known: true, id: 7 },
        auth_method_args: { mfa_devices: [1], known_device: true },
      } as const

      expect((await remembered({}, { context })).args).toEqual({ mfa_devices: [1], known_device: true })
    })
  })

  it('takes the configured duration and bindings, and ends other sessions where that is wanted', async () => {
    const config = {
      sessionDuration: 'hours=1;minutes=30',
      terminateOtherSessions: true,
      networkBinding: 'bind_asn_network_ip',
      geoipBinding: 'bind_continent',
    }

    expect(await signInOf(userLoginStage.present(signingIn(config)))).toMatchObject({
      duration: 1.5 * hour,
      terminateOtherSessions: true,
      networkBinding: 'bind_asn_network_ip',
      geoipBinding: 'bind_continent',
    })
  })

  it('asks first whether to remember, where that would add something', async () => {
    const context = signingIn(asking)

    expect(userLoginStage.showsPendingUser).toBe(true)
    expect(await shown(userLoginStage, context)).toEqual({})
    expect(await userLoginStage.present(context)).toEqual(await userLoginStage.present(context))
  })

  it.each([
    [true, 25 * hour],
    [false, hour],
  ])('lasts as long as the answer %s says', async (rememberMe, duration) => {
    expect(await signInOf(answered(userLoginStage, signingIn(asking), { rememberMe }))).toMatchObject({ duration })
  })

  it('that is not remembered ends with the browser, where the stage sets no duration', async () => {
    const context = () => signingIn({ rememberMeOffset: 'days=1' })

    expect(await signInOf(answered(userLoginStage, context(), { rememberMe: false }))).toMatchObject({ duration: undefined })
    expect(await signInOf(answered(userLoginStage, context(), { rememberMe: true }))).toMatchObject({ duration: day })
  })

  it.each([
    [{}, 'This field is required.', 'required'],
    [{ rememberMe: null }, 'This field may not be null.', 'null'],
    [{ rememberMe: 'perhaps' }, 'Must be a valid boolean.', 'invalid'],
  ])('needs an answer that says whether to remember: %j does not', (answer, message, code) => {
    expect(refusals(userLoginStage, answer)).toEqual([{ field: 'rememberMe', message, code }])
  })
})

describe('nobody is signed in', () => {
  const whom: [string, ContextOptions][] = [
    ['before somebody is named', {}],
    ['who only pretends to exist', { context: { pending_user: { known: false, identifier: 'nobody' } } }],
    ['whose account was deleted meanwhile', { context: { pending_user: { known: true, id: 9 } } }],
    ['whose account is disabled', { pendingUser: someUser({ isActive: false }) }],
    ['who is signed in to this session, but not whom the flow is about', { sessionUser: ada }],
    [
      'who pretends to be nobody while a record stands by',
      { pendingUser: ada, context: { pending_user: { known: false, identifier: 'nobody' } } },
    ],
  ]

  it.each(whom)('%s', async (_, options) => {
    const silent = stageContext(userLoginStage, options)
    const interactive = stageContext(userLoginStage, { ...options, config: asking })

    expect(await userLoginStage.present(silent)).toEqual({ type: 'deny', message: undefined })
    expect(await userLoginStage.present(interactive)).toEqual({ type: 'deny', message: undefined })
    expect(await answered(userLoginStage, interactive, { rememberMe: true })).toEqual({ type: 'deny', message: undefined })
  })
})
