import { describe, expect, it } from 'vitest'
import { solveAltcha } from '../../../test/support/altcha-widget.ts'
import { type CaptchaProvider, startCaptchaProvider } from '../../../test/support/captcha-provider.ts'
import { answered, type ContextOptions, refusals, shown, stageContext } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { inbuiltBackend } from '../../credentials/password-backends.ts'
import { identificationStage } from './identification.stage.ts'

const captchaStage = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0010'
const passwordStage = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0009'
const ada = someUser()

/** As a captcha stage stores it, without its secret. */
const captcha = {
  kind: 'captcha',
  provider: 'remote',
  publicKey: 'a-site-key',
  jsUrl: 'https://www.recaptcha.net/recaptcha/api.js',
  apiUrl: 'http://127.0.0.1:1/siteverify',
  requestContentType: 'application/x-www-form-urlencoded',
  interactive: true,
  scoreMinThreshold: 0.5,
  scoreMaxThreshold: 1,
  errorOnInvalidScore: true,
  maxNumber: 4,
}
const password = { backends: [inbuiltBackend], failedAttemptsBeforeCancel: 5, allowShowPassword: true }

const identifying = (about: object = {}, options: ContextOptions = {}) =>
  stageContext(identificationStage, {
    users: [ada],
    stages: { [captchaStage]: { ...captcha, ...about }, [passwordStage]: password },
    secretConfigs: { [captchaStage]: { privateKey: 'the-secret-key' } },
    ...options,
    config: { userFields: ['username'], captchaStage, ...options.config },
  })

const askedWith = ({ asked }: CaptchaProvider) =>
  asked.map(({ body }) => Object.fromEntries(new URLSearchParams(body)) as Record<string, string>)

const refusal = [{ field: 'nonFieldErrors', message: 'Failed to authenticate.', code: 'invalid' }]

describe('a captcha on the screen that asks for the name', () => {
  it('is shown as the captcha stage would, without its secret', async () => {
    const challenge = await shown(identificationStage, identifying())

    expect(challenge.captchaStage).toEqual({
      component: 'ak-stage-captcha',
      pendingUser: '',
      pendingUserAvatar: '/static/dist/assets/images/user_default.png',
      siteKey: 'a-site-key',
      jsUrl: 'https://www.recaptcha.net/recaptcha/api.js',
      interactive: true,
      altcha: null,
    })
    expect(JSON.stringify(challenge)).not.toContain('secret')
  })

  it('heeds the keys that a policy has chosen', async () => {
    const provider = await startCaptchaProvider({ success: true })
    const context = {
      'goauthentik.io/stages/captcha/site_key': 'another-site-key',
      'goauthentik.io/stages/captcha/private_key': 'another-secret',
    }
    const identification = identifying({ apiUrl: provider.url }, { context })

    expect(await shown(identificationStage, identification)).toMatchObject({ captchaStage: { siteKey: 'another-site-key' } })
    await answered(identificationStage, identification, { uidField: 'ada', captchaToken: 'a-token' })
    expect(askedWith(provider)).toMatchObject([{ secret: 'another-secret' }])
  })

  it('lets people pass who solve it, and tells policies what the provider said', async () => {
    const provider = await startCaptchaProvider({ success: true, score: 0.9 })
    const verdict = await answered(identificationStage, identifying({ apiUrl: provider.url }), {
      uidField: 'ada',
      captchaToken: 'a-token',
    })

    expect(verdict).toEqual({
      type: 'advance',
      changes: {
        pendingUser: ada,
        context: {
          pending_user: { known: true, id: 7 },
          pending_user_identifier: undefined,
          captcha: { response: { success: true, score: 0.9 }, stage: captchaStage },
        },
      },
    })
    expect(askedWith(provider)).toEqual([{ secret: 'the-secret-key', response: 'a-token', remoteip: '192.0.2.7' }])
  })

  it('lets names pass that nobody has, where they are to pretend', async () => {
    const provider = await startCaptchaProvider({ success: true })
    const answer = { uidField: 'nobody', captchaToken: 'a-token' }
    const of = (pretendUserExists: boolean) =>
      answered(identificationStage, identifying({ apiUrl: provider.url }, { config: { pretendUserExists } }), answer)

    expect(await of(true)).toMatchObject({ type: 'advance', changes: { context: { pending_user: { known: false } } } })
    expect(await of(false)).toMatchObject({ type: 'invalid', errors: refusal })
  })

  it.each<[string, object]>([
    ['that is refused', { success: false }],
    ['that is worth another try', { success: false, 'error-codes': ['timeout-or-duplicate'] }],
    ['with a score too low', { success: true, score: 0.1 }],
    ['that the provider says nothing of', []],
  ])('keeps everybody out who brings a token %s, in the same words', async (_, reply) => {
    const provider = await startCaptchaProvider(reply)
    for (const uidField of ['ada', 'nobody']) {
      const context = identifying({ apiUrl: provider.url })
      const verdict = await answered(identificationStage, context, { uidField, captchaToken: 'a-token' })

      expect(verdict).toEqual({
        type: 'invalid',
        errors: refusal,
        changes: { context: { pending_user: { known: false, identifier: uidField }, pending_user_identifier: undefined } },
      })
      expect(context.users.lookups).toEqual([])
    }
    expect(provider.asked).toHaveLength(2)
  })

  it.each([{}, { captchaToken: null }, { captchaToken: '' }])(
    'keeps people out without asking the provider when they bring none: %j',
    async (answer) => {
      const provider = await startCaptchaProvider({ success: true })
      const context = identifying({ apiUrl: provider.url })

      expect(await answered(identificationStage, context, { uidField: 'ada', ...answer })).toMatchObject({
        type: 'invalid',
        errors: refusal,
      })
      expect(provider.asked).toEqual([])
    },
  )

  it('is not looked at before somebody is named', async () => {
    const provider = await startCaptchaProvider({ success: true })
    const verdict = await answered(identificationStage, identifying({ apiUrl: provider.url }), { captchaToken: 'a-token' })

    expect(verdict).toMatchObject({ errors: [{ message: 'No identification data provided.' }] })
    expect(provider.asked).toEqual([])
  })

  it.each<[string, ContextOptions]>([
    ['gone', { stages: {} }],
    ['of another kind', { stages: { [captchaStage]: { ...captcha, kind: 'dummy' } } }],
  ])('lets nobody pass when its stage is %s', async (_, options) => {
    const provider = await startCaptchaProvider({ success: true })
    const context = identifying({ apiUrl: provider.url }, options)

    expect(await shown(identificationStage, context)).toMatchObject({ captchaStage: null })
    expect(await answered(identificationStage, context, { uidField: 'ada', captchaToken: 'a-token' })).toMatchObject({
      type: 'invalid',
      errors: refusal,
    })
  })

  it('is never answered by a hint', async () => {
    const context = identifying({}, { context: { pending_user_identifier: 'ada' } })

    expect(await shown(identificationStage, context)).toMatchObject({ pendingUserIdentifier: 'ada' })
  })

  it('limits the length of tokens, and leaves room for long ones', () => {
    expect(refusals(identificationStage, { captchaToken: 'x'.repeat(16_384) })).toEqual([])
    expect(refusals(identificationStage, { captchaToken: 'x'.repeat(16_385) })).toMatchObject([
      { field: 'captchaToken', code: 'max_length' },
    ])
  })
})

describe('a captcha and a password beside the name', () => {
  const both = { config: { passwordStage } }

  it('must both be right', async () => {
    const provider = await startCaptchaProvider((response) =>
      response.end(JSON.stringify({ success: provider.asked.at(-1)?.body.includes('response=right') })),
    )
    const of = (token: string, typed: string) =>
      answered(identificationStage, identifying({ apiUrl: provider.url }, both), {
        uidField: 'ada',
        password: typed,
        captchaToken: token,
      })

    expect(await of('wrong', 'wrong')).toMatchObject({ type: 'invalid', errors: refusal })
    expect(await of('wrong', 'correct horse')).toMatchObject({ type: 'invalid', errors: refusal })
    expect(await of('right', 'wrong')).toMatchObject({ type: 'invalid', errors: refusal, changes: { about: ada } })
    expect(await of('right', 'correct horse')).toMatchObject({
      type: 'advance',
      changes: { context: { auth_method: 'password', captcha: { response: { success: true } } } },
    })
  })

  it('cost no password check before the captcha is solved', async () => {
    const provider = await startCaptchaProvider({ success: false })
    const context = identifying({ apiUrl: provider.url }, both)
    await answered(identificationStage, context, { uidField: 'ada', password: 'guess', captchaToken: 'a-token' })

    expect(context.passwords.checks).toEqual([])
  })
})

describe('a proof of work beside the name', () => {
  const altcha = { provider: 'altcha', publicKey: '' }

  /** The moment after it was shown. */
  async function shownOnce(options: ContextOptions = {}) {
    const verdict = await identificationStage.present(identifying(altcha, options))
    if (verdict.type !== 'ask') throw new Error('The stage did not ask.')
    const { captchaStage: screen } = verdict.challenge as { captchaStage: { altcha: unknown } }
    return { screen, state: verdict.state, context: identifying(altcha, { ...options, state: verdict.state }) }
  }

  it('is shown alike however often, and lets pass who has done it', async () => {
    const { screen, context } = await shownOnce()

    expect(await shown(identificationStage, context)).toMatchObject({ captchaStage: screen })
    expect(screen).toMatchObject({ siteKey: '', altcha: { signature: expect.any(String) } })
    expect(
      await answered(identificationStage, context, { uidField: 'ada', captchaToken: await solveAltcha(screen.altcha) }),
    ).toMatchObject({ type: 'advance', changes: { context: { captcha: { response: { success: true } } } } })
  })

  it.each([
    ['a right proof beside a wrong password', true],
    ['a wrong proof', false],
  ])('is good for one answer: after %s another one is asked for', async (_, isRight) => {
    const options = { config: { passwordStage } }
    const { screen, context } = await shownOnce(options)
    const captchaToken = isRight ? await solveAltcha(screen.altcha) : 'nonsense'
    const verdict = await answered(identificationStage, context, { uidField: 'ada', password: 'wrong', captchaToken })

    const state = (verdict.type === 'invalid' && verdict.changes.state) || context.state
    const next = identifying(altcha, { ...options, state })
    expect(verdict).toMatchObject({ type: 'invalid', errors: refusal })
    expect((await shown(identificationStage, next)).captchaStage).not.toEqual(screen)
    const again = { uidField: 'ada', password: 'correct horse', captchaToken: await solveAltcha(screen.altcha) }
    expect(await answered(identificationStage, next, again)).toMatchObject({ type: 'invalid' })
  })

  it('of another execution is refused', async () => {
    const captchaToken = await solveAltcha((await shownOnce()).screen.altcha)

    expect(await answered(identificationStage, (await shownOnce()).context, { uidField: 'ada', captchaToken })).toMatchObject({
      type: 'invalid',
      errors: refusal,
    })
  })
})
