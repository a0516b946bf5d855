import { describe, expect, it } from 'vitest'
import { policyRequest } from '../../../test/support/policy-request.ts'
import { configProblems } from '../../../test/support/stage-context.ts'
import type { JsonObject } from '../../flow/json.ts'
import { eventMatcherPolicy } from './event-matcher.policy.ts'

const event = {
  action: 'login_failed',
  app: 'authentik.core',
  client_ip: '203.0.113.7',
  context: { model: { app: 'authentik_core', model_name: 'user' } },
}

const judge = async (config: object, context: JsonObject = { event }) =>
  eventMatcherPolicy.evaluate(policyRequest(eventMatcherPolicy, { config, context }))

describe('an event matcher', () => {
  it('without criteria passes every event', async () => {
    expect(await judge({})).toEqual({ passing: true, messages: [] })
  })

  it.each([{}, { event: null }, { event: 'login_failed' }, { event: [event] }])('fails without an event: %j', async (context) => {
    expect(await judge({}, context)).toEqual({ passing: false, messages: ['There is no event to match.'] })
  })

  it.each([
    [{ action: 'login_failed' }, 'Action matched.'],
    [{ clientIp: '203.0.113.7' }, 'Client IP matched.'],
    [{ app: 'authentik.core' }, 'App matched.'],
    [{ model: 'authentik_core.user' }, 'Model matched.'],
  ])('passes an event that has %j', async (config, message) => {
    expect(await judge(config)).toEqual({ passing: true, messages: [message] })
  })

  it.each([
    [{ action: 'login' }, 'Action did not match.'],
    [{ clientIp: '203.0.113.8' }, 'Client IP did not match.'],
    [{ app: 'authentik' }, 'App did not match.'],
    [{ model: 'authentik_core.group' }, 'Model did not match.'],
  ])('fails an event that has not %j', async (config, message) => {
    expect(await judge(config)).toEqual({ passing: false, messages: [message] })
  })

  it('needs every criterion, and names each that it checked', async () => {
    expect(await judge({ action: 'login_failed', clientIp: '203.0.113.8', model: 'authentik_core.user' })).toEqual({
      passing: false,
      messages: ['Action matched.', 'Client IP did not match.', 'Model matched.'],
    })
  })

  it.each([{}, { context: {} }, { context: { model: 'user' } }, { context: { model: {} } }])(
    'finds no model in an event that names none: %j',
    async (about) => {
      expect(await judge({ model: 'authentik_core.user' }, { event: about })).toMatchObject({ passing: false })
    },
  )

  it('never ignores a query, which it cannot run', async () => {
    await expect(judge({ query: 'action = "login"' })).rejects.toThrow('Queries of event matchers are not supported.')
    await expect(judge({ query: 'action = "login"' }, {})).rejects.toThrow('not supported')
  })

  it('has null for every criterion, and takes texts', () => {
    expect(eventMatcherPolicy.config.parse({})).toEqual({ action: null, clientIp: null, app: null, model: null, query: null })
    expect(configProblems(eventMatcherPolicy, { action: 7, query: {} })).toEqual(['action', 'query'])
  })
})
