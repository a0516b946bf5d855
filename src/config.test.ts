import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ConfigError, networksOf, parseConfig, readEnvironment } from './config.ts'

const secretKey = 'a secret key for tests, and for tests only'

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

const parse = (env: Record<string, string> = {}) => parseConfig({ SECRET_KEY: secretKey, ...env })

/** The lines that an operator reads. */
function problems(env: Record<string, string>): string[] {
  try {
    parse(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
  return []
}

describe('an environment that says nothing', () => {
  it('makes a server for one developer on this machine', () => {
    expect(parse()).toEqual({
      production: false,
      port: 9000,
      host: '127.0.0.1',
      publicUrl: 'http://localhost:9000/',
      flowPageUrl: 'http://localhost:9000/if/flow/{slug}/',
      dataDir: './data',
      databaseUrl: undefined,
      redisUrl: undefined,
      secretKeys: [secretKey],
      bootstrapPassword: undefined,
      bootstrapToken: undefined,
      trustedProxies: [],
      trustedHeaders: [],
      corsOrigins: [],
      passwordHasher: 'argon2id',
      passwordHashQueue: 256,
      sessionCookieName: 'authentik_session',
      sessionLifetimes: { idle: 86_400, absolute: 1_209_600 },
      subscriptionLimit: 20_000,
      executionTtl: 3600,
      metrics: { port: undefined, token: undefined },
      logLevel: 'info',
      graphiql: true,
      blueprintsDir: undefined,
      mail: { smtp: undefined, from: 'stagedoor@localhost', templatesDir: undefined },
      hibpUrl: 'https://api.pwnedpasswords.com',
      tls: undefined,
      duoAuthority: undefined,
      heldAnswerSeconds: 60,
    })
  })

  it('is what empty variables are, as compose files leave them', () => {
    const names = [
      'PORT',
      'HOST',
      'PUBLIC_URL',
      'DATABASE_URL',
      'REDIS_URL',
      'TRUSTED_PROXIES',
      'TRUSTED_HEADERS',
      'HIBP_URL',
      'TLS_CERT_FILE',
      'TLS_KEY_FILE',
      'TLS_CLIENT_CERTIFICATES',
      'DUO_CA_FILE',
      'HELD_ANSWER_SECONDS',
      'CORS_ORIGINS',
      'GRAPHIQL',
      'NODE_ENV',
    ]

    expect(parse(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(parse())
  })
})

describe('the environment', () => {
  it('decides what it says', () => {
    const config = parse({
      NODE_ENV: 'production',
      PORT: '0',
      PUBLIC_URL: 'https://login.example.test',
      DATABASE_URL: 'postgresql://stagedoor@db/stagedoor',
      REDIS_URL: 'rediss://cache:6379',
      SECRET_KEY_PREVIOUS: 'the secret key that was used before this',
      TRUSTED_PROXIES: '10.0.0.0/8, ::1,',
      TRUSTED_HEADERS: 'SSL-Client-Cert, x-other',
      HIBP_URL: 'http://pwned.internal:8080/mirror',
      CORS_ORIGINS: 'https://app.example.test,http://localhost:5173',
      SESSION_COOKIE_NAME: '__Host-session',
      SESSION_IDLE_SECONDS: '60',
      SESSION_ABSOLUTE_SECONDS: '120',
      HELD_ANSWER_SECONDS: '45',
      METRICS_PORT: '9090',
      METRICS_TOKEN: 'sixteen letters!',
      BLUEPRINTS_DIR: '/blueprints',
      FLOW_PAGE_URL: 'https://app.example.test/flow/{slug}',
    })

    expect(config).toMatchObject({
      production: true,
      port: 0,
      publicUrl: 'https://login.example.test/',
      databaseUrl: 'postgresql://stagedoor@db/stagedoor',
      redisUrl: 'rediss://cache:6379',
      secretKeys: [secretKey, 'the secret key that was used before this'],
      trustedProxies: ['10.0.0.0/8', '::1'],
      trustedHeaders: ['ssl-client-cert', 'x-other'],
      hibpUrl: 'http://pwned.internal:8080/mirror',
      corsOrigins: ['https://app.example.test', 'http://localhost:5173'],
      sessionCookieName: '__Host-session',
      sessionLifetimes: { idle: 60, absolute: 120 },
      heldAnswerSeconds: 45,
      metrics: { port: 9090, token: 'sixteen letters!' },
      blueprintsDir: '/blueprints',
      flowPageUrl: 'https://app.example.test/flow/{slug}',
    })
  })

  it('hides GraphiQL in production, unless it says otherwise', () => {
    expect(parse({ NODE_ENV: 'production' }).graphiql).toBe(false)
    expect(parse({ NODE_ENV: 'production', GRAPHIQL: 'true' }).graphiql).toBe(true)
    expect(parse({ GRAPHIQL: 'false' }).graphiql).toBe(false)
  })

  it.each([
    ['NODE_ENV', 'staging'],
    ['PORT', 'ninety'],
    ['PORT', '65536'],
    ['PORT', '80.5'],
    ['PUBLIC_URL', 'login.example.test'],
    ['PUBLIC_URL', 'ftp://login.example.test'],
    ['DATABASE_URL', 'mysql://db/stagedoor'],
    ['DATABASE_URL', './data/stagedoor.db'],
    ['REDIS_URL', 'http://cache'],
    ['SECRET_KEY', 'short'],
    ['SECRET_KEY_PREVIOUS', 'short'],
    ['BOOTSTRAP_PASSWORD', 'short'],
    ['BOOTSTRAP_TOKEN', 'short'],
    ['TRUSTED_PROXIES', 'proxy.internal'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '10.0.0.1,10.0.0.0/'],
    ['TRUSTED_PROXIES', '::/129'],
    ['TRUSTED_HEADERS', 'ssl client cert'],
    ['HIBP_URL', 'pwned.internal'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://app.example.test/'],
    ['CORS_ORIGINS', 'null'],
    ['PASSWORD_HASHER', 'md5'],
    ['PASSWORD_HASHER', 'benchmark'],
    ['SESSION_COOKIE_NAME', 'a session'],
    ['SESSION_COOKIE_NAME', '__Host-session'],
    ['SESSION_IDLE_SECONDS', '0'],
    ['FLOW_EXECUTION_SECONDS', '-1'],
    ['HELD_ANSWER_SECONDS', '0'],
    ['HELD_ANSWER_SECONDS', '301'],
    ['HELD_ANSWER_SECONDS', '1.5'],
    ['METRICS_TOKEN', 'short'],
    ['LOG_LEVEL', 'loud'],
    ['GRAPHIQL', 'yes'],
  ])('is refused where %s is "%s", by that name', (name, value) => {
    const lines = problems({ [name]: value })

    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(new RegExp(`^${name}: .+`))
  })

  it('is told all that is wrong with it at once', () => {
    const lines = problems({ PORT: 'ninety', LOG_LEVEL: 'loud', SECRET_KEY: 'short' })

    expect(lines.map((line) => line.split(':')[0])).toEqual(['PORT', 'SECRET_KEY', 'LOG_LEVEL'])
  })

  it('never sees its secrets in what it is told', () => {
    const secrets = {
      SECRET_KEY: 'hush-key',
      SECRET_KEY_PREVIOUS: 'hush-old',
      BOOTSTRAP_PASSWORD: 'hush',
      BOOTSTRAP_TOKEN: 'hush-token',
      METRICS_TOKEN: 'hush-metrics',
      DATABASE_URL: 'mysql://root:hush@db/stagedoor',
      REDIS_URL: 'http://:hush@cache',
    }

    expect(problems(secrets)).toHaveLength(Object.keys(secrets).length)
    expect(problems(secrets).join('\n')).not.toContain('hush')
  })

  it.each([
    [
      'a server in production without a key',
      { NODE_ENV: 'production', SECRET_KEY: '' },
      /^SECRET_KEY: must be set in production/,
    ],
    ['weak hashes outside benchmarks', { NODE_ENV: 'production', PASSWORD_HASHER: 'benchmark' }, /^PASSWORD_HASHER: /],
    ['a __Host- cookie over http', { SESSION_COOKIE_NAME: '__Host-s', PUBLIC_URL: 'http://x.test' }, /^SESSION_COOKIE_NAME: /],
  ])('is refused for %s', (_, env, line) => {
    expect(problems(env)).toEqual([expect.stringMatching(line)])
  })

  it('may ask for weak hashes in benchmarks', () => {
    expect(parse({ NODE_ENV: 'benchmark', PASSWORD_HASHER: 'benchmark' }).passwordHasher).toBe('benchmark')
  })
})

describe('the key of a data folder', () => {
  it('is made at the first start, for its owner only, and found again', () => {
    const folder = join(emptyFolder(), 'data')
    const first = parseConfig({ DATA_DIR: folder }).secretKeys

    expect(first).toEqual([expect.stringMatching(/^[A-Za-z0-9+/]{64}$/)])
    expect(parseConfig({ DATA_DIR: folder }).secretKeys).toEqual(first)
    expect(statSync(join(folder, 'secret.key')).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(readdirSync(folder)).toEqual(['secret.key'])
  })

  it('is that of whichever server was faster', async () => {
    const folder = join(emptyFolder(), 'data')
    const script = "console.log((await import('./src/config.ts')).parseConfig(process.env).secretKeys[0])"
    const start = () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env: { DATA_DIR: folder } })
    const keys = (await Promise.all([start(), start(), start()])).map(({ stdout }) => stdout)

    expect(new Set(keys).size).toBe(1)
    expect(readdirSync(folder)).toEqual(['secret.key'])
  })

  it('differs from that of any other', () => {
    const [one, other] = [emptyFolder(), emptyFolder()].map((folder) => parseConfig({ DATA_DIR: folder }).secretKeys[0])

    expect(one).not.toBe(other)
  })

  it('is not touched where the environment has one', () => {
    const folder = emptyFolder()
    parse({ DATA_DIR: folder })

    expect(readdirSync(folder)).toEqual([])
  })

  it.each(['', 'half a ke'])('is refused when only part of it was written: %j', (content) => {
    const folder = emptyFolder()
    writeFileSync(join(folder, 'secret.key'), content)

    expect(() => parseConfig({ DATA_DIR: folder })).toThrow(ConfigError)
    expect(readFileSync(join(folder, 'secret.key'), 'utf8')).toBe(content)
  })
})

describe('a .env file', () => {
  it('is read under what is set already', () => {
    const folder = emptyFolder()
    writeFileSync(join(folder, '.env'), 'STAGEDOOR_TEST_ONLY=from the file\nPATH=from the file\n')

    expect(readEnvironment(folder)).toMatchObject({ STAGEDOOR_TEST_ONLY: 'from the file', PATH: process.env.PATH })
    expect(readEnvironment(emptyFolder())).not.toHaveProperty('STAGEDOOR_TEST_ONLY')
  })
})

describe('trusted networks', () => {
  it.each([
    ['10.1.2.3', 'ipv4', true],
    ['11.0.0.1', 'ipv4', false],
    ['192.0.2.1', 'ipv4', true],
    ['192.0.2.2', 'ipv4', false],
    ['2001:db8::1', 'ipv6', true],
    ['2001:db9::1', 'ipv6', false],
    ['::1', 'ipv6', true],
  ] as const)('hold %s (%s): %s', (address, family, held) => {
    expect(networksOf(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '::1']).check(address, family)).toBe(held)
  })

  it('are none when none are named', () => {
    expect(networksOf([]).check('127.0.0.1')).toBe(false)
  })
})
