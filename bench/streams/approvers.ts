import { randomUUID } from 'node:crypto'
import { duoLookup } from '../../src/credentials/duo-settings.ts'
import { createSecretBox } from '../../src/credentials/secret-box.ts'
import { sealAuthenticator } from '../../src/db/authenticators.ts'
import type { Database } from '../../src/db/database.ts'
import type { DuoServer } from '../../test/support/duo-server.ts'
import { seedFlow } from '../../test/support/seed.ts'
import { environment } from '../subjects.ts'

export const approvalSlug = 'bench-approval'

/** Somebody with a telephone that can be asked. */
export interface Approver {
  readonly username: string
  /** The id of what they set up. */
  readonly authenticator: string
}

/** People who are enrolled with Duo, and a flow where they prove it. */
export async function seedApprovers({ prisma }: Database, duo: DuoServer, count: number): Promise<Approver[]> {
  const stages = [{ kind: 'identification' }, { kind: 'authenticator_validate' }, { kind: 'user_login' }]
  await seedFlow({ prisma }, { slug: approvalSlug, stages })
  const config = duo.stageConfig
  const { id: stageId } = await prisma.stage.create({ data: { name: 'bench-duo', kind: 'authenticator_duo', config } })

  const box = createSecretBox([environment('benchmark').SECRET_KEY])
  const approvers: Approver[] = []
  for (let index = 0; index < count; index += 1) {
    const username = `approver-${index}`
    const [id, { userId: duoUserId }] = [randomUUID(), duo.add(username)]
    const sealed = sealAuthenticator(id, { duoUserId }, box)
    await prisma.user.create({
      data: {
        username,
        usernameNormalized: username,
        attributes: {},
        authenticators: { create: { id, kind: 'duo', stageId, lookup: duoLookup(stageId, duoUserId), sealed } },
      },
    })
    approvers.push({ username, authenticator: id })
  }
  return approvers
}
