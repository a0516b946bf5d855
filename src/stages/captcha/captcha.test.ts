import { describe, expect, it } from 'vitest'
import { solveAltcha } from '../../../test/support/altcha-widget.ts'
import { startCaptchaProvider } from '../../../test/support/captcha-provider.ts'
import {
  answered,
  type ContextOptions,
  configProblems,
  refusals,
  shown,
  stageContext,
  testNow,
} from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import type { Verdict } from '../../flow/stage.ts'
import { captchaStage } from './captcha.stage.ts'

const keys = { publicKey: 'a-site-key', privateKey: 'the-secret-key' }
const siteKeyOverride = 'goauthentik.io/stages/captcha/site_key'
const privateKeyOverride = 'goauthentik.io/stages/captcha/private_key'
const stageId = 'f3f1c0a2-3c6e-4a53-9d5a-0d8a4c5b2e11'

const asking = ({ config, ...options }: ContextOptions = {}) =>
  stageContext(captchaStage, { pendingUser: someUser(), ...options, config: { ...keys, ...config } })

const refused = (message: string) => ({
  type: 'invalid',
  errors: [{ field: 'token', message, code: 'invalid' }],
  changes: {},
})
const invalid = 'Invalid captcha response'
const retryable = 'Invalid captcha response. Retrying may solve this issue.'

/** What becomes of a token of which the provider says this. */
async function judged(reply: object, config: object = {}): Promise<Verdict<never, unknown>> {
  const provider = await startCaptchaProvider(reply)
  return await answered(captchaStage, asking({ config: { apiUrl: provider.url, ...config } }), { token: 'a-token' })
}

const passed = (response: object) => ({ type: 'advance', changes: { context: { captcha: { response, stage: stageId } } } })

describe('the config of a captcha stage', () => {
  it('needs the keys, and has defaults for the rest', () => {
    expect(captchaStage.config.parse(keys)).toEqual({
      ...keys,
      provider: 'remote',
      jsUrl: 'https://www.recaptcha.net/recaptcha/api.js',
      apiUrl: 'https://www.recaptcha.net/recaptcha/api/siteverify',
      requestContentType: 'application/x-www-form-urlencoded',
      interactive: false,
      scoreMinThreshold: 0.5,
      scoreMaxThreshold: 1,
      errorOnInvalidScore: true,
      maxNumber: 10_000,
    })
  })

  it('needs no keys for a proof of work', () => {
    expect(configProblems(captchaStage, { provider: 'altcha' })).toEqual([])
  })

  it('takes the addresses of other providers', () => {
    const turnstile = {
      jsUrl: 'https://challenges.cloudflare.com/turnstile/v0/api.js',
      apiUrl: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
    }
    const own = { jsUrl: 'http://cap.internal:3000/widget.js', apiUrl: 'http://cap.internal:3000/site/siteverify' }

    expect(configProblems(captchaStage, { ...keys, ...turnstile })).toEqual([])
    expect(configProblems(captchaStage, { ...keys, ...own })).toEqual([])
  })

  it.each<[string, object, string[]]>([
    ['no keys', { publicKey: undefined, privateKey: undefined }, ['publicKey', 'privateKey']],
    ['no public key', { publicKey: '' }, ['publicKey']],
    ['no private key', { privateKey: '' }, ['privateKey']],
    ['a provider that nobody knows', { provider: 'oracle' }, ['provider']],
    ['a script that is no address', { jsUrl: 'api.js' }, ['jsUrl']],
    ['a script that runs by itself', { jsUrl: 'javascript:alert(1)' }, ['jsUrl']],
    ['an address that is no HTTP', { apiUrl: 'file:///etc/passwd' }, ['apiUrl']],
    ['a threshold that is no number', { scoreMinThreshold: 'low' }, ['scoreMinThreshold']],
    ['a content type that no provider takes', { requestContentType: 'text/plain' }, ['requestContentType']],
    ['work that is never done', { maxNumber: 0 }, ['maxNumber']],
  ])('is refused with %s', (_, config, fields) => {
    expect(configProblems(captchaStage, { ...keys, ...config })).toEqual(fields)
  })
})

describe('the captcha challenge', () => {
  it('tells what the client needs, and no secret', async () => {
    const verdict = await captchaStage.present(asking({ config: { interactive: true } }))

    expect(await shown(captchaStage, asking({ config: { interactive: true } }))).toEqual({
      siteKey: 'a-site-key',
      jsUrl: 'https://www.recaptcha.net/recaptcha/api.js',
      interactive: true,
      altcha: null,
    })
    expect(JSON.stringify(verdict)).not.toContain('the-secret-key')
    expect(captchaStage.showsPendingUser).toBe(true)
  })

  it('shows the site key that a policy has chosen, and not its private key', async () => {
    const context = { [siteKeyOverride]: 'another-site-key', [privateKeyOverride]: 'another-secret-key' }
    const challenge = await shown(captchaStage, asking({ context }))

    expect(challenge).toMatchObject({ siteKey: 'another-site-key' })
    expect(JSON.stringify(challenge)).not.toContain('secret-key')
  })

  it.each(['', 7, null])('shows the configured site key where a policy has chosen %j', async (value) => {
    expect(await shown(captchaStage, asking({ context: { [siteKeyOverride]: value } }))).toMatchObject({ siteKey: 'a-site-key' })
  })
})

describe('a token that a provider judges', () => {
  it.each<[string, object]>([
    ['reCAPTCHA v2', { success: true, challenge_ts: '2026-03-01T12:00:00Z', hostname: 'login.example.test' }],
    ['reCAPTCHA v3', { success: true, score: 0.9, action: 'login', hostname: 'login.example.test' }],
    ['hCaptcha', { success: true, credit: false, hostname: 'login.example.test', score: null }],
    ['Turnstile', { success: true, 'error-codes': [], action: '', cdata: '', metadata: { interactive: false } }],
  ])('passes when %s says so, and policies learn what was said', async (_, reply) => {
    expect(await judged(reply)).toEqual(passed(reply))
  })

  it('is sent with the secret and the address of the client', async () => {
    const provider = await startCaptchaProvider({ success: true })
    await answered(captchaStage, asking({ config: { apiUrl: provider.url } }), { token: 'a-token' })

    expect(provider.asked.map(({ body }) => body)).toEqual(['secret=the-secret-key&response=a-token&remoteip=192.0.2.7'])
  })

  it('is sent as JSON where that is configured', async () => {
    const provider = await startCaptchaProvider({ success: true })
    const config = { apiUrl: provider.url, requestContentType: 'application/json' }
    await answered(captchaStage, asking({ config }), { token: 'a-token' })

    expect(provider.asked.map(({ body }) => JSON.parse(body))).toEqual([
      { secret: 'the-secret-key', response: 'a-token', remoteip: '192.0.2.7' },
    ])
  })

  it('is sent with the private key that a policy has chosen', async () => {
    const provider = await startCaptchaProvider({ success: true })
    const context = asking({ config: { apiUrl: provider.url }, context: { [privateKeyOverride]: 'another-secret' } })

    expect(await answered(captchaStage, context, { token: 'a-token' })).toMatchObject({ type: 'advance' })
    expect(provider.asked.map(({ body }) => new URLSearchParams(body).get('secret'))).toEqual(['another-secret'])
  })

  it.each([
    ['missing-input-response'],
    ['invalid-input-response'],
    ['timeout-or-duplicate'],
    ['expired-input-response'],
    ['already-seen-response'],
    ['invalid-input-response', 'timeout-or-duplicate'],
  ])('may be worth another try when it is refused for %s %s', async (...codes) => {
    const reply = { success: false, 'error-codes': codes.filter(Boolean) }

    expect(await judged(reply)).toEqual(refused(retryable))
  })

  it.each<[string, object]>([
    ['another reason', { success: false, 'error-codes': ['invalid-input-secret'] }],
    ['another reason beside', { success: false, 'error-codes': ['timeout-or-duplicate', 'bad-request'] }],
    ['no reason', { success: false, 'error-codes': [] }],
    ['reasons that are not given', { success: false }],
    ['reasons in no list', { success: false, 'error-codes': 'timeout-or-duplicate' }],
    ['an answer that does not say', {}],
    ['an answer that is no yes', { success: 'true' }],
  ])('is refused for %s', async (_, reply) => {
    expect(await judged(reply)).toEqual(refused(invalid))
  })

  it.each<[number | string, object, boolean]>([
    [0.5, {}, true],
    [1, {}, true],
    [0.49, {}, false],
    [1.01, {}, false],
    [0.7, { scoreMaxThreshold: 0.6 }, false],
    [-2, { scoreMinThreshold: -1 }, true],
    [-0.5, { scoreMinThreshold: -0.9 }, true],
    [-0.95, { scoreMinThreshold: -0.9 }, false],
    [15, { scoreMaxThreshold: -1 }, true],
    [0.1, { scoreMaxThreshold: -1 }, false],
    ['0.9', {}, false],
  ])('with a score of %s within %j passes: %s', async (score, config, passes) => {
    const reply = { success: true, score }

    expect(await judged(reply, config)).toEqual(passes ? passed(reply) : refused(invalid))
  })

  it.each<[string, object]>([
    ['a score too low', { success: true, score: 0.1 }],
    ['no success', { success: false, 'error-codes': ['bad-request'] }],
  ])('passes with %s where a policy is to judge it', async (_, reply) => {
    expect(await judged(reply, { errorOnInvalidScore: false })).toEqual(passed(reply))
  })

  it.each([true, false])('is refused when the provider says nothing, judged by policies or not (%s)', async (config) => {
    const provider = await startCaptchaProvider((response) => response.writeHead(500).end('the-secret-key'))
    const context = asking({ config: { apiUrl: provider.url, errorOnInvalidScore: config } })
    const verdict = await answered(captchaStage, context, { token: 'a-token' })

    expect(verdict).toEqual(refused('Failed to validate token'))
  })

  it.each([
    [{}, 'This field is required.', 'required'],
    [{ token: null }, 'This field may not be null.', 'null'],
    [{ token: '' }, 'This field may not be blank.', 'blank'],
    [{ token: 7 }, 'Not a valid string.', 'invalid'],
    [{ token: 'x'.repeat(16_385) }, 'Ensure this field has no more than 16384 characters.', 'max_length'],
  ])('of the wrong form is refused by its schema: %#', (answer, message, code) => {
    expect(refusals(captchaStage, answer)).toEqual([{ field: 'token', message, code }])
  })
})

describe('a proof of work', () => {
  const config = { provider: 'altcha', publicKey: '', privateKey: '', maxNumber: 4 }

  /** The moment after it was shown. */
  async function shownOnce(options: ContextOptions = {}) {
    const verdict = await captchaStage.present(asking({ config, ...options }))
    if (verdict.type !== 'ask') throw new Error('The stage did not ask.')
    const { altcha } = verdict.challenge as { altcha: unknown }
    return { altcha, state: verdict.state, context: asking({ config, state: verdict.state }) }
  }

  it('is asked for without a provider, and alike however often', async () => {
    const { altcha, context } = await shownOnce()

    expect(await shown(captchaStage, context)).toEqual({ siteKey: '', jsUrl: '', interactive: false, altcha })
    expect((await shownOnce()).altcha).not.toEqual(altcha)
  })

  it('lets whoever did it pass', async () => {
    const { altcha, context } = await shownOnce()
    const token = await solveAltcha(altcha)

    expect(await answered(captchaStage, context, { token })).toEqual(passed({ success: true }))
  })

  it.each([true, false])('is refused when it was done for another execution, judged by policies or not (%s)', async (judge) => {
    const token = await solveAltcha((await shownOnce()).altcha)
    const { state } = await shownOnce()
    const context = asking({ config: { ...config, errorOnInvalidScore: judge }, state })

    expect(await answered(captchaStage, context, { token })).toEqual(refused(retryable))
  })

  it('is refused when none was asked for', async () => {
    const token = await solveAltcha((await shownOnce()).altcha)

    expect(await answered(captchaStage, asking({ config }), { token })).toEqual(refused(retryable))
  })

  it('is refused for another stage', async () => {
    const { altcha, state } = await shownOnce()
    const context = { ...asking({ config, state }), stageId: '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0001' }

    expect(await answered(captchaStage, context, { token: await solveAltcha(altcha) })).toEqual(refused(retryable))
  })

  it('is asked for anew once it comes too late', async () => {
    const { altcha, state } = await shownOnce()
    const late = asking({ config, state, now: new Date(testNow.getTime() + 10 * 60 * 1000) })

    expect(await answered(captchaStage, late, { token: await solveAltcha(altcha) })).toEqual(refused(retryable))
    expect((await shown(captchaStage, late)).altcha).not.toEqual(altcha)
  })
})
