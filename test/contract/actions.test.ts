import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ActionNotAllowedError } from '../../src/flow/errors.ts'
import { actionTypes } from '../../src/flow/step.ts'
import { seedFlow } from '../support/seed.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

let server: TestApp
beforeAll(async () => {
  server = await startTestApp()
  await seedFlow(server.database, { slug: 'rehearsal', stages: [{ kind: 'dummy' }, { kind: 'dummy' }] })
})
afterAll(() => server.close())

const stranger = {
  session: { type: 'none' },
  clientIp: '203.0.113.7',
  userAgent: '',
  requestId: 'request-1',
  host: '',
  languages: () => [],
  proxyHeader: () => undefined,
  clientCertificate: undefined,
  deviceCookie: () => undefined,
} as const

/** A flow at its first step, and its visitor from then on. */
async function started() {
  const { step, sessionId } = await server.app.executor.start({ visitor: stranger, flow: { slug: 'rehearsal' }, query: {} })
  return { step, visitor: { ...stranger, session: { type: 'id', id: sessionId } } as const }
}

describe('the actions of a step', () => {
  it('are listed, and nothing that the engine does not know', async () => {
    const listed = (await started()).step.actions.map(({ type }) => type)

    expect(listed).toEqual(['submit', 'restart', 'cancel'])
    expect(actionTypes).toEqual(expect.arrayContaining(listed))
  })

  it.each(['resend', 'choose_another', 'back'] as const)('%s is refused where it is not listed', async (action) => {
    const { step, visitor } = await started()

    await expect(server.app.executor.perform(visitor, step.executionId, step.stepToken, action)).rejects.toThrow(
      ActionNotAllowedError,
    )
  })

  it.each([
    ['restart', 'active'],
    ['cancel', 'cancelled'],
  ] as const)('%s leaves the execution %s', async (action, status) => {
    const { step, visitor } = await started()
    const reply = await server.app.executor.perform(visitor, step.executionId, step.stepToken, action)

    expect(reply.step.status).toBe(status)
  })

  it('submit takes an answer, and does nothing else without one', async () => {
    const { step, visitor } = await started()
    const performed = server.app.executor.perform(visitor, step.executionId, step.stepToken, 'submit' as never)

    await expect(performed).rejects.toThrow(ActionNotAllowedError)
    expect((await server.app.executor.current(visitor, step.executionId)).step).toMatchObject({
      status: 'active',
      sequence: step.sequence,
    })
  })
})
