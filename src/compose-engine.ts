import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { createPasswordHasher, HasherBusyError } from './credentials/password-hasher.ts'
import { equalsInConstantTime, randomToken, sha256Hex } from './credentials/random.ts'
import { createSecretBox, type SecretBox } from './credentials/secret-box.ts'
import { SqlAccountDirectory } from './db/accounts.ts'
import { AuthenticatorImport } from './db/authenticator-import.ts'
import { SqlAuthenticatorDirectory } from './db/authenticators.ts'
import { ConfigSecrets } from './db/config-secrets.ts'
import { StoredConfigurations } from './db/configurations.ts'
import type { Database } from './db/database.ts'
import { SqlExecutionStore } from './db/execution-store.ts'
import { SqlMessageQueue } from './db/message-queue.ts'
import { SqlUserDirectory } from './db/users.ts'
import { Courier } from './delivery/courier.ts'
import type { CourierDependencies } from './delivery/lane.ts'
import { mailChannel } from './delivery/mail-channel.ts'
import { MailSender } from './delivery/mail-sender.ts'
import { MailTemplates } from './delivery/mail-templates.ts'
import { smsChannel } from './delivery/sms-channel.ts'
import { createSmsSender } from './delivery/sms-sender.ts'
import { createDuoClient } from './duo/duo-client.ts'
import type { OutgoingMail } from './flow/accounts.ts'
import type { AuditEvent } from './flow/effects.ts'
import { ServiceUnavailableError } from './flow/errors.ts'
import type { InlineStage } from './flow/plan.ts'
import type { ExecutionEvents, WaitingExecution } from './flow/ports.ts'
import type { StageRegistry } from './flow/registry.ts'
import type { Visitor } from './flow/session.ts'
import { SlugExecutor } from './flow/slug-executor.ts'
import type { SourceGateway } from './flow/sources.ts'
import { CountingGuessLimiter } from './operations/guess-limiter.ts'
import type { Metrics } from './operations/metrics.ts'
import { Turns } from './operations/turns.ts'
import { PolicyEngine } from './policies/engine.ts'
import { policies } from './policies/index.ts'
import type { DuoImports } from './rest/duo-import-routes.ts'
import type { Accounts } from './rest/permissions.ts'
import type { WireCodec } from './rest/wire-codec.ts'
import { createSealedClaims } from './session/sealed-claims.ts'
import { fieldErrors } from './shapes/field-errors.ts'
import { createSourceGateway } from './sources/index.ts'

/** What the engine is made from. */
export interface EngineParts {
  readonly config: Config
  readonly database: Database
  readonly log: Logger
  readonly registry: StageRegistry
  readonly codec: WireCodec
  readonly metrics: Metrics
  readonly events: ExecutionEvents
  readonly waits: (waiting: WaitingExecution) => void
  readonly redis: Redis | undefined
  readonly now: () => Date
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  readonly report: (error: unknown, requestId: string) => void
}

/** The engine, and what of its making the faces need as well. */
export interface Engine {
  readonly box: SecretBox
  readonly store: SqlExecutionStore
  readonly users: SqlUserDirectory
  readonly accounts: SqlAccountDirectory
  readonly executor: SlugExecutor
  /** Sends the messages that flows have left, once it is started. */
  readonly courier: Courier
  readonly mailTemplates: MailTemplates
  readonly sources: SourceGateway
  readonly duoImports: Omit<DuoImports, keyof Accounts>
  /** The absolute URL of a flow's page. */
  readonly flowPageUrl: (slug: string, query: string) => string
  /** Queues mails that no flow sends: all of them, or none. */
  readonly post: (mails: readonly OutgoingMail[]) => Promise<void>
  close(): Promise<void>
}

/** Seconds that a source may take to answer. */
const sourceTimeout = 10

/** What stands before a plan that a mailed link restores: programs open links, people confirm. */
const confirmation: InlineStage = {
  kind: 'consent',
  name: 'confirmation of a mailed link',
  config: { mode: 'always_require', consentExpireIn: 'weeks=4' },
}

/** Puts the engine together with its stores, limits and couriers. */
export function composeEngine(parts: EngineParts): Engine {
  const { config, database, log, registry, codec, metrics, events, redis, now, sleep, report } = parts
  const box = createSecretBox(config.secretKeys)
  const secrets = new ConfigSecrets(box)
  const store = new SqlExecutionStore(database.sql, box, config.sessionLifetimes, now)
  const users = new SqlUserDirectory(database.sql)
  const turns = new Turns(redis)
  const responses = new Map(codec.shapes.map(({ kind, response }) => [kind, response]))

  const audit = (event: AuditEvent, visitor: Pick<Visitor, 'clientIp' | 'requestId'>) => {
    metrics.events.inc({ action: event.action })
    store
      .record(event, visitor)
      .catch((error: unknown) => log.error({ err: error, action: event.action }, 'an audit event was not written'))
  }
  const itself = { clientIp: '', requestId: '' }
  const misconfigured = (what: { model: string; name: string; problem: string }) => {
    log.error(what, 'a row of the configuration cannot be used')
    audit({ action: 'configuration_error', context: what }, itself)
  }

  const mailTemplates = new MailTemplates(config.mail.templatesDir)
  const sender = new MailSender(config.mail, mailTemplates)
  const queue = new SqlMessageQueue(database.sql, box, now)
  const couriered: CourierDependencies = {
    queue,
    told: (executionId) => events.publish({ executionId, sequence: 0 }),
    audit: (event) => audit(event, itself),
    log,
    namesRecipients: !config.production,
    now,
    sleep,
  }
  const courier = new Courier(couriered, {
    mail: mailChannel((id, mail, signal) => sender.send(id, mail, signal)),
    sms: smsChannel(createSmsSender()),
  })
  const accounts = new SqlAccountDirectory(database.sql)
  const flowPageUrl = (slug: string, query: string) =>
    `${config.flowPageUrl.replace('{slug}', slug)}${query === '' ? '' : `?${query}`}`
  const sources = createSourceGateway(config.publicUrl, {
    now,
    timeout: sourceTimeout,
    failed: (failure) => log.warn(failure, 'a source could not be used'),
  })

  const duo = createDuoClient({ now, authority: config.duoAuthority })
  const openConfig = (sealed: string, ownerId: string) => secrets.open(sealed, ownerId)
  const authenticatorImport = new AuthenticatorImport(database.sql, box, now)

  const executor = new SlugExecutor(
    {
      store,
      configurations: new StoredConfigurations({
        prisma: database.prisma,
        sql: database.sql,
        stages: registry,
        policies,
        secrets,
        misconfigured,
      }),
      policies: new PolicyEngine(policies, {
        services: {
          now,
          sleep,
          random: Math.random,
          makePasswordUnusable: (id) => users.makePasswordUnusable(id),
          pwnedPasswordsUrl: config.hibpUrl,
        },
        groupsOf: (id) => users.groupIdsOf(id),
        audit,
      }),
      users,
      authenticators: new SqlAuthenticatorDirectory(database.sql, box),
      accounts,
      passwords: passwordsOf(config),
      sources,
      duo,
      deliveries: queue,
      takeTurn: (subject, most, window) => turns.take(subject, most, window),
      mailTemplates,
      messageQueued: () => courier.wake(),
      openConfig,
      tokens: createSealedClaims(box, now),
      relyingParty: relyingPartyOf(config),
      confirmation,
      digestOf: sha256Hex,
      limiter: new CountingGuessLimiter(redis),
      events,
      waits: parts.waits,
      now,
      randomToken,
      mac: (purpose, text) => box.mac(purpose, text),
      sameText: equalsInConstantTime,
      fieldErrors: (kind, error, input) => fieldErrors(error, input, responses.get(kind)),
      report,
      audit,
      publicUrl: config.publicUrl,
      flowPageUrl,
      executionTtl: config.executionTtl,
    },
    registry,
  )
  const close = async () => {
    await courier.close()
    sender.close()
  }
  const post = async (mails: readonly OutgoingMail[]) => {
    await queue.enqueue(...mails)
    courier.wake()
  }
  const duoImports: Engine['duoImports'] = {
    configuration: (visitor) => executor.flows.configuration(visitor),
    openConfig,
    duoUsers: duo.users,
    idsByUsername: (usernames) => authenticatorImport.idsByUsername(usernames),
    addAuthenticator: (...added) => authenticatorImport.add(...added),
  }
  return { box, store, users, accounts, executor, courier, mailTemplates, sources, duoImports, flowPageUrl, post, close }
}

/** Passkeys are made for the host that people know, and used on its pages and those of the frontends that may ask. */
function relyingPartyOf({ publicUrl, corsOrigins }: Config) {
  const { hostname, origin } = new URL(publicUrl)
  return { id: hostname, origins: [...new Set([origin, ...corsOrigins])] }
}

/** Above the queue's limit people are told to come back, instead of waiting for seconds. */
function passwordsOf({ passwordHasher, passwordHashQueue }: Config) {
  const hasher = createPasswordHasher({ algorithm: passwordHasher, queueLimit: passwordHashQueue })
  const orBusy = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work
    } catch (error) {
      throw error instanceof HasherBusyError ? new ServiceUnavailableError(error.retryAfter, { cause: error }) : error
    }
  }
  return {
    verify: (password: string, storedHash: string | undefined) => orBusy(hasher.verify(password, storedHash)),
    hash: (password: string) => orBusy(hasher.hash(password)),
  }
}
