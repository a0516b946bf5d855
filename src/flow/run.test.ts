import { describe, expect, it } from 'vitest'
import { someUser } from '../../test/support/stage-services.ts'
import type { SignIn } from './effects.ts'
import { newPlan, type PlanContext } from './plan.ts'
import type { Opened } from './ports.ts'
import { activeBinding, displayedUser, newRun, type Run, withChanges } from './run.ts'

const ada = someUser({ id: 7, username: 'ada' })
const bob = someUser({ id: 8, username: 'bob' })

function runWith(about: Partial<Run> = {}, context: PlanContext = {}): Run {
  const binding = (id: string) => ({
    id,
    stageId: id,
    order: 0,
    evaluateOnPlan: false,
    reEvaluatePolicies: true,
    invalidResponseAction: 'retry' as const,
  })
  // The flow itself plays no part in these tests.
  const definition = {
    id: 'definition',
    bindings: [binding('first'), binding('second')],
    stages: {},
  } as unknown as Run['definition']
  const opened: Opened = {
    revision: 1,
    session: undefined,
    sessionUser: undefined,
    execution: undefined,
    pendingUser: undefined,
    reissue: undefined,
  }
  const visitor: Run['visitor'] = {
    session: { type: 'none' },
    clientIp: '',
    userAgent: '',
    requestId: '',
    host: '',
    languages: () => [],
    proxyHeader: () => undefined,
    clientCertificate: undefined,
    deviceCookie: () => undefined,
  }
  const plan = newPlan(definition.bindings, context, {})
  const configuration = {} as Run['configuration']
  const begun = newRun({
    id: 'execution',
    visitor,
    configuration,
    definition,
    pendingUser: undefined,
    plan,
    denialNext: undefined,
    opened,
  })
  return { ...begun, ...about }
}

const signIn = (userId: number): SignIn => ({
  type: 'sign_in',
  userId,
  username: 'somebody',
  duration: undefined,
  terminateOtherSessions: false,
  authMethod: undefined,
  networkBinding: 'no_binding',
  geoipBinding: 'no_binding',
})

describe('whom a run is about, after a verdict', () => {
  it('is whoever was found', () => {
    const changes = { pendingUser: ada, context: { pending_user: { known: true, id: 7 } } }

    expect(withChanges(runWith(), changes).pendingUser).toBe(ada)
  })

  it('stays, where nothing is said of it or the same one is proved', () => {
    const run = runWith({ pendingUser: ada })

    expect(withChanges(run, {}).pendingUser).toBe(ada)
    expect(withChanges(run, { context: { auth_method: 'password' } }).pendingUser).toBe(ada)
    expect(withChanges(run, { context: { pending_user: { known: true, id: 7, backend: 'inbuilt' } } }).pendingUser).toBe(ada)
  })

  it.each([
    ['a name that nobody has', { pending_user: { known: false, identifier: 'nobody' } }],
    ['nobody', { pending_user: undefined }],
    ['somebody else, whose record nobody brought', { pending_user: { known: true, id: 8 } }],
  ])('is nobody of ours once it is %s', (_, context) => {
    expect(withChanges(runWith({ pendingUser: ada }), { context }).pendingUser).toBeUndefined()
    expect(withChanges(runWith({ pendingUser: ada }), { context, about: ada }).pendingUser).toBeUndefined()
  })

  it('is never a record that the context does not name', () => {
    const changes = { pendingUser: bob, context: { pending_user: { known: true, id: 7 } } }

    expect(withChanges(runWith(), changes).pendingUser).toBeUndefined()
  })
})

describe('whose session it is, after a verdict', () => {
  it('is the pending user who signed in, and nobody after signing out', () => {
    const signedIn = withChanges(runWith({ pendingUser: ada }), { effects: [signIn(7)] })
    expect(signedIn.sessionUser).toBe(ada)
    expect(signedIn.effects).toEqual([signIn(7)])

    expect(withChanges(signedIn, { effects: [{ type: 'sign_out' }] }).sessionUser).toBeUndefined()
  })

  it('is never somebody whom the run is not about', () => {
    expect(withChanges(runWith({ pendingUser: ada, sessionUser: bob }), { effects: [signIn(9)] }).sessionUser).toBe(bob)
  })

  it('keeps the effects in their order', () => {
    const first = withChanges(runWith({ pendingUser: ada }), { effects: [{ type: 'sign_out' }] })

    expect(withChanges(first, { effects: [signIn(7)] }).effects).toEqual([{ type: 'sign_out' }, signIn(7)])
  })
})

describe('whom a screen names', () => {
  it.each([
    [
      'what was typed, where that hides who matched',
      { pending_user: { known: true, id: 7 }, pending_user_identifier: 'ADA' },
      ada,
      bob,
      'ADA',
    ],
    ['the pending user', { pending_user: { known: true, id: 7 } }, ada, bob, 'ada'],
    [
      'a name that nobody has, as it was typed',
      { pending_user: { known: false, identifier: 'nobody' } },
      undefined,
      bob,
      'nobody',
    ],
    ["the session's user", {}, undefined, bob, 'bob'],
    ['nobody', {}, undefined, undefined, ''],
  ] as const)('is %s', (_, context, pendingUser, sessionUser, name) => {
    expect(displayedUser(runWith({ pendingUser, sessionUser }, context))).toBe(name)
  })
})

describe('the active binding', () => {
  it('is the first that is still to pass', () => {
    const run = runWith()

    expect(activeBinding(run)?.id).toBe('first')
    expect(activeBinding({ ...run, plan: { ...run.plan, bindings: ['second'] } })?.id).toBe('second')
    expect(activeBinding({ ...run, plan: { ...run.plan, bindings: [] } })).toBeUndefined()
  })
})

describe('a run that begins', () => {
  it('takes its session along, unless the handle is from before a rotation', () => {
    const session = { id: 'session' } as Run['session']
    const about = {
      id: 'execution',
      visitor: runWith().visitor,
      configuration: {} as Run['configuration'],
      definition: runWith().definition,
    }
    const begin = (reissue: Opened['reissue']) =>
      newRun({
        ...about,
        pendingUser: undefined,
        plan: runWith().plan,
        denialNext: undefined,
        opened: { revision: 1, session, sessionUser: ada, execution: undefined, pendingUser: undefined, reissue },
      })

    expect(begin(undefined)).toMatchObject({ session, sessionUser: ada })
    expect(begin({ handle: 'handle', maxAge: undefined })).toMatchObject({ session: undefined, sessionUser: undefined })
  })
})
