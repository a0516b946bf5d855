import { createServer, type Server } from 'node:http'
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
/** How often this server looks for subscriptions that have missed something, or may not watch any more (milliseconds). */
const remindEvery = 10_000
/** How often sockets are looked after (milliseconds). */
const tendEvery = 5000

/** Brings the store up to date and makes what a first start needs; returns a password that was generated. */
async function prepareStore(database: Database, config: Config, log: Logger): Promise<string | undefined> {
  const applied = await database.migrate()
  if (applied.length > 0) log.info({ migrations: applied }, 'the database was migrated')
  return database.exclusively(async () => {
    for (const folder of [ownBlueprints, ...(config.blueprintsDir ? [config.blueprintsDir] : [])])
      await applyBlueprints(database, { folder, secretKeys: config.secretKeys, log })
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
  try {
    const generated = await prepareStore(database, config, log)
    // Told at once: if the server cannot listen, the next start has no password to tell.
    if (generated !== undefined) say(firstStart(generated))
    await serveUntilStopped(config, database, log)
  } finally {
    await database.close()
  }
}

async function serveUntilStopped(config: Config, database: Database, log: Logger): Promise<void> {
  const app = createApp({ config, database, log })
  const metricsServer = createMetricsServer(app)
  const sweep = () => void app.sweep().catch((error: unknown) => log.error({ err: error }, 'sweeping failed'))
  const timers = [
    setInterval(sweep, sweepEvery),
    setInterval(() => void app.remind(), remindEvery),
    setInterval(() => app.tend(), tendEvery),
  ]
  try {
    await listen(app.server, config.port, config.host)
    app.deliver()
    if (config.metrics.port !== undefined) await listen(metricsServer, config.metrics.port, config.host)
    say(welcome(config, app.server, metricsServer))
    log.info({ signal: await stopSignal() }, 'stopping')
  } finally {
    for (const timer of timers) clearInterval(timer)
    metricsServer.close()
    metricsServer.closeAllConnections()
    await app.close()
  }
}

/** People read this; programs read the log. */
function say(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}

function firstStart(password: string): string[] {
  return [`First start: sign in as ${administrator} with the password`, '', `  ${password}`, '', 'It is not shown again.', '']
}

function welcome(config: Config, server: Server, metricsServer: Server): string[] {
  const address = new URL(config.publicUrl)
  if (config.port === 0) address.port = String(portOf(server))
  const lines = [
    `Stagedoor listens on ${address.origin}`,
    `  GraphQL  ${address.origin}/graphql`,
    `  REST     ${address.origin}/api/v3/`,
  ]
  return metricsServer.listening ? [...lines, `  Metrics  http://${config.host}:${portOf(metricsServer)}/metrics`] : lines
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** The metrics on a port of their own, which no token guards. */
function createMetricsServer({ metrics }: App): Server {
  return createServer(async (request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(await metrics.registry.metrics())
  })
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })
}
