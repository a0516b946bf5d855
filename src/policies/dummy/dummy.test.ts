import { describe, expect, it } from 'vitest'
import { FakePolicyServices, policyRequest } from '../../../test/support/policy-request.ts'
import { configProblems } from '../../../test/support/stage-context.ts'
import { dummyPolicy } from './dummy.policy.ts'

describe('a dummy policy', () => {
  it.each([true, false])('says what it is told to: %s', async (result) => {
    const request = policyRequest(dummyPolicy, { config: { result, waitMin: 0, waitMax: 0 } })

    expect(await dummyPolicy.evaluate(request)).toEqual({ passing: result, messages: ['dummy'] })
  })

  it('fails after 5 to 30 seconds unless told otherwise', () => {
    expect(dummyPolicy.config.parse({})).toEqual({ result: false, waitMin: 5, waitMax: 30 })
  })

  it.each([
    ['at least the shortest wait', 5, 30, 0, 5000],
    ['a random time between the two', 5, 30, 0.5, 17_500],
    ['exactly, where they are the same', 5, 5, 0.9, 5000],
    ['no longer than the longest, where they are the wrong way round', 30, 5, 0.9, 5000],
  ])('waits: %s', async (_, waitMin, waitMax, luck, waited) => {
    const services = Object.assign(new FakePolicyServices(), { luck })
    await dummyPolicy.evaluate(policyRequest(dummyPolicy, { config: { waitMin, waitMax }, services }))

    expect(services.slept).toEqual([waited])
  })

  it('does not wait at all where it need not', async () => {
    const services = new FakePolicyServices()
    await dummyPolicy.evaluate(policyRequest(dummyPolicy, { config: { waitMin: 0, waitMax: 0 }, services }))

    expect(services.slept).toEqual([])
  })

  it('gives up when its time is up', async () => {
    const services = Object.assign(new FakePolicyServices(), {
      sleep: async (_: number, signal: AbortSignal) => signal.throwIfAborted(),
    })
    const signal = AbortSignal.abort(new Error('Too late.'))

    await expect(dummyPolicy.evaluate(policyRequest(dummyPolicy, { services, signal }))).rejects.toThrow('Too late.')
  })

  it.each([{ result: 'yes' }, { waitMin: -1 }, { waitMax: 601 }, { waitMin: 1.5 }])('refuses the config %j', (config) => {
    expect(configProblems(dummyPolicy, config)).toEqual(Object.keys(config))
  })
})
