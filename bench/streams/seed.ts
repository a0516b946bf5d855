import type { Database } from '../../src/db/database.ts'
import { seedFlow } from '../../test/support/seed.ts'

export const tourSlug = 'bench-tour'
export const waitingSlug = 'bench-waiting'

/** A flow where there is nothing to compute, and one that waits for a mailed link to be confirmed. */
export async function seedStreams(database: Database): Promise<void> {
  await seedFlow(database, { slug: tourSlug, stages: Array.from({ length: 3 }, () => ({ kind: 'dummy' })) })
  await seedFlow(database, { slug: waitingSlug, stages: [{ kind: 'identification' }, { kind: 'email' }, { kind: 'dummy' }] })
}
