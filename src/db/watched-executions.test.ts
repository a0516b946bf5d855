import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccount } from '../../test/support/test-app.ts'
import { createTestDatabase, stores, type TestDatabase } from '../../test/support/test-database.ts'
import { SqlWatchedExecutions } from './watched-executions.ts'

const now = new Date('2026-03-01T12:00:00.000Z')
const inSeconds = (seconds: number) => new Date(now.getTime() + seconds * 1000)

describe.each(stores)('executions that others watch, in $name', ({ provider, available }) => {
  const test = it.skipIf(!available)
  let store: TestDatabase
  let watched: SqlWatchedExecutions
  let made = 0

  beforeAll(async () => {
    if (!available) return
    store = await createTestDatabase(provider)
    watched = new SqlWatchedExecutions(store.database.sql, () => now)
  })
  afterAll(() => store?.drop())

  /** Executions in a session of their own. */
  async function executions(
    count: number,
    session: { userId?: number; idleSeconds?: number | null; lastSeenAt?: Date; expiresAt?: Date } = {},
    expiresAt = inSeconds(1),
  ): Promise<string[]> {
    made += 1
    const { prisma } = store.database
    const sessionId = `session-${made}`
    const times = { createdAt: now, lastSeenAt: now, expiresAt: inSeconds(1), idleSeconds: 1 }
    await prisma.session.create({ data: { id: sessionId, handleHash: sessionId, ...times, ...session } })
    const ids = Array.from({ length: count }, (_, index) => `execution-${made}-${index}`)
    await prisma.execution.createMany({
      data: ids.map((id, index) => ({
        ...{ id, sessionId, expiresAt, sequence: index + 1, stepToken: id, flowSlug: 'tour', definitionId: 'definition' },
        ...{ status: 'active', plan: {}, sealed: '', createdAt: now, updatedAt: now },
      })),
    })
    return ids
  }

  test.each([
    ['of nobody', {}],
    ['that is used', { idleSeconds: 60, lastSeenAt: inSeconds(-59) }],
    ['that knows no idleness', { idleSeconds: null, lastSeenAt: inSeconds(-9_999_999) }],
  ])('may be watched in a session %s', async (_, session) => {
    const [id = ''] = await executions(1, session)

    expect(await watched.standing([id])).toEqual(new Map([[id, 1]]))
  })

  test.each([
    ['has run out', { expiresAt: now }],
    ['nobody has used for too long', { idleSeconds: 60, lastSeenAt: inSeconds(-60) }],
  ])('may not be watched in a session that %s', async (_, session) => {
    expect(await watched.standing(await executions(1, session))).toEqual(new Map())
  })

  test('may not be watched once they have run out, or are gone', async () => {
    const [id = ''] = await executions(1, {}, now)

    expect(await watched.standing([id, 'no-such-execution'])).toEqual(new Map())
  })

  test('may be watched for as long as the account is active', async () => {
    const account = (isActive: boolean) => createAccount(store.database, `somebody ${isActive}`, { isActive })
    const [active, closed] = await Promise.all([account(true), account(false)])
    const [open = ''] = await executions(1, { userId: active.id })
    const [shut = ''] = await executions(1, { userId: closed.id })

    expect(await watched.standing([open, shut])).toEqual(new Map([[open, 1]]))
  })

  test.each([0, 1, 20, 21, 500, 501])('are told of %i at once, each with its own sequence', async (count) => {
    const ids = await executions(count)
    const { counts } = store.database.sql
    const before = counts.reads

    const standing = await watched.standing(ids)

    expect(standing).toEqual(new Map(ids.map((id, index) => [id, index + 1])))
    expect(counts.reads - before).toBe(Math.ceil(count / 500))
  })
})
