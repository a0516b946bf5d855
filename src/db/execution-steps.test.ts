import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Clock } from '../../test/support/clock.ts'
import { createTestDatabase, stores, type TestDatabase } from '../../test/support/test-database.ts'
import { SqlSessionDirectory } from './sessions.ts'

describe.each(stores)('steps that are kept in $name', ({ provider, available }) => {
  const test = it.skipIf(!available)
  const clock = new Clock()
  let store: TestDatabase

  beforeAll(async () => {
    if (available) store = await createTestDatabase(provider)
  })
  afterAll(() => store?.drop())

  test('are forgotten an hour after their execution has run out', async () => {
    const { sql, prisma } = store.database
    const expiresAt = clock.now()
    await prisma.executionStep.create({ data: { executionId: 'an execution', sequence: 1, sealed: 'sealed', expiresAt } })
    const left = async (seconds: number) => {
      clock.advance(seconds)
      await new SqlSessionDirectory(sql, () => clock.now()).sweep()
      return prisma.executionStep.count()
    }

    expect(await left(3600)).toBe(1)
    expect(await left(1)).toBe(0)
  })
})
