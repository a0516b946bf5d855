import { describe, expect, it } from 'vitest'
import { someUser } from '../../test/support/stage-services.ts'
import { newPlan } from './plan.ts'
import { questionOf } from './planner.ts'
import type { Visitor } from './session.ts'

const visitor: Visitor = {
  session: { type: 'none' },
  clientIp: '203.0.113.7',
  userAgent: '',
  requestId: 'request-1',
  host: 'login.example.test',
  languages: () => [],
  proxyHeader: () => undefined,
  clientCertificate: undefined,
  deviceCookie: () => undefined,
}
const ada = someUser({ id: 7, username: 'ada' })
const bob = someUser({ id: 8, username: 'bob' })

describe('what policies are asked', () => {
  it('is about the pending user, else about whom the session belongs to', () => {
    const pending = { pending_user: { known: true, id: 8 } } as const

    expect(questionOf({ visitor, sessionUser: ada, pendingUser: bob, context: pending }).user).toBe(bob)
    expect(questionOf({ visitor, sessionUser: ada, pendingUser: undefined, context: {} }).user).toBe(ada)
    expect(questionOf({ visitor, sessionUser: undefined, pendingUser: undefined, context: {} }).user).toBeUndefined()
  })

  it.each([
    { pending_user: { known: false, identifier: 'nobody' } },
    // An account that was deleted while the flow ran.
    { pending_user: { known: true, id: 9 } },
  ] as const)('is never about the session when the flow is about somebody else: %j', (context) => {
    expect(questionOf({ visitor, sessionUser: ada, pendingUser: undefined, context }).user).toBeUndefined()
  })

  it('is put in the light of the plan, where there is one', () => {
    const who = { visitor, sessionUser: ada, pendingUser: undefined, context: { auth_method: 'password' } }
    const plan = { ...newPlan([], { auth_method: 'password' }, {}), bindings: ['first'] }

    expect(questionOf(who)).toEqual({
      user: ada,
      context: { auth_method: 'password' },
      clientIp: '203.0.113.7',
      requestId: 'request-1',
    })
    expect(questionOf(who, plan).context).toEqual({
      auth_method: 'password',
      flow_plan: { bindings: ['first'], context: { auth_method: 'password' } },
    })
  })
})
