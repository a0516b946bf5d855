import { describe, expect, it } from 'vitest'
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
import { effectsOf } from '../../../test/support/verdict-effects.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import type { Verdict } from '../../flow/stage.ts'
import { mostRefusedCodes, authenticatorSmsStage as stage } from './authenticator-sms.stage.ts'

const ada = someUser()
const twilio = { provider: 'twilio', fromNumber: '+15550199', accountSid: 'AC1', auth: 'not a real token' }
const asking = ({ config = {}, ...options }: ContextOptions = {}) =>
  stageContext(stage, { pendingUser: ada, ...options, config: { ...twilio, ...config } })
const prompted = {
  pending_user: { known: true, id: ada.id },
  prompt_data: { phone: '+1 555 0100', name: 'Ada' },
} as const
const number = '+15550100'
const asks = { phoneNumber: null, phoneNumberRequired: true }

const textsIn = (verdict: Verdict<unknown, unknown>) => effectsOf(verdict, 'send_sms')
const codeIn = (verdict: Verdict<unknown, unknown>) => String(textsIn(verdict)[0]?.message.code)

/** What the stage kept after a number was sent, and the code that is on its way there. */
async function texted(phoneNumber: string, options: ContextOptions = {}) {
  const verdict = await answered(stage, asking({ state: {}, ...options }), { phoneNumber })
  if (verdict.type !== 'invalid' || verdict.errors.length > 0) throw new Error(`Refused: ${JSON.stringify(verdict)}`)
  return { state: verdict.changes.state, code: codeIn(verdict), texts: textsIn(verdict) }
}

/** What a finished enrolment left. */
async function enrolled(config: object = {}): Promise<Authenticator> {
  const { state, code } = await texted(number, { config })
  const verdict = await answered(stage, asking({ state, config }), { code })
  const effect = verdict.type === 'advance' ? verdict.changes.effects?.[0] : undefined
  if (effect?.type !== 'add_authenticator') throw new Error(`Not enrolled: ${JSON.stringify(verdict)}`)
  const { lookup, ...authenticator } = effect.authenticator
  const untouched = { confirmed: true, version: 1, failures: 0, lastFailedAt: undefined, lastUsedAt: undefined }
  return { id: 'phone', createdAt: testNow, lookup, ...untouched, ...authenticator }
}

describe('setting up a phone number', () => {
  it('asks for a number, and sends nothing before there is one', async () => {
    const verdict = await stage.present(asking())

    expect(await shown(stage, asking())).toEqual(asks)
    expect(verdict).toMatchObject({ type: 'ask' })
    expect(textsIn(verdict)).toEqual([])
  })

  it('sends one message to the number, and shows most of it masked', async () => {
    const { state, code, texts } = await texted('+1 (555) 01-00', { name: 'phone set-up' })

    expect(texts).toEqual([
      {
        type: 'send_sms',
        settings: { ...twilio, authPassword: '', authType: 'basic' },
        message: { to: number, code, text: `Use this code to authenticate in Acme: ${code}` },
        messageId: 'random-token-1',
        expiresAt: '2026-03-01T12:05:00.000Z',
        stage: 'phone set-up',
      },
    ])
    expect(code).toMatch(/^\d{6}$/)
    expect(JSON.stringify(state)).not.toContain(code)
    expect(await shown(stage, asking({ state }))).toEqual({ phoneNumber: '+******00', phoneNumberRequired: false })
  })

  it('sends one at once to a number from a prompt, and none on a reload', async () => {
    const verdict = await stage.present(asking({ context: prompted }))
    const state = verdict.type === 'wait' ? verdict.state : undefined
    const reloaded = asking({ context: prompted, state })

    expect(verdict).toMatchObject({ type: 'wait', challenge: { phoneNumberRequired: false } })
    expect(textsIn(verdict)).toMatchObject([{ message: { to: number } }])
    expect(await shown(stage, reloaded)).toMatchObject({ phoneNumberRequired: false })
    expect(textsIn(await stage.present(reloaded))).toEqual([])
    expect(await answered(stage, reloaded, { code: codeIn(verdict) })).toMatchObject({ type: 'advance' })
  })

  it('adds what the right code proves', async () => {
    const { state, code } = await texted(number)
    const context = asking({ state })

    expect(await answered(stage, context, { code })).toMatchObject({
      type: 'advance',
      changes: {
        effects: [
          {
            type: 'add_authenticator',
            authenticator: {
              userId: ada.id,
              kind: 'sms',
              stageId: context.stageId,
              name: 'SMS Device',
              data: { phoneNumber: number },
              lookup: expect.not.stringContaining('5550100'),
            },
          },
        ],
      },
    })
  })

  it('keeps a digest alone where it only verifies', async () => {
    const { data } = await enrolled({ verifyOnly: true })

    expect(Object.keys(data)).toEqual(['phoneNumberHash'])
    expect(JSON.stringify(data)).not.toContain('5550100')
  })

  it('refuses a wrong code, and one that came too late', async () => {
    const { state, code } = await texted(number)
    const refused = { type: 'invalid', errors: [{ field: 'nonFieldErrors', message: 'Code does not match', code: 'invalid' }] }
    const late = new Date(testNow.getTime() + 300_000)

    expect(await answered(stage, asking({ state }), { code: code === '000000' ? '000001' : '000000' })).toMatchObject(refused)
    expect(await answered(stage, asking({ state, now: late }), { code })).toMatchObject(refused)
    expect(await answered(stage, asking({ state: {} }), { code })).toMatchObject(refused)
    expect(await shown(stage, asking({ state, now: late }))).toMatchObject({ phoneNumberRequired: true })
    expect(await answered(stage, asking({ state, pendingUser: someUser({ id: 8 }) }), { code })).toMatchObject(refused)
  })

  it('sends another code to another number, and takes only that', async () => {
    const first = await texted(number)
    const second = await texted('+15550122', { state: first.state })
    const forged = { ...(first.state as object), number: '+15550122' }

    if (first.code !== second.code)
      expect(await answered(stage, asking({ state: second.state }), { code: first.code })).toMatchObject({ type: 'invalid' })
    expect(await answered(stage, asking({ state: forged }), { code: first.code })).toMatchObject({ type: 'invalid' })
    expect(await answered(stage, asking({ state: second.state }), { code: second.code })).toMatchObject({
      changes: { effects: [{ authenticator: { data: { phoneNumber: '+15550122' } } }] },
    })
  })

  it.each([
    [{}, 'phone_number required'],
    [{ phoneNumber: '5550100' }, 'Invalid phone number'],
  ])('says what is wrong with %j, and sends nothing', async (response, message) => {
    const verdict = await answered(stage, asking({ state: {} }), response)

    expect(verdict).toMatchObject({ errors: [{ field: 'nonFieldErrors', message, code: 'invalid' }] })
    expect(textsIn(verdict)).toEqual([])
  })

  it('takes no blank fields', () => {
    expect(refusals(stage, { code: '', phoneNumber: '' })).toMatchObject([
      { field: 'code', code: 'blank' },
      { field: 'phoneNumber', code: 'blank' },
    ])
  })
})

describe('a phone number that cannot be used', () => {
  const taken = 'Invalid phone number'

  it.each([{}, { verifyOnly: true }])(
    'is refused to everybody once it is enrolled, by whatever is kept of it: %j',
    async (config) => {
      const authenticators = [{ ...(await enrolled(config)), userId: 8 }]

      for (const verifyOnly of [true, false]) {
        const context = asking({ state: {}, authenticators, config: { verifyOnly } })
        const verdict = await answered(stage, context, { phoneNumber: '+1 555 0100' })
        expect(verdict).toMatchObject({ errors: [{ message: taken }] })
        expect(textsIn(verdict)).toEqual([])
      }
    },
  )

  it('is noticed when somebody else was quicker', async () => {
    const { state, code } = await texted(number)
    const authenticators = [{ ...(await enrolled()), userId: 8 }]

    expect(await answered(stage, asking({ state, authenticators }), { code })).toMatchObject({
      errors: [{ message: taken }],
      changes: { state: {} },
    })
  })

  it('is forgotten when a prompt asked for it', async () => {
    const authenticators = [{ ...(await enrolled()), userId: 8 }]
    const verdict = await stage.present(asking({ context: prompted, authenticators }))

    expect(verdict).toMatchObject({
      type: 'ask',
      challenge: asks,
      state: {},
      changes: { context: { prompt_data: { name: 'Ada' } } },
    })
    expect(verdict.type === 'ask' && verdict.changes?.context?.prompt_data).toEqual({ name: 'Ada' })
  })
})

describe('the limits of setting up a phone number', () => {
  it('are those of messages', async () => {
    const takeTurn = () => 90
    const refused = await answered(stage, asking({ takeTurn, state: {} }), { phoneNumber: number })
    const known = asking({ takeTurn, context: prompted })

    expect(refused).toMatchObject({
      errors: [{ field: 'nonFieldErrors', message: 'Too many messages. Try again in 2 minutes.', code: 'throttled' }],
    })
    expect(await shown(stage, known)).toEqual(asks)
    expect([...textsIn(refused), ...textsIn(await stage.present(known))]).toEqual([])
  })

  it('are those of guesses, which codes alone are', () => {
    expect(stage.guesses?.(asking(), { code: '1' })).toBe(`enrolment:${ada.id}`)
    expect(stage.guesses?.(asking(), { phoneNumber: number })).toBeUndefined()
    expect(stage.attemptLimit?.(asking())).toBe(mostRefusedCodes)
  })

  it('are not how many telephones somebody has', async () => {
    const own = { ...(await enrolled()), lookup: 'another number' }

    expect(await shown(stage, asking({ authenticators: [own] }))).toEqual(asks)
  })

  it('are who it is for: nobody passes it, and no session stands in for who pretends', async () => {
    const pretended = { pending_user: { known: false, identifier: 'x' } } as const

    expect(await stage.present(stageContext(stage, { config: twilio }))).toMatchObject({ type: 'advance' })
    expect(await stage.present(stageContext(stage, { sessionUser: ada, context: pretended, config: twilio }))).toMatchObject({
      type: 'advance',
    })
    expect(await answered(stage, asking(), { code: '1' })).toMatchObject({ type: 'deny' })
  })

  it('are what is configured', () => {
    expect(configProblems(stage, {}).toSorted()).toEqual(['accountSid', 'auth', 'fromNumber', 'provider'])
    expect(configProblems(stage, { ...twilio, provider: 'generic' })).toEqual(['accountSid'])
    expect(configProblems(stage, { ...twilio, provider: 'generic', accountSid: 'https://sms.example.test/' })).toEqual([])
    expect(configProblems(stage, { ...twilio, mapping: '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0001' })).toEqual(['mapping'])
    expect(configProblems(stage, { ...twilio, mapping: null })).toEqual([])
  })
})
