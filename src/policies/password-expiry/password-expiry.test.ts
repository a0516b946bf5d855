import { describe, expect, it } from 'vitest'
import { FakePolicyServices, policyRequest } from '../../../test/support/policy-request.ts'
import { configProblems } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { passwordExpiryPolicy } from './password-expiry.policy.ts'

/** On the clock of the fake services, 1 March 2026 at noon. */
const changed = (date: string) => someUser({ passwordChangedAt: new Date(date) })

describe('password expiry', () => {
  it('needs a number of days, and takes the old password away unless told otherwise', () => {
    expect(passwordExpiryPolicy.config.parse({ days: 30 })).toEqual({ days: 30, denyOnly: false })
    expect(configProblems(passwordExpiryPolicy, {})).toEqual(['days'])
    expect(configProblems(passwordExpiryPolicy, { days: -1 })).toEqual(['days'])
    expect(configProblems(passwordExpiryPolicy, { days: 0.5 })).toEqual(['days'])
  })

  it.each([
    ['young', '2026-02-20T12:00:00Z', true],
    ['a millisecond short of the limit', '2026-02-19T12:00:00.001Z', true],
    ['of exactly that age', '2026-02-19T12:00:00Z', false],
    ['older', '2025-01-01T00:00:00Z', false],
  ])('judges a password that is %s', async (_, date, passing) => {
    const request = policyRequest(passwordExpiryPolicy, { config: { days: 10, denyOnly: true }, user: changed(date) })

    expect(await passwordExpiryPolicy.evaluate(request)).toMatchObject({ passing })
  })

  it('says for how long a password has been expired, and takes it away', async () => {
    const services = new FakePolicyServices()
    const user = changed('2026-02-16T12:00:00Z')
    const request = policyRequest(passwordExpiryPolicy, { config: { days: 10 }, user, services })

    expect(await passwordExpiryPolicy.evaluate(request)).toEqual({
      passing: false,
      messages: ['Your password expired 3 days ago. Set a new one.'],
    })
    expect(services.madeUnusable).toEqual([7])
  })

  it('only refuses where it is told so', async () => {
    const services = new FakePolicyServices()
    const request = policyRequest(passwordExpiryPolicy, {
      config: { days: 10, denyOnly: true },
      user: changed('2026-01-01T00:00:00Z'),
      services,
    })

    expect(await passwordExpiryPolicy.evaluate(request)).toEqual({ passing: false, messages: ['Your password has expired.'] })
    expect(services.madeUnusable).toEqual([])
  })

  it('leaves a password alone that is young enough', async () => {
    const services = new FakePolicyServices()
    const request = policyRequest(passwordExpiryPolicy, { config: { days: 10 }, user: changed('2026-02-28T00:00:00Z'), services })

    expect(await passwordExpiryPolicy.evaluate(request)).toEqual({ passing: true, messages: [] })
    expect(services.madeUnusable).toEqual([])
  })

  it('fails where nobody is named', async () => {
    expect(await passwordExpiryPolicy.evaluate(policyRequest(passwordExpiryPolicy, { config: { days: 10 } }))).toEqual({
      passing: false,
      messages: [],
    })
  })

  it('tells nobody apart who only pretends to exist from an account in good order', async () => {
    const context = { pending_user: { known: false, identifier: 'nobody' } }
    const request = policyRequest(passwordExpiryPolicy, { config: { days: 10 }, context })

    expect(await passwordExpiryPolicy.evaluate(request)).toEqual({ passing: true, messages: [] })
  })
})
