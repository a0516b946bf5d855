import { describe, expect, it } from 'vitest'
import { createLogger } from './logger.ts'
import { withRequestId } from './request-scope.ts'

/** What a log writes, parsed. */
function logging(level = 'debug') {
  const lines: string[] = []
  const log = createLogger(level, { write: (line: string) => void lines.push(line) })
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}')
  return { log, lines, last }
}

const secretMembers = [
  'password',
  'newPassword',
  'password_hash',
  'passwordHash',
  'token',
  'stepToken',
  'step_token',
  'captcha_token',
  'secret',
  'client_secret',
  'secretKey',
  'authorization',
  'Authorization',
  'cookie',
  'set-cookie',
  'Set-Cookie',
  'code',
  'handle',
  'uid_field',
  'uidField',
]

describe('the log', () => {
  it('writes structured lines, with the time and the level in words', () => {
    const { log, last } = logging()
    log.warn({ flow: 'sign-in' }, 'a flow is slow')

    expect(last()).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      flow: 'sign-in',
      msg: 'a flow is slow',
    })
  })

  it('names the request that is being served, and an earlier one where it is told to', () => {
    const { log, last } = logging()
    withRequestId('request-1', () => log.info('inside'))
    expect(last()).toMatchObject({ requestId: 'request-1' })

    withRequestId('request-1', () => log.info({ requestId: 'request-0' }, 'about another one'))
    expect(last()).toMatchObject({ requestId: 'request-0' })
  })

  it('is as loud as it is told to be', () => {
    const { log, lines } = logging('error')
    log.warn('not this')
    log.error('this')

    expect(lines).toHaveLength(1)
  })

  it.each(secretMembers)('never shows a member named %s, wherever it stands', (name) => {
    const { log, lines, last } = logging()
    const hidden = { [name]: 'hush' }
    log.info(
      { ...hidden, one: { ...hidden, two: { ...hidden, three: { four: [{ five: { ...hidden } }] } } }, list: [hidden] },
      'an answer',
    )

    expect(lines.join()).not.toContain('hush')
    expect(last()[name]).toBe('[redacted]')
    expect(last().list).toEqual([{ [name]: '[redacted]' }])
  })

  it('hides whole objects by their name', () => {
    const { log, lines } = logging()
    log.info({ token: { value: 'hush' }, cookie: ['hush'] }, 'an answer')

    expect(lines.join()).not.toContain('hush')
  })

  it.each(['username', 'flow', 'tokens', 'codec', 'handler', 'component'])('shows a member named %s', (name) => {
    const { log, last } = logging()
    log.info({ [name]: 'shown' }, 'a step')

    expect(last()[name]).toBe('shown')
  })

  it('leaves what it was given as it was', () => {
    const { log } = logging()
    const answer = Object.freeze({ password: 'hush', nested: Object.freeze({ token: 'hush' }) })
    log.info(answer, 'an answer')

    expect(answer).toEqual({ password: 'hush', nested: { token: 'hush' } })
  })

  it('survives what refers to itself', () => {
    const { log, lines } = logging()
    const loop: Record<string, unknown> = { password: 'hush' }
    loop.self = loop
    log.info({ loop, at: new Date(0) }, 'a loop')

    expect(lines).toHaveLength(1)
    expect(lines.join()).not.toContain('hush')
    expect(lines.join()).toContain('1970-01-01T00:00:00.000Z')
  })
})

describe('an error in the log', () => {
  it('says what, where and why, down to its cause', () => {
    const { log, last } = logging()
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    log.error({ err: new TypeError('the store does not answer', { cause }) }, 'a request failed')

    expect(last().err).toEqual({
      name: 'TypeError',
      message: 'the store does not answer',
      stack: expect.stringContaining('logger.test.ts'),
      cause: { name: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED', stack: expect.any(String) },
    })
  })

  it('says nothing else: parameters of a query hold what people typed', () => {
    const { log, lines } = logging()
    const error = Object.assign(new Error('query failed'), { parameters: ['hush'], meta: { value: 'hush' } })
    log.error({ err: error, nested: { error } }, 'a request failed')
    log.error(error)

    expect(lines).toHaveLength(2)
    expect(lines.join()).not.toContain('hush')
  })

  it('may be anything that was thrown', () => {
    const { log, last } = logging()
    log.error({ err: 'a tantrum' }, 'a request failed')

    expect(last().err).toEqual({ message: 'a tantrum' })
  })

  it('is not endless', () => {
    const { log, lines } = logging()
    const error: Error = new Error('x'.repeat(100_000))
    error.cause = error
    log.error({ err: error }, 'a request failed')

    expect(lines.join().length).toBeLessThan(50_000)
  })
})
