import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from './config.ts'

const parse = (env: Record<string, string> = {}) =>
  parseConfig({ SECRET_KEY: 'a secret key for tests, and for tests only', ...env })

describe('the environment', () => {
  it('names the mail server, and asks for as little of it as there is', () => {
    const smtp = { host: 'mail', port: 25, username: '', password: '', useTls: false, useSsl: false, timeout: 10 }

    expect(parse({ EMAIL_HOST: 'mail' }).mail).toEqual({ smtp, from: 'stagedoor@localhost', templatesDir: undefined })
    expect(
      parse({
        EMAIL_HOST: 'mail.example.test',
        EMAIL_PORT: '587',
        EMAIL_USERNAME: 'stagedoor',
        EMAIL_PASSWORD: 'hush',
        EMAIL_USE_TLS: 'true',
        EMAIL_USE_SSL: 'false',
        EMAIL_TIMEOUT: '5',
        EMAIL_FROM: 'Acme <login@example.test>',
        EMAIL_TEMPLATES_DIR: '/templates',
      }).mail,
    ).toEqual({
      smtp: {
        host: 'mail.example.test',
        port: 587,
        username: 'stagedoor',
        password: 'hush',
        useTls: true,
        useSsl: false,
        timeout: 5,
      },
      from: 'Acme <login@example.test>',
      templatesDir: '/templates',
    })
  })

  it('names none where it says nothing, or nothing in so many words', () => {
    const names = ['HOST', 'PORT', 'USERNAME', 'PASSWORD', 'USE_TLS', 'USE_SSL', 'TIMEOUT', 'FROM', 'TEMPLATES_DIR']

    expect(parse(Object.fromEntries(names.map((name) => [`EMAIL_${name}`, ''])))).toEqual(parse())
    expect(parse().mail.smtp).toBeUndefined()
  })

  it.each([
    ['EMAIL_PORT', '0'],
    ['EMAIL_PORT', 'smtp'],
    ['EMAIL_USE_TLS', 'yes'],
    ['EMAIL_USE_SSL', '1'],
    ['EMAIL_TIMEOUT', '0'],
    ['EMAIL_TIMEOUT', '121'],
    ['EMAIL_FROM', 'Acme'],
    ['EMAIL_FROM', 'login@example.test\nBcc: eve@example.test'],
    ['EMAIL_FROM', 'Acme\r\n <login@example.test>'],
  ])('is refused where %s is %j, by that name', (name, value) => {
    expect(() => parse({ [name]: value })).toThrow(ConfigError)
    expect(() => parse({ [name]: value })).toThrow(new RegExp(`^${name}: .+`))
  })

  it('cannot ask for two encryptions at once', () => {
    expect(() => parse({ EMAIL_USE_TLS: 'true', EMAIL_USE_SSL: 'true' })).toThrow(/^EMAIL_USE_SSL: .* not both$/)
  })
})
