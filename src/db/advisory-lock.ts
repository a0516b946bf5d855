import type { Pool, PoolClient } from 'pg'

const startupLock = 72707370

/** Does start-up work on one node at a time; the work brings its own connection. */
export async function withPostgresqlLock<Result>(pool: Pool, work: () => Promise<Result>): Promise<Result> {
  return withAdvisoryLock(pool, startupLock, work)
}

/** Runs the work on a connection that holds PostgreSQL's lock of that number; whoever else wants it waits. */
export async function withAdvisoryLock<Result>(
  pool: Pool,
  key: number,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  // Without a listener a lost connection ends the process; the next query reports it instead.
  client.on('error', () => undefined)
  try {
    // Waiting for another node, or rebuilding a big table, outlasts what a request may take.
    await client.query('SET statement_timeout = 0; SET lock_timeout = 0')
    await client.query('SELECT pg_advisory_lock($1)', [key])
    const result = await work(client)
    await client.query('SELECT pg_advisory_unlock($1)', [key])
    return result
  } finally {
    // Its settings are not the pool's any more, and closing it frees the lock whatever went wrong.
    client.release(true)
  }
}
