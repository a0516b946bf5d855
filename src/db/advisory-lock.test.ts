import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatabase, postgresqlAvailable } from '../../test/support/postgresql.ts'
import { withPostgresqlLock } from './advisory-lock.ts'

describe.skipIf(!postgresqlAvailable)('start-up work on PostgreSQL', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>
  let pool: Pool
  let otherNode: Pool
  beforeAll(async () => {
    database = await createDatabase()
    pool = new Pool({ connectionString: database.url, statement_timeout: 50 })
    otherNode = new Pool({ connectionString: database.url })
  })
  afterAll(async () => {
    await Promise.all([pool.end(), otherNode.end()])
    await database.drop()
  })

  it('is done by one node at a time, however long the others wait', async () => {
    const told: string[] = []
    const work = async () => {
      told.push('begins')
      await sleep(100)
      told.push('ends')
    }
    await Promise.all([1, 2, 3].map(() => withPostgresqlLock(pool, work)))

    expect(told).toEqual(['begins', 'ends', 'begins', 'ends', 'begins', 'ends'])
  })

  it('lets the next node try when it fails', { timeout: 5_000 }, async () => {
    const failing = withPostgresqlLock(pool, () => Promise.reject(new Error('no blueprint')))

    await expect(failing).rejects.toThrow('no blueprint')
    await expect(withPostgresqlLock(otherNode, async () => 'done')).resolves.toBe('done')
  })

  it('fails, and does not end the process, when the lock was lost with its connection', async () => {
    const holders = `SELECT pg_terminate_backend(pid) FROM pg_locks
      WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

    await expect(withPostgresqlLock(pool, () => pool.query(holders).then(() => sleep(100)))).rejects.toThrow()
  })
})
