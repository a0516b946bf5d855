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
import { changesOf } from '../../../test/support/verdict-effects.ts'
import type { Authenticator } from '../../flow/authenticators.ts'
import type { Effect } from '../../flow/effects.ts'
import type { Changes } from '../../flow/stage.ts'
import { mostRefusedCodes, authenticatorEmailStage as stage } from './authenticator-email.stage.ts'

const ada = someUser()
const asking = (options: ContextOptions = {}) => stageContext(stage, { pendingUser: ada, ...options })
const nameless = someUser({ email: '' })
const denied = 'The user already has an email address registered for MFA.'

/** What the stage kept and did. */
interface Turn {
  readonly state: unknown
  readonly mails: readonly Extract<Effect, { type: 'send_mail' }>['mail'][]
}

function turnOf(state: unknown, changes: Changes | undefined): Turn {
  const mails = (changes?.effects ?? []).flatMap((effect) => (effect.type === 'send_mail' ? [effect.mail] : []))
  return { state, mails }
}

/** The first screen. */
async function opened(options: ContextOptions = {}): Promise<Turn> {
  const verdict = await stage.present(asking(options))
  if (verdict.type !== 'ask' && verdict.type !== 'wait') throw new Error(`The stage did not ask: ${verdict.type}`)
  return turnOf(verdict.state, verdict.changes)
}

/** An answer that is taken, without passing the stage. */
async function submitted(email: string, options: ContextOptions): Promise<Turn> {
  const verdict = await answered(stage, asking(options), { email })
  if (verdict.type !== 'invalid' || verdict.errors.length > 0) throw new Error(`Refused: ${JSON.stringify(verdict)}`)
  return turnOf(verdict.changes.state, verdict.changes)
}

const codeIn = ({ mails }: Turn) => String(mails[0]?.values.token)

/** What a finished enrolment left. */
async function enrolled(options: ContextOptions = {}): Promise<Authenticator> {
  const turn = await opened(options)
  const verdict = await answered(stage, asking({ ...options, state: turn.state }), { code: codeIn(turn) })
  const effect = verdict.type === 'advance' ? verdict.changes.effects?.[0] : undefined
  if (effect?.type !== 'add_authenticator') throw new Error(`Not enrolled: ${JSON.stringify(verdict)}`)
  const { lookup, ...authenticator } = effect.authenticator
  const untouched = { confirmed: true, version: 1, failures: 0, lastFailedAt: undefined, lastUsedAt: undefined }
  return { id: 'mailbox', createdAt: testNow, lookup, ...untouched, ...authenticator }
}

describe('setting up an email address', () => {
  it("mails a code to the person's own address at once, and once only", async () => {
    const first = await opened()
    const reloaded = await opened({ state: first.state })

    expect(first.mails).toMatchObject([
      {
        to: { address: 'ada@example.test', name: 'Ada Lovelace' },
        subject: 'Sign-in code',
        template: 'email/email_otp.html',
        from: 'system@authentik.local',
        smtp: { host: 'localhost', port: 25 },
        values: { expires: '2026-03-01T12:30:00.000Z', minutes: 30, user: { username: 'ada' }, brand: { title: 'Acme' } },
      },
    ])
    expect(codeIn(first)).toMatch(/^\d{6}$/)
    expect(reloaded).toEqual({ state: first.state, mails: [] })
    expect(await shown(stage, asking({ state: first.state }))).toEqual({ email: 'a**@e******.test', emailRequired: false })
  })

  it('keeps neither the code nor the whole address in sight', async () => {
    const first = await opened()

    expect(JSON.stringify(first.state)).not.toContain(codeIn(first))
    expect(JSON.stringify(await shown(stage, asking({ state: first.state })))).not.toContain('ada@')
  })

  it('asks for an address where none is known, and takes one from a prompt', async () => {
    expect(await shown(stage, asking({ pendingUser: nameless }))).toEqual({ email: null, emailRequired: true })
    const prompted = { pending_user: { known: true, id: ada.id }, prompt_data: { email: 'new@example.test' } } as const
    const turn = await opened({ pendingUser: nameless, context: prompted })

    expect(turn.mails[0]?.to?.address).toBe('new@example.test')
  })

  it("sends by the server's own settings where it should", async () => {
    const { mails } = await opened({ config: { useGlobalSettings: true, subject: 'Hello', template: 'email/mine.html' } })

    expect(mails[0]).toMatchObject({ smtp: undefined, from: '', subject: 'Hello', template: 'email/mine.html' })
  })

  it('adds what the right code proves', async () => {
    const first = await opened()
    const context = asking({ state: first.state, config: { friendlyName: 'Mailbox' } })

    expect(await answered(stage, context, { code: codeIn(first) })).toMatchObject({
      type: 'advance',
      changes: {
        effects: [
          {
            type: 'add_authenticator',
            authenticator: {
              userId: ada.id,
              kind: 'email',
              stageId: context.stageId,
              name: 'Mailbox',
              data: { email: 'ada@example.test' },
              lookup: expect.not.stringContaining('@'),
            },
          },
        ],
      },
    })
  })

  it('refuses a wrong code, and one that came too late', async () => {
    const first = await opened()
    const wrong = codeIn(first) === '000000' ? '000001' : '000000'
    const refused = { type: 'invalid', errors: [{ field: 'nonFieldErrors', message: 'Code does not match', code: 'invalid' }] }
    const late = new Date(testNow.getTime() + 30 * 60_000)

    expect(await answered(stage, asking({ state: first.state }), { code: wrong })).toMatchObject(refused)
    expect(await answered(stage, asking({ state: first.state, now: late }), { code: codeIn(first) })).toMatchObject(refused)
    expect(await answered(stage, asking({ state: {} }), { code: '123456' })).toMatchObject(refused)
    expect(await shown(stage, asking({ state: first.state, now: late }))).toMatchObject({ emailRequired: true })
  })

  it('takes a code from nobody else', async () => {
    const first = await opened()

    expect(
      await answered(stage, asking({ pendingUser: someUser({ id: 8 }), state: first.state }), { code: codeIn(first) }),
    ).toMatchObject({ type: 'invalid' })
  })

  it('mails another code to another address, and takes only that', async () => {
    const first = await opened()
    const second = await submitted('Other@example.test', { state: first.state })
    const context = asking({ state: second.state })

    expect(second.mails[0]?.to?.address).toBe('Other@example.test')
    expect(await shown(stage, context)).toEqual({ email: 'O****@e******.test', emailRequired: false })
    if (codeIn(first) !== codeIn(second)) {
      expect(await answered(stage, context, { code: codeIn(first) })).toMatchObject({
        errors: [{ message: 'Code does not match' }],
      })
    }
    expect(await answered(stage, context, { code: codeIn(second) })).toMatchObject({ type: 'advance' })
  })

  it('does not let a code confirm an address that it was not sent to', async () => {
    const first = await opened()
    const forged = { ...(first.state as object), address: 'victim@example.test' }

    expect(await answered(stage, asking({ state: forged }), { code: codeIn(first) })).toMatchObject({ type: 'invalid' })
  })

  it('heeds only the code where both are sent', async () => {
    const first = await opened()
    const verdict = await answered(stage, asking({ state: first.state }), { code: codeIn(first), email: 'other@example.test' })

    expect(verdict).toMatchObject({ changes: { effects: [{ authenticator: { data: { email: 'ada@example.test' } } }] } })
  })

  it.each([
    [{}, 'nonFieldErrors', 'email required'],
    [{ email: 'nobody' }, 'email', 'Enter a valid email address.'],
    [{ email: 'a@b.test\nBcc: c@d.test' }, 'email', 'Enter a valid email address.'],
  ])('says what is wrong with %j', async (response, field, message) => {
    expect(await answered(stage, asking({ state: {} }), response)).toMatchObject({
      errors: [{ field, message, code: 'invalid' }],
    })
  })

  it('takes no blank fields', () => {
    expect(refusals(stage, { code: '', email: '' })).toMatchObject([
      { field: 'code', code: 'blank' },
      { field: 'email', code: 'blank' },
    ])
  })
})

describe('an address that is enrolled already', () => {
  it('is refused to everybody, however it is written', async () => {
    const authenticators = [{ ...(await enrolled()), userId: 8 }]
    const context = asking({ pendingUser: nameless, state: {}, authenticators })

    for (const email of ['ada@example.test', 'ADA@Example.test']) {
      expect(await answered(stage, context, { email })).toMatchObject({
        type: 'invalid',
        errors: [{ field: 'nonFieldErrors', message: 'Invalid email', code: 'invalid' }],
      })
    }
  })

  it("is asked for another where it is the person's own", async () => {
    const authenticators = [{ ...(await enrolled()), userId: 8 }]
    const first = await opened({ authenticators })

    expect(first.mails).toEqual([])
    expect(await shown(stage, asking({ authenticators }))).toEqual({ email: null, emailRequired: true })
    expect((await opened({ authenticators, state: first.state })).mails).toEqual([])
  })

  it('is noticed when somebody else was quicker', async () => {
    const first = await opened()
    const authenticators = [{ ...(await enrolled()), userId: 8 }]
    const verdict = await answered(stage, asking({ authenticators, state: first.state }), { code: codeIn(first) })

    expect(verdict).toMatchObject({ errors: [{ message: 'Invalid email' }], changes: { state: {} } })
  })

  it('is one a person and stage', async () => {
    const first = await opened()
    const own = await enrolled()
    const otherStage = { ...own, stageId: 'another', lookup: 'another' }

    expect(await stage.present(asking({ authenticators: [own] }))).toEqual({ type: 'deny', message: denied })
    expect(await answered(stage, asking({ authenticators: [own], state: first.state }), { code: codeIn(first) })).toEqual({
      type: 'deny',
      message: denied,
    })
    expect(await shown(stage, asking({ authenticators: [otherStage] }))).toMatchObject({ emailRequired: false })
  })
})

describe('the limits of setting up an email address', () => {
  it('are those of messages: what was not sent is not told to have been', async () => {
    const takeTurn = () => 90
    const first = await opened()
    const refused = await answered(stage, asking({ takeTurn, state: first.state }), { email: 'other@example.test' })

    expect(await shown(stage, asking({ takeTurn }))).toEqual({ email: null, emailRequired: true })
    expect(refused).toMatchObject({
      errors: [{ field: 'nonFieldErrors', message: 'Too many messages. Try again in 2 minutes.', code: 'throttled' }],
    })
    expect(changesOf(refused)).toEqual({ state: { ...(first.state as object), resendAt: testNow.getTime() + 90_000 } })
  })

  it('are those of guesses, which codes alone are', () => {
    expect(stage.guesses?.(asking(), { code: '1' })).toBe(`enrolment:${ada.id}`)
    expect(stage.guesses?.(asking(), { email: 'a@b.test' })).toBeUndefined()
    expect(stage.attemptLimit?.(asking())).toBe(mostRefusedCodes)
  })

  it('are who it is for: nobody passes it, and no session stands in for who pretends', async () => {
    const pretended = { pending_user: { known: false, identifier: 'x' } } as const

    expect(await stage.present(stageContext(stage))).toMatchObject({ type: 'advance' })
    expect(await stage.present(stageContext(stage, { sessionUser: ada, context: pretended }))).toMatchObject({ type: 'advance' })
    expect(await shown(stage, stageContext(stage, { sessionUser: ada }))).toMatchObject({ email: 'a**@e******.test' })
    expect(await answered(stage, asking(), { code: '1' })).toMatchObject({ type: 'deny' })
  })

  it('are what is configured', async () => {
    expect(await stage.present(asking({ mailTemplates: [] }))).toMatchObject({ type: 'deny' })
    expect(configProblems(stage, { useTls: true, useSsl: true })).toEqual(['useSsl'])
    expect(configProblems(stage, { tokenExpiry: 'soon', fromAddress: 'x' }).toSorted()).toEqual(['fromAddress', 'tokenExpiry'])
  })
})
