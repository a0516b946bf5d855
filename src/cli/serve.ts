import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setInterval } from 'node:timers'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { type App, createApp } from '../app.ts'
import { administrator, bootstrapAdministrator } from '../bootstrap.ts'
import type { Config } from '../config.ts'
import { createPasswordHasher } from '../credentials/password-hasher.ts'
import { type Database, openDatabase } from '../db/database.ts'
import { createLogger } from '../operations/logger.ts'
import { applyBlueprints } from './blueprints.ts'

const ownBlueprints = fileURLToPath(new URL('../../blueprints/', import.meta.url))
/** How often what has ended is deleted (milliseconds). */
const sweepEvery = 600_000
/** How often subscribers look whether they may still watch (milliseconds). */
const remindEvery = 10_000

/** Brings the store up to date and makes what a first start needs; returns a password that was generated. */
export async function prepareStore(database: Database, config: Config, log: Logger): Promise<string | undefined> {
  const applied = await database.migrate()
  if (applied.length > 0) log.info({ migrations: applied }, 'the database was migrated')
  return database.exclusively(async () => {
    for (const folder of [ownBlueprints, ...(config.blueprintsDir ? [config.blueprintsDir] : [])])
      await applyBlueprints(database, folder, log)
    const hasher = createPasswordHasher({ algorithm: config.passwordHasher })
    return bootstrapAdministrator(database, {
      password: config.bootstrapPassword,
      token: config.bootstrapToken,
      hash: (password) => hasher.hash(password),
    })
  })
}

/** Runs the server until it is told to stop. */
export async function serve(config: Config): Promise<void> {
  const log = createLogger(config.logLevel)
  const database = openDatabase(config)
  const generated = await prepareStore(database, config, log)
  const app = createApp({ config, database, log })
  await listen(app.server, config.port, config.host)
  const metricsServer = config.metrics.port === undefined ? undefined : await serveMetrics(app, config.metrics.port, config.host)
  welcome(config, app, generated)

  const sweeping = setInterval(
    () => void app.sweep().catch((error: unknown) => log.error({ err: error }, 'sweeping failed')),
    sweepEvery,
  )
  const reminding = setInterval(() => app.remind(), remindEvery)
  const signal = await stopSignal()
  log.info({ signal }, 'stopping')
  clearInterval(sweeping)
  clearInterval(reminding)
  metricsServer?.close()
  await app.close()
  await database.close()
}

/** People read this; programs read the log. */
function welcome(config: Config, { server }: App, generated: string | undefined): void {
  const { port } = server.address() as AddressInfo
  const address = new URL(config.publicUrl)
  if (config.port === 0) address.port = String(port)
  const lines = [
    `Stagedoor listens on ${address.origin}`,
    `  GraphQL  ${address.origin}/graphql`,
    `  REST     ${address.origin}/api/v3/`,
  ]
  if (generated !== undefined)
    lines.push(
      '',
      `First start: sign in as ${administrator} with the password`,
      '',
      `  ${generated}`,
      '',
      'It is not shown again.',
    )
  process.stdout.write(`${lines.join('\n')}\n`)
}

function listen(server: App['server'], port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function serveMetrics({ metrics }: App, port: number, host: string) {
  const server = createServer(async (request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(await metrics.registry.metrics())
  })
  await listen(server, port, host)
  return server
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })
}
