import { describe, expect, it } from 'vitest'
import { TestEngine } from '../../test/support/policies.ts'
import { someUser } from '../../test/support/stage-services.ts'

const ada = someUser({ id: 7, username: 'ada' })

describe('the policies of a target', () => {
  it('let everybody pass when there are none', async () => {
    const engine = new TestEngine()

    expect(await engine.judge('all', [])).toEqual({ passing: true, messages: [] })
    expect(await engine.judge('any', [])).toEqual({ passing: true, messages: [] })
  })

  it.each([
    ['all', [true], true],
    ['all', [true, true], true],
    ['all', [false, true], false],
    ['all', [false, false], false],
    ['any', [true], true],
    ['any', [false, true], true],
    ['any', [false, false], false],
  ] as const)('in mode %s make %j into %s', async (mode, votes, passing) => {
    const engine = new TestEngine()
    const bindings = votes.map((vote) => engine.says(vote, `${vote}`))

    expect(await engine.judge(mode, bindings)).toEqual({ passing, messages: votes.map(String) })
  })

  it('are all asked, and heard in their order, however long each takes', async () => {
    const engine = new TestEngine()
    const gate = Promise.withResolvers<void>()
    const slow = engine.policy(async () => {
      await gate.promise
      return { passing: true, messages: ['slow', 'and thorough'] }
    })
    const quick = engine.policy(() => {
      gate.resolve()
      return { passing: false, messages: ['quick'] }
    })

    expect(await engine.judge('any', [slow, quick])).toEqual({ passing: true, messages: ['slow', 'and thorough', 'quick'] })
  })

  it.each([
    [true, false],
    [false, true],
  ])('turn %s into %s where a binding is negated, and keep its message', async (said, passing) => {
    const engine = new TestEngine()

    expect(await engine.judge('all', [engine.says(said, 'heard', { negate: true })])).toEqual({ passing, messages: ['heard'] })
  })

  it('are told who asks, from where and in which context', async () => {
    const engine = new TestEngine()
    let told: object = {}
    const curious = engine.policy(({ user, context, clientIp, services }) => {
      told = { user, context, clientIp, services }
      return { passing: true, messages: [] }
    })
    await engine.judge('all', [curious], { user: ada, context: { pending_user: { known: true, id: 7 } } })

    expect(told).toEqual({
      user: ada,
      context: { pending_user: { known: true, id: 7 } },
      clientIp: '203.0.113.7',
      services: engine.services,
    })
  })

  it('ignore a binding of nothing', async () => {
    const engine = new TestEngine()

    expect(await engine.judge('all', [engine.membership({})], { user: ada })).toEqual({ passing: true, messages: [] })
    expect(await engine.judge('any', [engine.membership({}), engine.says(false, 'no')])).toMatchObject({ passing: false })
  })
})

describe('bindings of users and groups', () => {
  const groups = { 7: ['staff', 'everybody'] }

  it.each([
    ['the user', { userId: 7 }, true],
    ['another user', { userId: 8 }, false],
    ['a group of the user, or one above it', { groupId: 'everybody' }, true],
    ['another group', { groupId: 'admins' }, false],
    ['another user, negated', { userId: 8, negate: true }, true],
    ['the user, negated', { userId: 7, negate: true }, false],
    ['a group of the user, negated', { groupId: 'staff', negate: true }, false],
    ['another group, negated', { groupId: 'admins', negate: true }, true],
  ])('pass for %s', async (_, about, passing) => {
    const engine = new TestEngine(groups)

    expect(await engine.judge('all', [engine.membership(about)], { user: ada })).toEqual({ passing, messages: [] })
  })

  it('speak with one voice beside policies: one of them is enough in mode any', async () => {
    const engine = new TestEngine(groups)
    const members = [engine.membership({ userId: 8 }), engine.membership({ groupId: 'staff' })]

    expect(await engine.judge('any', [...members, engine.says(false, 'no')], { user: ada })).toMatchObject({ passing: true })
    expect(await engine.judge('all', [...members, engine.says(true, 'yes')], { user: ada })).toMatchObject({ passing: false })
  })

  it.each([
    ['any', true],
    ['all', false],
  ] as const)('that fail leave it to a policy that passes, in mode %s: %s', async (mode, passing) => {
    const engine = new TestEngine(groups)
    const bindings = [engine.membership({ userId: 8 }), engine.says(true, 'yes')]

    expect(await engine.judge(mode, bindings, { user: ada })).toEqual({ passing, messages: ['yes'] })
  })

  it.each(['all', 'any'] as const)('never pass for nobody, even negated: %s', async (mode) => {
    const engine = new TestEngine(groups)

    for (const about of [{ userId: 7 }, { userId: 7, negate: true }, { groupId: 'staff', negate: true }])
      expect(await engine.judge(mode, [engine.membership(about)])).toEqual({ passing: false, messages: [] })
    expect(engine.asked).toEqual([])
  })

  it('ask for groups once, and only where one is bound', async () => {
    const engine = new TestEngine(groups)
    await engine.judge('all', [engine.membership({ userId: 7 })], { user: ada })
    expect(engine.asked).toEqual([])

    await engine.judge('all', [engine.membership({ groupId: 'staff' }), engine.membership({ groupId: 'everybody' })], {
      user: ada,
    })
    expect(engine.asked).toEqual([7])
  })
})

describe('a policy that fails', () => {
  const broken = () => {
    throw new Error('division by zero')
  }

  it.each([
    ['fails', {}, false],
    ['takes the failure result', { failureResult: true }, true],
    ['takes the failure result as it is, even negated', { failureResult: true, negate: true }, true],
    ['fails, even negated', { negate: true }, false],
  ])('%s, and says why', async (_, about, passing) => {
    const engine = new TestEngine()

    const undecided = !passing && { undecided: true }
    const verdict = await engine.judge('all', [engine.policy(broken, about)])
    expect(verdict).toEqual({ passing, messages: ['division by zero'], ...undecided })
  })

  it.each([
    ['all', [true], true],
    ['all', [false], false],
    ['any', [false], true],
    ['any', [], true],
  ] as const)('in mode %s beside %j leaves it open what the policies say: %s', async (mode, votes, open) => {
    const engine = new TestEngine()
    const others = votes.map((vote) => engine.says(vote, 'heard'))

    const { passing, undecided } = await engine.judge(mode, [engine.policy(broken), ...others])
    expect([passing, undecided === true]).toEqual([false, open])
  })

  it('is noted, with whom it was asked about', async () => {
    const engine = new TestEngine()
    await engine.judge('all', [engine.policy(broken)], { user: ada })

    expect(engine.events).toEqual([
      {
        action: 'policy_exception',
        userId: 7,
        username: 'ada',
        context: { policy: 'policy-1', binding: 'binding-1', message: 'division by zero' },
      },
    ])
    expect(engine.addresses).toEqual(['203.0.113.7'])
  })

  it('does not keep the others from being heard', async () => {
    const engine = new TestEngine()
    const bindings = [engine.policy(broken), engine.says(true, 'yes')]

    expect(await engine.judge('any', bindings)).toEqual({ passing: true, messages: ['division by zero', 'yes'] })
  })

  it('is one, too, that rejects, throws what is no error, or is of a kind that this version does not have', async () => {
    const engine = new TestEngine()
    const bindings = [
      engine.policy(() => Promise.reject(new Error('no route'))),
      engine.policy(() => {
        throw 'a tantrum'
      }),
      engine.policy(() => ({ passing: true, messages: [] }), { kind: 'newer' }),
    ]

    expect(await engine.judge('any', bindings)).toEqual({
      passing: false,
      undecided: true,
      messages: ['no route', 'a tantrum', 'This version has no policy of kind "newer".'],
    })
  })
})

describe('a policy whose executions are logged', () => {
  it('leaves one event each time, with what came of it', async () => {
    const engine = new TestEngine()
    const logged = engine.says(true, 'heard', { executionLogging: true, negate: true })
    const silent = engine.says(true, 'not noted')
    await engine.judge('all', [logged, silent], { user: ada })

    expect(engine.events).toEqual([
      {
        action: 'policy_execution',
        userId: 7,
        username: 'ada',
        context: { policy: 'policy-1', binding: 'binding-1', passing: false, messages: ['heard'] },
      },
    ])
    expect(engine.addresses).toEqual(['203.0.113.7'])
  })

  it('names nobody where nobody is asked about', async () => {
    const engine = new TestEngine()
    await engine.judge('all', [engine.says(true, 'heard', { executionLogging: true })])

    expect(engine.events).toEqual([
      {
        action: 'policy_execution',
        context: { policy: 'policy-1', binding: 'binding-1', passing: true, messages: ['heard'] },
      },
    ])
  })
})
