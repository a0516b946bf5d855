import { describe, expect, it } from 'vitest'
import {
  actionsOf,
  ada,
  at,
  begun,
  duoConfig,
  duoEnrollment,
  duoOf,
  errorsOf,
  kept,
  later,
  refusal,
  resumed,
  rowOf,
  tomorrow,
} from '../../../test/support/duo-enrolling.ts'
import { answered, type ContextOptions, configProblems, shown, stageContext } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { duoLookup } from '../../credentials/duo-settings.ts'
import { authenticatorDuoStage as stage } from './authenticator-duo.stage.ts'

describe('setting up Duo', () => {
  it('asks Duo once, and shows what to scan however often it is looked at', async () => {
    const { duo, asked } = duoOf()
    const { state, verdict } = await begun({ duo })

    expect(asked).toEqual([
      ['enroll', { integrationKey: 'DI1', secretKey: 'not a real secret', host: 'api-1.duo.test' }, 'ada', 86_400],
    ])
    const context = at({ duo, state })
    expect(await shown(stage, context)).toEqual({
      activationBarcode: duoEnrollment.activationBarcode,
      activationCode: duoEnrollment.activationCode,
      activationUrl: duoEnrollment.activationUrl,
      stageUuid: context.stageId,
      problem: null,
    })
    expect(verdict).toMatchObject({ wait: { reason: 'activation', until: tomorrow, pollAfter: 3 } })
    expect(await stage.present(context)).toEqual({ ...verdict, changes: undefined })
    expect(asked).toHaveLength(1)
    expect(actionsOf(context)).toEqual([])
  })

  it('is about whoever is signed in where nobody is pending', async () => {
    const { duo, names } = duoOf()
    await begun({ duo, pendingUser: undefined as never, sessionUser: someUser({ username: 'grace' }) })

    expect(names()).toEqual(['grace'])
  })

  it('passes nobody who only pretends to exist, and has nothing to do for nobody', async () => {
    const { duo, asked } = duoOf()
    const pretended = { context: { pending_user: { known: false, identifier: 'x' } }, sessionUser: ada } as const

    expect(await stage.present(stageContext(stage, { config: duoConfig, duo, ...pretended }))).toMatchObject({ type: 'deny' })
    expect(await stage.present(stageContext(stage, { config: duoConfig, duo }))).toEqual({ type: 'advance', changes: {} })
    expect(asked).toEqual([])
  })

  it('adds the device once Duo says that it is activated', async () => {
    const state = await kept()
    const context = at({ state, duo: duoOf({ statuses: ['success'] }).duo })
    const news = await resumed(context)
    const after = at({ state: news?.type === 'invalid' && news.changes.state })

    expect(news).toMatchObject({ type: 'invalid', errors: [] })
    expect(await stage.present(after)).toEqual({
      type: 'advance',
      changes: {
        effects: [
          {
            type: 'add_authenticator',
            authenticator: {
              userId: ada.id,
              kind: 'duo',
              stageId: context.stageId,
              name: 'Duo Authenticator',
              data: { duoUserId: 'DU1' },
              lookup: duoLookup(context.stageId, 'DU1'),
            },
          },
        ],
      },
    })
  })

  it('calls the device as the administrator does', async () => {
    const context = at({ state: await kept(), config: { friendlyName: 'Acme Duo' }, duo: duoOf({ statuses: ['success'] }).duo })

    expect(await answered(stage, context, {})).toMatchObject({
      changes: { effects: [{ authenticator: { name: 'Acme Duo' } }] },
    })
  })

  it.each(['waiting', refusal('unreachable'), refusal('refused', 40_002)] as const)(
    'goes on waiting while Duo says %j',
    async (status) => {
      expect(await resumed(at({ state: await kept(), duo: duoOf({ statuses: [status] }).duo }))).toBeUndefined()
    },
  )

  it('enrols nobody at Duo twice with the stage', async () => {
    const state = { ...(await kept()), activated: true }
    const { stageId } = at()
    const theirs = rowOf({ userId: 8, kind: 'duo', stageId, name: '', data: { duoUserId: 'DU1' } }, true)
    const authenticators = [{ ...theirs, lookup: duoLookup(stageId, 'DU1') }]
    const denied = { type: 'deny', message: 'Device with Credential ID already exists.' }

    expect(await stage.present(at({ state, authenticators }))).toEqual(denied)
    const answering = at({ state: await kept(), authenticators, duo: duoOf({ statuses: ['success'] }).duo })
    expect(await answered(stage, answering, {})).toEqual(denied)
  })
})

describe('an answer', () => {
  it('asks Duo once more, and passes the stage where the device is activated', async () => {
    const { duo, asked } = duoOf({ statuses: ['success'] })
    const verdict = await answered(stage, at({ state: await kept(), duo }), {})

    expect(verdict).toMatchObject({ type: 'advance', changes: { effects: [{ type: 'add_authenticator' }] } })
    expect(asked).toEqual([['status', expect.anything(), { userId: 'DU1', activationCode: 'duo://abc-XYZ' }]])
  })

  it.each([
    ['waiting', 'Invalid enrollment status: waiting.', 'invalid'],
    ['invalid', 'Invalid enrollment status: invalid.', 'invalid'],
    [refusal('unreachable'), 'Duo cannot be reached. Try again in a moment.', 'unavailable'],
    [refusal('malformed'), 'Duo cannot be reached. Try again in a moment.', 'unavailable'],
  ] as const)('is refused, and the person kept, while Duo says %j', async (status, message, code) => {
    const verdict = await answered(stage, at({ state: await kept(), duo: duoOf({ statuses: [status] }).duo }), {})

    expect(errorsOf(verdict)).toEqual([{ field: 'nonFieldErrors', message, code }])
  })

  it('keeps what is to be scanned while it still counts', async () => {
    const state = await kept()
    const waiting = await answered(stage, at({ state, duo: duoOf().duo }), {})
    const void_ = await answered(stage, at({ state, duo: duoOf({ statuses: ['invalid'] }).duo }), {})

    expect(waiting).toMatchObject({ changes: { state } })
    expect(void_).toMatchObject({ changes: { state: { ...state, problem: 'lapsed' } } })
  })

  it('passes nobody before there is anything to activate', async () => {
    expect(await answered(stage, at({ duo: duoOf({ statuses: ['success'] }).duo }), {})).toEqual({ type: 'deny' })
    const nobody = stageContext(stage, { config: duoConfig, state: await kept(), duo: duoOf({ statuses: ['success'] }).duo })
    expect(await answered(stage, nobody, {})).toEqual({ type: 'deny' })
  })

  it('asks for something to activate where there is nothing', async () => {
    const { duo, names } = duoOf()
    const tried = await answered(stage, at({ state: { problem: 'unreachable' }, duo }), {})
    const again = await answered(stage, at({ state: { problem: 'taken', again: later(9).getTime() }, duo }), {})
    const failing = duoOf({ enrollments: [refusal('refused')] }).duo

    expect(tried).toMatchObject({ errors: [], changes: { state: { enrollment: { userId: 'DU1' } }, effects: [{}] } })
    expect(errorsOf(again)).toMatchObject([{ code: 'throttled', message: expect.stringMatching(/^Duo knows somebody/) }])
    expect(names()).toEqual(['ada'])
    expect(await answered(stage, at({ state: { problem: 'unreachable' }, duo: failing }), {})).toMatchObject({
      errors: [{ code: 'unavailable', message: expect.stringMatching(/^Duo does not let you/) }],
      changes: { state: { problem: 'refused' }, effects: [{ type: 'audit' }] },
    })
  })
})

describe('what programs ask about it', () => {
  const probe = (options: ContextOptions) => stage.probes?.enrollment_status?.(at(options))

  it.each(['success', 'waiting', 'invalid'] as const)('is told as Duo says: %s', async (status) => {
    expect(await probe({ state: await kept(), duo: duoOf({ statuses: [status] }).duo })).toEqual({ duoResponse: status })
  })

  it('is waited for where Duo says nothing', async () => {
    const { duo, asked } = duoOf({ statuses: [refusal('unreachable')] })

    expect(await probe({ state: await kept(), duo })).toEqual({ duoResponse: 'waiting' })
    expect(asked).toHaveLength(1)
  })

  it('is nothing before there is something to activate', async () => {
    expect(await probe({})).toBeUndefined()
    expect(await probe({ state: { problem: 'taken' } })).toBeUndefined()
  })

  it('is known without asking once it was told', async () => {
    const { duo, asked } = duoOf()

    expect(await probe({ state: { ...(await kept()), activated: true }, duo })).toEqual({ duoResponse: 'success' })
    expect(asked).toEqual([])
  })
})

describe('the configuration of Duo', () => {
  it.each([
    [{ clientId: '' }, 'clientId'],
    [{ clientSecret: '' }, 'clientSecret'],
    [{ apiHostname: 'https://api-1.duo.test' }, 'apiHostname'],
    [{ failMode: 'open' }, 'failMode'],
  ])('is refused with %j', (wrong, field) => {
    expect(configProblems(stage, { ...duoConfig, ...wrong })).toEqual([field])
  })

  it('is whole with three fields', () => {
    expect(stage.config.parse(duoConfig)).toEqual({
      ...duoConfig,
      friendlyName: '',
      adminIntegrationKey: '',
      adminSecretKey: '',
      failMode: 'secure',
    })
  })
})
