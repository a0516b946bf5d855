import type { AddressInfo } from 'node:net'
import { type App, createApp } from '../../src/app.ts'
import { type Config, parseConfig } from '../../src/config.ts'
import { createPasswordHasher } from '../../src/credentials/password-hasher.ts'
import type { Database } from '../../src/db/database.ts'
import type { StageDefinition } from '../../src/flow/stage.ts'
import { normalizeIdentifier } from '../../src/flow/user.ts'
import { createLogger } from '../../src/operations/logger.ts'
import { stages } from '../../src/stages/index.ts'
import { Clock } from './clock.ts'
import { createTestDatabase, type StoreProvider } from './test-database.ts'

/** A server on loopback over a database of its own, with a clock that stands still. */
export interface TestApp {
  readonly app: App
  readonly config: Config
  readonly database: Database
  readonly clock: Clock
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** Lines that were logged. */
  readonly logged: readonly string[]
  close(): Promise<void>
}

/** Starts a server, on a free port unless told; `env` is added to the environment it reads. One that is `beside` another shares its database and clock. */
export async function startTestApp({
  provider = 'sqlite',
  env = {},
  kinds,
  beside,
}: {
  provider?: StoreProvider
  env?: Record<string, string>
  /** Kinds of stage beside the product's. */
  kinds?: readonly StageDefinition[]
  beside?: TestApp
} = {}): Promise<TestApp> {
  const shared = beside && { database: beside.database, dataDir: beside.config.dataDir, drop: async () => undefined }
  const { database, dataDir, drop } = shared ?? (await createTestDatabase(provider))
  const config = parseConfig({
    NODE_ENV: 'benchmark',
    PASSWORD_HASHER: 'benchmark',
    SECRET_KEY: 'a secret key for tests, and for tests only',
    DATA_DIR: dataDir,
    ...env,
  })
  const clock = beside?.clock ?? new Clock()
  const logged: string[] = []
  const log = createLogger('debug', { write: (line: string) => void logged.push(line) })
  const app = createApp({ config, database, log, now: () => clock.now(), ...(kinds && { kinds: [...stages, ...kinds] }) })
  await new Promise<void>((resolve) => app.server.listen(env.PORT ? config.port : 0, '127.0.0.1', resolve))
  app.deliver()
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const close = async () => {
    app.server.closeAllConnections()
    await app.close()
    await drop()
  }
  return { app, config, database, clock, url, logged, close }
}

/** Somebody who can sign in. */
export interface Account {
  readonly id: number
  readonly username: string
  readonly email: string
  readonly password: string
}

const hasher = createPasswordHasher({ algorithm: 'benchmark' })

/** Creates an account with a password. */
export async function createAccount(
  { prisma }: Database,
  username: string,
  options: { isActive?: boolean; superuser?: boolean; passwordHash?: string } = {},
): Promise<Account> {
  const password = `${username}'s own password`
  const email = `${username}@example.test`
  const passwordHash = options.passwordHash ?? (await hasher.hash(password))
  const names = {
    username,
    usernameNormalized: normalizeIdentifier(username),
    email,
    emailNormalized: normalizeIdentifier(email),
  }
  const user = await prisma.user.create({
    data: { ...names, name: '', attributes: {}, isActive: options.isActive ?? true, passwordHash },
  })
  if (options.superuser) {
    await prisma.group.create({
      data: {
        name: `admins ${username}`,
        numericId: user.id,
        isSuperuser: true,
        attributes: {},
        members: { create: { userId: user.id } },
      },
    })
  }
  return { id: user.id, username, email, password }
}
