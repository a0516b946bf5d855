import { describe, expect, it } from 'vitest'
import { quickEnvironment, runCommand } from '../support/command-line.ts'

const key = 'a key that has more than thirty-two characters'

describe('a configuration that is wrong', { timeout: 120_000 }, () => {
  it('is told in lines that name each variable, and nothing starts', async () => {
    const { code, output, errors } = await runCommand(['serve'], {
      ...quickEnvironment(),
      PORT: 'ninety',
      PUBLIC_URL: 'ftp://login.example.org',
      DATABASE_URL: 'mysql://localhost/x',
      SECRET_KEY: 'hush',
      TRUSTED_PROXIES: '10.0.0.0/8, my-proxy',
      CORS_ORIGINS: '*',
      LOG_LEVEL: 'loud',
      BOOTSTRAP_TOKEN: 'a token that has blanks in it',
    })

    const names = errors
      .split('\n')
      .slice(1)
      .map((line) => line.split(':')[0])
    expect(errors).toMatch(/^The configuration is wrong:\n/)
    expect(names).toEqual([
      'PORT',
      'PUBLIC_URL',
      'DATABASE_URL',
      'SECRET_KEY',
      'BOOTSTRAP_TOKEN',
      'TRUSTED_PROXIES',
      'CORS_ORIGINS',
      'LOG_LEVEL',
      '',
    ])
    expect({ code, output }).toEqual({ code: 1, output: '' })
    expect(errors).not.toMatch(/\n +at |ZodError|hush|a token that/)
  })

  it.each([
    ['production without a key', { NODE_ENV: 'production', PASSWORD_HASHER: '' }, /^SECRET_KEY: must be set in production/m],
    [
      'quick hashes in production',
      { NODE_ENV: 'production', SECRET_KEY: key },
      /^PASSWORD_HASHER: .* refused unless NODE_ENV=benchmark/m,
    ],
    ['quick hashes in development', { NODE_ENV: 'development' }, /^PASSWORD_HASHER: /m],
    ['quick hashes in tests', { NODE_ENV: 'test' }, /^PASSWORD_HASHER: /m],
    ['quick hashes by default', { NODE_ENV: '' }, /^PASSWORD_HASHER: /m],
    ['a cookie for TLS without TLS', { SESSION_COOKIE_NAME: '__Host-door' }, /^SESSION_COOKIE_NAME: .*https/m],
  ])('is %s', async (_, env, problem) => {
    const { code, errors } = await runCommand(['serve'], { ...quickEnvironment(), ...env })

    expect(code).toBe(1)
    expect(errors).toMatch(problem)
    expect(errors).not.toMatch(/\n +at /)
  })

  it('keeps every command from its work', async () => {
    const env = { ...quickEnvironment(), NODE_ENV: 'production', PASSWORD_HASHER: '' }

    expect(await runCommand(['user', 'create', 'ada'], env)).toMatchObject({ code: 1, output: '' })
  })
})
