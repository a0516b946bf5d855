import { existsSync, readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import type { SmtpSettings } from './flow/accounts.ts'
import { secretKeyIn, shortestKey } from './secret-key-file.ts'
import { readAuthorityFile, readTlsFiles, type TlsMaterial } from './tls-files.ts'

/** What the operator got wrong, a line for each variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const empty = (value: unknown) => (value === '' ? undefined : value)
const optional = <Schema extends z.ZodType>(schema: Schema) => z.preprocess(empty, schema.optional())
const list = z.preprocess(
  (value) =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((item) => item.trim())
          .filter(Boolean)
      : [],
  z.array(z.string()),
)
const seconds = (fallback: number) => z.preprocess(empty, z.coerce.number().int().min(1).default(fallback))
const flag = z.preprocess(empty, z.enum(['true', 'false']).default('false')).transform((text) => text === 'true')
const port = z.coerce.number().int().min(0).max(65_535)

/** Origins are compared as texts: `https://app.example.org`, nothing behind it. */
const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
  message: 'is not an origin such as https://app.example.org',
})

/** `login@example.org`, or `Example <login@example.org>`. */
const sender = z
  .string()
  .max(500)
  .regex(/^(?:[^<>\r\n]*<[^\s@<>]+@[^\s@<>]+>|[^\s@<>]+@[^\s@<>]+)$/, 'is not an address such as login@example.org')

const environment = z.object({
  NODE_ENV: z.preprocess(empty, z.enum(['development', 'production', 'test', 'benchmark']).default('development')),
  PORT: z.preprocess(empty, port.default(9000)),
  HOST: z.preprocess(empty, z.string().default('127.0.0.1')),
  PUBLIC_URL: optional(z.url({ protocol: /^https?$/ })),
  FLOW_PAGE_URL: optional(
    z.string().refine((url) => /^https?:/.test(url) && URL.canParse(url) && url.includes('{slug}') && !url.includes('?'), {
      message: 'must be a URL with {slug} in its path and no query, such as https://app.example.org/flow/{slug}',
    }),
  ),
  DATA_DIR: z.preprocess(empty, z.string().default('./data')),
  DATABASE_URL: optional(
    z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgresql:// URL; leave it unset for the embedded database' }),
  ),
  REDIS_URL: optional(z.url({ protocol: /^rediss?$/ })),
  SECRET_KEY: optional(z.string().min(shortestKey, 'must have at least 32 characters; make one with: openssl rand -base64 48')),
  SECRET_KEY_PREVIOUS: optional(z.string().min(shortestKey)),
  BOOTSTRAP_PASSWORD: optional(z.string().min(8).max(4096)),
  BOOTSTRAP_TOKEN: optional(
    z
      .string()
      .min(20, 'must have at least 20 characters')
      .max(500)
      .regex(/^\S+$/, 'travels in a header and must not have blanks'),
  ),
  TRUSTED_PROXIES: list.pipe(
    z.array(z.string().refine(isNetwork, { message: 'is neither an address nor a network such as 10.0.0.0/8' })),
  ),
  TRUSTED_HEADERS: list.pipe(
    z.array(
      z
        .string()
        .regex(/^[\w-]+$/, 'is not the name of a header')
        .toLowerCase(),
    ),
  ),
  CORS_ORIGINS: list.pipe(z.array(origin)),
  PASSWORD_HASHER: z.preprocess(empty, z.enum(['argon2id', 'benchmark']).default('argon2id')),
  SESSION_COOKIE_NAME: z.preprocess(
    empty,
    z
      .string()
      .regex(/^[\w!#$%&'*+.^`|~-]+$/)
      .default('authentik_session'),
  ),
  SESSION_IDLE_SECONDS: seconds(86_400),
  SESSION_ABSOLUTE_SECONDS: seconds(14 * 86_400),
  FLOW_EXECUTION_SECONDS: seconds(3600),
  METRICS_PORT: optional(port),
  METRICS_TOKEN: optional(z.string().min(16)),
  LOG_LEVEL: z.preprocess(empty, z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info')),
  GRAPHIQL: optional(z.enum(['true', 'false'])),
  BLUEPRINTS_DIR: optional(z.string()),
  PASSWORD_HASH_QUEUE: seconds(256),
  HIBP_URL: z.preprocess(empty, z.url({ protocol: /^https?$/ }).default('https://api.pwnedpasswords.com')),
  TLS_CERT_FILE: optional(z.string()),
  TLS_KEY_FILE: optional(z.string()),
  TLS_CLIENT_CERTIFICATES: flag,
  DUO_CA_FILE: optional(z.string()),
  SUBSCRIPTION_LIMIT: seconds(20_000),
  HELD_ANSWER_SECONDS: z.preprocess(empty, z.coerce.number().int().min(1).max(300).default(60)),
  EMAIL_HOST: optional(z.string().max(253)),
  EMAIL_PORT: z.preprocess(empty, port.min(1).default(25)),
  EMAIL_USERNAME: z.preprocess(empty, z.string().default('')),
  EMAIL_PASSWORD: z.preprocess(empty, z.string().default('')),
  EMAIL_USE_TLS: flag,
  EMAIL_USE_SSL: flag,
  EMAIL_TIMEOUT: z.preprocess(empty, z.coerce.number().int().min(1).max(120).default(10)),
  EMAIL_FROM: z.preprocess(empty, sender.default('stagedoor@localhost')),
  EMAIL_TEMPLATES_DIR: optional(z.string()),
})

/** Everything that the environment decides, read once. */
export interface Config {
  readonly production: boolean
  readonly port: number
  readonly host: string
  readonly publicUrl: string
  /** The page of a flow that mails link to; `{slug}` stands for the flow's. */
  readonly flowPageUrl: string
  readonly dataDir: string
  readonly databaseUrl: string | undefined
  readonly redisUrl: string | undefined
  /** The first one seals; all of them open. */
  readonly secretKeys: readonly string[]
  readonly bootstrapPassword: string | undefined
  readonly bootstrapToken: string | undefined
  readonly trustedProxies: readonly string[]
  /** Headers that trusted proxies always set or remove, in lower case. */
  readonly trustedHeaders: readonly string[]
  readonly corsOrigins: readonly string[]
  readonly passwordHasher: 'argon2id' | 'benchmark'
  readonly passwordHashQueue: number
  readonly sessionCookieName: string
  readonly sessionLifetimes: { readonly idle: number; readonly absolute: number }
  readonly executionTtl: number
  readonly metrics: { readonly port: number | undefined; readonly token: string | undefined }
  readonly logLevel: string
  readonly graphiql: boolean
  readonly blueprintsDir: string | undefined
  /** Where leaked passwords are looked up. */
  readonly hibpUrl: string
  /** What the server itself encrypts with, in PEM; undefined: it speaks plain HTTP. */
  readonly tls: (TlsMaterial & { readonly asksClients: boolean }) | undefined
  /** Who vouches for Duo's servers, in PEM; undefined: whom Node.js trusts. */
  readonly duoAuthority: string | undefined
  /** How many subscriptions this server runs at once. */
  readonly subscriptionLimit: number
  /** For how long an answer of a client written for authentik is held, such as one that waits for a push (seconds). */
  readonly heldAnswerSeconds: number
  readonly mail: {
    /** For mails that name no mail server of their own; undefined: those wait. */
    readonly smtp: SmtpSettings | undefined
    readonly from: string
    /** Templates of the operator's own, before ours. */
    readonly templatesDir: string | undefined
  }
}

/** Reads `.env` of the working folder, if there is one, under what is set already. */
export function readEnvironment(folder = process.cwd()): NodeJS.ProcessEnv {
  const file = join(folder, '.env')
  return existsSync(file) ? { ...parseEnv(readFileSync(file, 'utf8')), ...process.env } : process.env
}

/** Parses the environment; throws a ConfigError that names every variable that is wrong. */
export function parseConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = environment.safeParse(env)
  if (!parsed.success)
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path[0]?.toString()}: ${issue.message}`).join('\n'))
  const values = parsed.data
  const problems = contradictions(values)
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))

  const production = values.NODE_ENV === 'production'
  const secretKey = values.SECRET_KEY ?? readFiles(() => secretKeyIn(values.DATA_DIR))
  const tls = readFiles(() => tlsOf(values))
  const publicUrl = new URL(values.PUBLIC_URL ?? `${tls ? 'https' : 'http'}://localhost:${values.PORT}`).href
  return {
    production,
    port: values.PORT,
    host: values.HOST,
    publicUrl,
    flowPageUrl: values.FLOW_PAGE_URL ?? new URL('/if/flow/{slug}/', publicUrl).href.replace('%7Bslug%7D', '{slug}'),
    dataDir: values.DATA_DIR,
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    secretKeys: [secretKey, ...(values.SECRET_KEY_PREVIOUS ? [values.SECRET_KEY_PREVIOUS] : [])],
    bootstrapPassword: values.BOOTSTRAP_PASSWORD,
    bootstrapToken: values.BOOTSTRAP_TOKEN,
    trustedProxies: values.TRUSTED_PROXIES,
    trustedHeaders: values.TRUSTED_HEADERS,
    corsOrigins: values.CORS_ORIGINS,
    passwordHasher: values.PASSWORD_HASHER,
    passwordHashQueue: values.PASSWORD_HASH_QUEUE,
    sessionCookieName: values.SESSION_COOKIE_NAME,
    sessionLifetimes: { idle: values.SESSION_IDLE_SECONDS, absolute: values.SESSION_ABSOLUTE_SECONDS },
    executionTtl: values.FLOW_EXECUTION_SECONDS,
    metrics: { port: values.METRICS_PORT, token: values.METRICS_TOKEN },
    logLevel: values.LOG_LEVEL,
    graphiql: values.GRAPHIQL ? values.GRAPHIQL === 'true' : !production,
    blueprintsDir: values.BLUEPRINTS_DIR,
    hibpUrl: values.HIBP_URL,
    tls,
    duoAuthority: readFiles(() => readAuthorityFile('DUO_CA_FILE', values.DUO_CA_FILE)),
    subscriptionLimit: values.SUBSCRIPTION_LIMIT,
    heldAnswerSeconds: values.HELD_ANSWER_SECONDS,
    mail: { smtp: smtpOf(values), from: values.EMAIL_FROM, templatesDir: values.EMAIL_TEMPLATES_DIR },
  }
}

function contradictions(values: z.output<typeof environment>): string[] {
  const problems: string[] = []
  if (values.NODE_ENV === 'production' && !values.SECRET_KEY)
    problems.push('SECRET_KEY: must be set in production; make one with: openssl rand -base64 48')
  if (values.PASSWORD_HASHER === 'benchmark' && values.NODE_ENV !== 'benchmark')
    problems.push('PASSWORD_HASHER: "benchmark" keeps passwords badly and is refused unless NODE_ENV=benchmark')
  if (values.SESSION_COOKIE_NAME.startsWith('__Host-') && !values.PUBLIC_URL?.startsWith('https:'))
    problems.push('SESSION_COOKIE_NAME: browsers take __Host- cookies over https only; set PUBLIC_URL to an https address')
  if (values.EMAIL_USE_TLS && values.EMAIL_USE_SSL)
    problems.push('EMAIL_USE_SSL: a connection is encrypted from the start, or by EMAIL_USE_TLS after the greeting; not both')
  return problems
}

function smtpOf(values: z.output<typeof environment>): SmtpSettings | undefined {
  if (values.EMAIL_HOST === undefined) return undefined
  return {
    host: values.EMAIL_HOST,
    port: values.EMAIL_PORT,
    username: values.EMAIL_USERNAME,
    password: values.EMAIL_PASSWORD,
    useTls: values.EMAIL_USE_TLS,
    useSsl: values.EMAIL_USE_SSL,
    timeout: values.EMAIL_TIMEOUT,
  }
}

function tlsOf(values: z.output<typeof environment>): Config['tls'] {
  const material = readTlsFiles(values.TLS_CERT_FILE, values.TLS_KEY_FILE)
  return material && { ...material, asksClients: values.TLS_CLIENT_CERTIFICATES }
}

/** What is wrong with a file is wrong with the environment that names it. */
function readFiles<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

/** The networks as something that addresses can be checked against. */
export function networksOf(texts: readonly string[]): BlockList {
  const networks = new BlockList()
  for (const text of texts) {
    const [address = '', bits] = text.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) networks.addAddress(address, family)
    else networks.addSubnet(address, Number(bits), family)
  }
  return networks
}
