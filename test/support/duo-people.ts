import { randomUUID } from 'node:crypto'
import { duoLookup } from '../../src/credentials/duo-settings.ts'
import { createSecretBox, type SecretBox } from '../../src/credentials/secret-box.ts'
import { sealAuthenticator } from '../../src/db/authenticators.ts'
import type { Database } from '../../src/db/database.ts'
import type { DuoServer } from './duo-server.ts'
import { seedFlow } from './seed.ts'
import { type Account, createAccount } from './test-app.ts'

/** Somebody who has set up Duo. */
export interface DuoPerson extends Account {
  /** What they choose to be asked by Duo: the `deviceUid`. */
  readonly deviceUid: string
}

/** People who set up Duo some time ago, without all the requests that this takes. */
export class DuoPeople {
  private readonly database: Database
  private readonly duo: DuoServer
  private readonly box: SecretBox
  private readonly stageId: string

  private constructor(database: Database, duo: DuoServer, secretKey: string, stageId: string) {
    this.database = database
    this.duo = duo
    this.box = createSecretBox([secretKey])
    this.stageId = stageId
  }

  /** Makes the stage that they have set it up with; `secretKey` is the server's. */
  static async of(database: Database, duo: DuoServer, secretKey: string): Promise<DuoPeople> {
    const stages = [{ kind: 'authenticator_duo', config: duo.stageConfig }]
    const { stageIds } = await seedFlow(database, { slug: 'duo-enrollment', stages })
    return new DuoPeople(database, duo, secretKey, stageIds[0] ?? '')
  }

  async person(username: string, about?: Parameters<DuoServer['add']>[1]): Promise<DuoPerson> {
    const account = await createAccount(this.database, username)
    const { userId: duoUserId } = this.duo.add(username, about)
    const deviceUid = randomUUID()
    await this.database.prisma.authenticator.create({
      data: {
        id: deviceUid,
        userId: account.id,
        kind: 'duo',
        stageId: this.stageId,
        lookup: duoLookup(this.stageId, duoUserId),
        sealed: sealAuthenticator(deviceUid, { duoUserId }, this.box),
      },
    })
    return { ...account, deviceUid }
  }
}
