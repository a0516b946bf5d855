import type { Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Redis, type RedisOptions } from 'ioredis'
import type { Logger } from 'pino'
import { composeEngine } from './compose-engine.ts'
import type { Config } from './config.ts'
import { networksOf } from './config.ts'
import { sha256Hex } from './credentials/random.ts'
import type { Database } from './db/database.ts'
import { SqlSessionDirectory } from './db/sessions.ts'
import { StageRegistry } from './flow/registry.ts'
import type { SlugExecutor } from './flow/slug-executor.ts'
import type { User } from './flow/user.ts'
import type { GraphQLServices } from './graphql/builder.ts'
import { graphqlRoutes } from './graphql/routes.ts'
import { createSchema } from './graphql/schema.ts'
import { GraphQLServer } from './graphql/server.ts'
import { GraphQLSockets, longestFarewell } from './graphql/socket.ts'
import { AllowedOrigins } from './http/allowed-origins.ts'
import type { HttpApp } from './http/app.ts'
import { createListener } from './http/listener.ts'
import { type RequestContext, RequestContexts } from './http/request-context.ts'
import { createHttpApp } from './http/server.ts'
import { ExecutionBus } from './operations/execution-bus.ts'
import { healthRoutes } from './operations/health-routes.ts'
import { Metrics } from './operations/metrics.ts'
import { accountRoutes } from './rest/account-routes.ts'
import { administrationRoutes } from './rest/administration-routes.ts'
import { executorRoutes } from './rest/executor-route.ts'
import { objectPreviews } from './rest/object-preview.ts'
import { openApiDocument } from './rest/openapi.ts'
import { schemaRoutes } from './rest/schema-routes.ts'
import { WireCodec } from './rest/wire-codec.ts'
import { SessionCookies } from './session/cookie.ts'
import { stages } from './stages/index.ts'
import { version } from './version.ts'
import { pageRoutes } from './web/pages.ts'
import { sourceRoutes } from './web/source-routes.ts'
import { staticRoutes } from './web/static.ts'

/** What an application is made from. */
export interface AppDependencies {
  readonly config: Config
  readonly database: Database
  readonly log: Logger
  readonly now?: () => Date
  /** Resolves after that time, and rejects as soon as the signal aborts. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** A server that does not listen yet. */
export interface App {
  readonly http: HttpApp
  readonly server: Server
  readonly metrics: Metrics
  readonly executor: SlugExecutor
  readonly sweep: () => Promise<void>
  /** Begins to send the mails that flows have left. */
  readonly deliver: () => void
  /** Lets subscribers look again whether they may still watch. */
  readonly remind: () => void
  /** Tells clients of sockets, lets requests finish, and closes what was opened here; not the database. */
  close(): Promise<void>
}

/** The composition root: the only place that knows every part. */
export function createApp({ config, database, log, now = () => new Date(), sleep = abortableSleep }: AppDependencies): App {
  const report = (error: unknown, requestId: string) => log.error({ err: error, requestId }, 'a request failed')
  const metrics = new Metrics()
  const registry = new StageRegistry(stages)
  const codec = new WireCodec(registry)
  const redis = config.redisUrl === undefined ? undefined : connectRedis(config.redisUrl, log)
  const bus = new ExecutionBus(
    redis && {
      publish: redis.command,
      subscribe: redis.subscribe,
      failed: (error) => log.warn({ err: error }, 'other nodes were not told of a change'),
    },
  )
  metrics.watchSubscriptions(() => bus.size)
  const engine = composeEngine({
    config,
    database,
    log,
    registry,
    codec,
    metrics,
    events: bus,
    redis: redis?.command,
    now,
    sleep,
    report,
  })
  const { box, store, users, executor } = engine
  const sessions = new SqlSessionDirectory(database.sql, now)

  const userOf = async ({ visitor, apiKey }: RequestContext): Promise<User | undefined> => {
    if (apiKey !== undefined) return users.byToken(sha256Hex(apiKey), now())
    const opened = await store.open(visitor.session, { type: 'none' })
    return opened.reissue ? undefined : opened.sessionUser
  }
  const services: GraphQLServices = {
    executor,
    report,
    listen: (id) => bus.listen(id),
    sessions: {
      current: async (visitor) => {
        const { session, sessionUser, reissue } = await store.open(visitor.session, { type: 'none' })
        return session && sessionUser && !reissue ? { session, user: sessionUser } : undefined
      },
      list: (id) => sessions.list(id),
      revoke: (id, userId) => sessions.revoke(id, userId),
    },
  }

  const cookies = new SessionCookies({
    name: config.sessionCookieName,
    secretKeys: config.secretKeys,
    box,
    ttl: config.sessionLifetimes.absolute,
    now,
  })
  const contexts = new RequestContexts(cookies, networksOf(config.trustedProxies), config.publicUrl, config.trustedHeaders)
  const origins = new AllowedOrigins(config.corsOrigins, config.publicUrl)
  const graphql = new GraphQLServer({ schema: createSchema(registry), graphiql: config.graphiql, report })

  const http = createHttpApp({ contexts, origins, metrics, report })
  http.route('/', healthRoutes({ ping: () => database.ping(), metrics, token: config.metrics.token }))
  http.route('/', graphqlRoutes(graphql, services))
  http.route('/api/v3', executorRoutes(executor, codec))
  const groupsOf = (id: number) => users.groupsOf(id)
  http.route('/api/v3', accountRoutes({ userOf, groupsOf }, executor))
  http.route(
    '/api/v3',
    administrationRoutes({
      userOf,
      groupsOf,
      configuration: (visitor) => executor.flows.configuration(visitor),
      invitation: (id) => engine.accounts.invitation(id),
      hasMailTemplate: (name) => engine.mailTemplates.has(name),
      post: engine.post,
      previews: objectPreviews(registry, codec),
      flowPageUrl: engine.flowPageUrl,
      now,
    }),
  )
  http.route(
    '/',
    schemaRoutes(openApiDocument(codec, { version, publicUrl: config.publicUrl, cookieName: config.sessionCookieName })),
  )
  http.route(
    '/',
    sourceRoutes({
      executor,
      callbackUrl: engine.sources.callbackUrl,
      flowPageUrl: engine.flowPageUrl,
      isListedOrigin: (origin) => origins.lists(origin),
    }),
  )
  http.route('/', pageRoutes({ executor, userOf, cancelAddressed: (key) => store.cancelAddressed(key) }))
  http.route('/', staticRoutes())

  const sockets = new GraphQLSockets({ graphql, services, contexts, origins })
  let closed: Promise<void> | undefined
  const server = createListener(getRequestListener(http.fetch), config.tls)
  server.on('upgrade', (incoming, socket, head) => {
    sockets.upgrade(incoming, socket, head).catch((error: unknown) => {
      report(error, '')
      socket.destroy()
    })
  })

  return {
    http,
    server,
    metrics,
    executor,
    sweep: () => sessions.sweep(),
    remind: () => bus.remind(),
    deliver: () => engine.courier.start(),
    close: () => (closed ??= close()),
  }

  async function close(): Promise<void> {
    // From here on nobody new is let in. Sockets say goodbye before their streams end: their clients know what that means.
    const drained = closeServer(server)
    const left = sockets.close()
    bus.close()
    await Promise.all([drained, left, engine.close()])
    redis?.close()
  }
}

function connectRedis(url: string, log: Logger) {
  const connect = (options: RedisOptions) => {
    const client = new Redis(url, options)
    client.on('error', (error) => log.warn({ err: error }, 'Redis does not answer'))
    return client
  }
  // A request gives up at once and does without; a subscription waits for as long as it takes.
  const command = connect({ maxRetriesPerRequest: 1, enableOfflineQueue: false })
  const subscribe = connect({ maxRetriesPerRequest: null })
  return {
    command,
    subscribe,
    close: () => {
      command.disconnect()
      subscribe.disconnect()
    },
  }
}

function closeServer(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    const hurry = setTimeout(() => server.closeAllConnections(), longestFarewell)
    // A connection whose last response has just gone out is kept for the next request, which must not come here.
    const tidy = setInterval(() => server.closeIdleConnections(), 50)
    server.close(() => {
      clearTimeout(hurry)
      clearInterval(tidy)
      resolve()
    })
  })
}

function abortableSleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        reject(signal.reason)
      },
      { once: true },
    )
  })
}
