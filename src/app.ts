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
import { SqlWatchedExecutions } from './db/watched-executions.ts'
import { ExecutionExpiredError, ExecutionNotFoundError } from './flow/errors.ts'
import { StageRegistry } from './flow/registry.ts'
import type { SlugExecutor } from './flow/slug-executor.ts'
import type { StageDefinition } from './flow/stage.ts'
import type { User } from './flow/user.ts'
import type { GraphQLServices } from './graphql/builder.ts'
import { graphqlRoutes } from './graphql/routes.ts'
import { createSchema } from './graphql/schema.ts'
import { GraphQLServer } from './graphql/server.ts'
import { GraphQLSockets, longestFarewell } from './graphql/socket.ts'
import { SubscriptionLimits } from './graphql/subscription-limits.ts'
import { AllowedOrigins } from './http/allowed-origins.ts'
import type { HttpApp } from './http/app.ts'
import { createListener } from './http/listener.ts'
import { type RequestContext, RequestContexts } from './http/request-context.ts'
import { createHttpApp } from './http/server.ts'
import { ExecutionBus } from './operations/execution-bus.ts'
import { healthRoutes } from './operations/health-routes.ts'
import { Metrics } from './operations/metrics.ts'
import { OneUse } from './operations/one-use.ts'
import { Waiters } from './operations/waiters.ts'
import { accountRoutes } from './rest/account-routes.ts'
import { administrationRoutes } from './rest/administration-routes.ts'
import { duoImportRoutes } from './rest/duo-import-routes.ts'
import { executorRoutes } from './rest/executor-route.ts'
import { HeldAnswers } from './rest/held-answers.ts'
import { objectPreviews } from './rest/object-preview.ts'
import { openApiDocument } from './rest/openapi.ts'
import { probeRoutes } from './rest/probe-routes.ts'
import { schemaRoutes } from './rest/schema-routes.ts'
import { WireCodec } from './rest/wire-codec.ts'
import { SessionCookies } from './session/cookie.ts'
import { createSealedClaims } from './session/sealed-claims.ts'
import { SubscriptionTickets } from './session/tickets.ts'
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
  /** The kinds of stage; those of the product unless told. */
  readonly kinds?: readonly StageDefinition[]
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
  /** Begins to send the messages that flows have left, or looks for some at once. */
  readonly deliver: () => void
  /** Looks for subscriptions that have missed something, or may not watch any more, and lets those look again. Never rejects. */
  readonly remind: () => Promise<void>
  /** Closes sockets that are idle, dead or not read. */
  readonly tend: () => void
  /** Tells clients of sockets, lets requests finish, and closes what was opened here; not the database. */
  close(): Promise<void>
}

/** The composition root: the only place that knows every part. */
export function createApp({
  config,
  database,
  log,
  kinds = stages,
  now = () => new Date(),
  sleep = abortableSleep,
}: AppDependencies): App {
  const report = (error: unknown, requestId: string) => log.error({ err: error, requestId }, 'a request failed')
  const metrics = new Metrics()
  const registry = new StageRegistry(kinds)
  const codec = new WireCodec(registry)
  const redis = config.redisUrl === undefined ? undefined : connectRedis(config.redisUrl, log)
  const watched = new SqlWatchedExecutions(database.sql, now)
  const bus = new ExecutionBus({
    remote: redis && { publish: redis.command, subscribe: redis.subscribe },
    standing: (ids) => watched.standing(ids),
    failed: (error) => log.warn({ err: error }, 'changes were not carried, or not looked for'),
  })
  const limits = new SubscriptionLimits(config.subscriptionLimit)
  metrics.watchSubscriptions(() => limits.streams)
  const engine = composeEngine({
    config,
    database,
    log,
    registry,
    codec,
    metrics,
    events: bus,
    waits: (waiting) => waiters.attendAlone(waiting),
    redis: redis?.command,
    now,
    sleep,
    report,
  })
  const { box, store, users, executor } = engine
  const waiters = new Waiters({
    resume: (visitor, executionId, signal) => executor.waits.resume(visitor, executionId, signal),
    listen: (id) => bus.listen(id),
    now,
    sleep,
    isOver: (error) => error instanceof ExecutionNotFoundError || error instanceof ExecutionExpiredError,
    failed: (error, executionId) => log.error({ err: error, executionId }, 'an execution that waits could not be taken up'),
  })
  const sessions = new SqlSessionDirectory(database.sql, now)
  const usedTickets = new OneUse(now, redis?.command)

  const userOf = async ({ visitor, apiKey }: RequestContext): Promise<User | undefined> => {
    if (apiKey !== undefined) return users.byToken(sha256Hex(apiKey), now())
    const opened = await store.open(visitor.session, { type: 'none' })
    return opened.reissue ? undefined : opened.sessionUser
  }
  const services: GraphQLServices = {
    executor,
    report,
    listen: (id) => bus.listen(id),
    attend: (waiting) => waiters.attend(waiting),
    limits,
    tickets: new SubscriptionTickets({
      claims: createSealedClaims(box, now),
      isFirst: (id, seconds) => usedTickets.isFirst(id, seconds),
      now,
    }),
    sessions: {
      find: async (key) => {
        const { session, reissue } = await store.open(key, { type: 'none' })
        return reissue ? undefined : session
      },
      current: async (visitor) => {
        const { session, sessionUser, reissue } = await store.open(visitor.session, { type: 'none' })
        return session && sessionUser && !reissue ? { session, user: sessionUser } : undefined
      },
      list: (id) => sessions.list(id),
      revoke: async (id, userId) => {
        const executions = await sessions.revoke(id, userId)
        for (const executionId of executions ?? []) bus.publish({ executionId, sequence: 0 })
        return executions !== undefined
      },
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
  const held = new HeldAnswers({
    executor,
    listen: (id) => bus.listen(id),
    attend: (waiting) => waiters.attend(waiting),
    longest: config.heldAnswerSeconds,
    sleep,
  })
  http.route('/api/v3', executorRoutes(executor, codec, held))
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
  http.route('/api/v3', probeRoutes(executor, registry))
  http.route('/api/v3', duoImportRoutes({ userOf, groupsOf, ...engine.duoImports }))
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

  const sockets = new GraphQLSockets({ graphql, services, contexts, origins, now })
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
    tend: () => sockets.tend(),
    deliver: () => engine.courier.start(),
    close: () => (closed ??= close()),
  }

  async function close(): Promise<void> {
    // From here on nobody new is let in. Sockets say goodbye before their streams end: their clients know what that means.
    const drained = closeServer(server)
    const left = sockets.close()
    waiters.close()
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
