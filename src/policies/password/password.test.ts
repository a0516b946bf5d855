import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FakePolicyServices, policyRequest, type RequestOptions } from '../../../test/support/policy-request.ts'
import { configProblems } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { snakeCase } from '../../shapes/names.ts'
import { passwordPolicy } from './password.policy.ts'

const passed = { passing: true, messages: [] }

async function judge(password: unknown, config: object = {}, options: RequestOptions = {}) {
  const context = { prompt_data: { password: password as string } }
  return passwordPolicy.evaluate(policyRequest(passwordPolicy, { context, ...options, config }))
}

/** A service that knows this password, and how often it was leaked. */
async function leaks(password: string, times: number): Promise<FakePolicyServices> {
  const hash = createHash('sha1').update(password).digest('hex').toUpperCase()
  const server = createServer((request, response) => {
    const line = request.url === `/range/${hash.slice(0, 5)}` ? `${hash.slice(5)}:${times}\r\n` : ''
    response.end(`${line}${'0'.repeat(35)}:0`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return Object.assign(new FakePolicyServices(), {
    pwnedPasswordsUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  })
}

describe('the configuration of password policies', () => {
  it('is what authentik calls it, and checks nothing yet', () => {
    const settings = passwordPolicy.config.parse({})

    expect(Object.fromEntries(Object.entries(settings).map(([name, value]) => [snakeCase(name), value]))).toEqual({
      password_field: 'password',
      check_static_rules: true,
      check_have_i_been_pwned: false,
      check_zxcvbn: false,
      length_min: 0,
      amount_digits: 0,
      amount_uppercase: 0,
      amount_lowercase: 0,
      amount_symbols: 0,
      symbol_charset: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ ',
      error_message: '',
      hibp_allowed_count: 0,
      zxcvbn_score_threshold: 2,
    })
  })

  it('refuses amounts that nobody can have', () => {
    expect(
      configProblems(passwordPolicy, { lengthMin: -1, amountDigits: 0.5, zxcvbnScoreThreshold: 5, passwordField: '' }),
    ).toEqual(['passwordField', 'lengthMin', 'amountDigits', 'zxcvbnScoreThreshold'])
  })
})

describe('the password that is judged', () => {
  const unset = { passing: false, messages: ['Password not set in context'] }
  const find = (context: RequestOptions['context'], passwordField = 'password') =>
    judge('', { passwordField, lengthMin: 3, errorMessage: 'Too short.' }, { context: context ?? {} })

  it('must be there', async () => {
    expect(await find({})).toEqual(unset)
    expect(await find({ prompt_data: {} })).toEqual(unset)
    expect(await find({ prompt_data: { password: null } })).toEqual(unset)
    expect(await find({ prompt_data: { password: 12345 } })).toEqual(unset)
    expect(await find({ prompt_data: 'password' })).toEqual(unset)
    expect(await find({ prompt_data: {} }, 'toString')).toEqual(unset)
    expect(await find({ prompt_data: { other: 'abc' } }, 'password')).toEqual(unset)
  })

  it('is the one of the configured field, of the form before the context', async () => {
    expect(await find({ prompt_data: { secret: 'abc', password: 'a' } }, 'secret')).toEqual(passed)
    expect(await find({ secret: 'abc' }, 'secret')).toEqual(passed)
    expect(await find({ secret: 'abc', prompt_data: { secret: 'a' } }, 'secret')).toEqual({
      passing: false,
      messages: ['Too short.'],
    })
    expect(await find({ password: 'abc', prompt_data: { password: null } })).toEqual(unset)
  })
})

describe('the rules of length and amounts', () => {
  const message = { errorMessage: 'Not good enough.' }
  const failed = { passing: false, messages: ['Not good enough.'] }

  it.each([
    ['length', { lengthMin: 4 }, 'abcd', 'abc'],
    ['length, of people and not of code units', { lengthMin: 4 }, '🔑🔑🔑🔑', '🔑🔑🔑'],
    ['digits', { amountDigits: 2 }, 'a12', 'a1'],
    ['upper-case letters', { amountUppercase: 2 }, 'ABc', 'Abcdef'],
    ['upper-case letters, whatever the lower-case ones need', { amountUppercase: 1, amountLowercase: 2 }, 'Aab', 'Aa'],
    ['lower-case letters', { amountLowercase: 2 }, 'abC', 'aBCD'],
    ['letters of any script', { amountUppercase: 1, amountLowercase: 1 }, 'Жж', 'жж'],
    ['symbols', { amountSymbols: 2 }, 'a!b ', 'a!b'],
    ['symbols of the configured set', { amountSymbols: 1, symbolCharset: 'x€' }, 'a€', 'a!'],
  ])('ask for %s', async (_, config, good, bad) => {
    expect(await judge(good, { ...config, ...message })).toEqual(passed)
    expect(await judge(bad, { ...config, ...message })).toEqual(failed)
  })

  it('are named where no message is configured', async () => {
    expect(await judge('abc', { lengthMin: 8, amountDigits: 1, amountLowercase: 3 })).toEqual({
      passing: false,
      messages: ['The password needs at least 8 characters, 1 digit.'],
    })
  })

  it('are left out where they are switched off', async () => {
    expect(await judge('a', { lengthMin: 8, checkStaticRules: false })).toEqual(passed)
  })
})

describe('leaked passwords', () => {
  const config = { checkHaveIBeenPwned: true, lengthMin: 3 }

  it('are refused, with how often they were seen', async () => {
    const services = await leaks('hunter2', 17)

    expect(await judge('hunter2', config, { services })).toEqual({
      passing: false,
      messages: ['Password exists on 17 online lists.'],
    })
    expect(await judge('hunter3', config, { services })).toEqual(passed)
  })

  it('pass as often as the administrator allows', async () => {
    const services = await leaks('hunter2', 17)

    expect(await judge('hunter2', { ...config, hibpAllowedCount: 17 }, { services })).toEqual(passed)
    expect(await judge('hunter2', { ...config, hibpAllowedCount: 16 }, { services })).toMatchObject({ passing: false })
  })

  it('are not asked for where the other rules fail already', async () => {
    expect(await judge('ab', config)).toMatchObject({ passing: false })
  })

  it('are not let in because nobody could be asked', async () => {
    await expect(judge('hunter2', config)).rejects.toThrow('Leaked passwords cannot be looked up now.')
  })

  it('are nobody else’s business where they are not checked', async () => {
    expect(await judge('hunter2')).toEqual(passed)
  })

  it('are looked up for as long as the binding allows', async () => {
    const services = await leaks('hunter2', 17)

    await expect(judge('hunter2', config, { services, signal: AbortSignal.abort() })).rejects.toThrow()
  })
})

describe('the estimate', () => {
  const config = { checkZxcvbn: true }

  it('refuses what is guessed early, and says what would help', async () => {
    const result = await judge('P4$$w0rd!1', config)

    expect(result).toMatchObject({ passing: false })
    expect(result.messages[0]).toBe('Password is too weak.')
    expect(result.messages.length).toBeGreaterThan(1)
    expect(result.messages.join()).not.toContain('P4$$w0rd')
  })

  it('takes what is not, and has nothing to say', async () => {
    expect(await judge('vellum quarry 93 osprey', config)).toEqual(passed)
  })

  it('wants more than the threshold', async () => {
    expect(await judge('vellum quarry 93 osprey', { ...config, zxcvbnScoreThreshold: 3 })).toEqual(passed)
    expect(await judge('vellum quarry 93 osprey', { ...config, zxcvbnScoreThreshold: 4 })).toMatchObject({ passing: false })
    expect(await judge('password', { ...config, zxcvbnScoreThreshold: 0 })).toMatchObject({ passing: false })
  })

  it.each([
    ['user', { user: someUser({ username: 'zorblaxian', name: 'Quixomere Trandel', email: 'vumpet@example.test' }) }, {}],
    ['form', {}, { username: 'zorblaxian', name: 'Quixomere Trandel', email: 'vumpet@example.test' }],
  ])('knows the names of the %s', async (_, options, form) => {
    for (const password of ['zorblaxian', 'quixomere', 'vumpet@example.test', 'vumpet1']) {
      const context = { prompt_data: { ...form, password } }
      expect(await judge(password, { ...config, zxcvbnScoreThreshold: 1 }, { ...options, context }), password).toMatchObject({
        passing: false,
      })
    }
    expect(await judge('zorblaxian', { ...config, zxcvbnScoreThreshold: 1 })).toEqual(passed)
  })

  it('looks at the first hundred characters only', async () => {
    const tail = 'vellum quarry 93 osprey'

    expect(await judge(`${'a'.repeat(77)}${tail}`, config)).toEqual(passed)
    expect(await judge(`${'a'.repeat(100)}${tail}`, config)).toMatchObject({ passing: false })
  })
})
