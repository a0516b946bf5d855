import { describe, expect, it } from 'vitest'
import {
  answered,
  type ContextOptions,
  configProblems,
  refusals,
  shown,
  stageContext,
} from '../../../test/support/stage-context.ts'
import { hashOf, outdatedHashOf, someUser } from '../../../test/support/stage-services.ts'
import { inbuiltBackend } from '../../credentials/password-backends.ts'
import { passwordStage } from './password.stage.ts'

const ldap = 'authentik.sources.ldap.auth.LDAPBackend'
const ada = someUser()

const asking = (options: ContextOptions = {}) =>
  stageContext(passwordStage, { ...options, config: { backends: [inbuiltBackend], ...options.config } })
const askingAda = (options: ContextOptions = {}) => asking({ pendingUser: ada, ...options })
const askingNobody = () => asking({ context: { pending_user: { known: false, identifier: 'Nobody' } } })

describe('the config of a password stage', () => {
  it('needs a backend, and has defaults for the rest', () => {
    expect(passwordStage.config.parse({ backends: [inbuiltBackend, ldap] })).toEqual({
      backends: [inbuiltBackend, ldap],
      failedAttemptsBeforeCancel: 5,
      allowShowPassword: false,
    })
  })

  it.each([
    ['no backends', {}, 'backends'],
    ['an empty list of backends', { backends: [] }, 'backends'],
    ['a backend that does not exist', { backends: ['plain-text'] }, 'backends.0'],
    ['a negative limit', { backends: [ldap], failedAttemptsBeforeCancel: -1 }, 'failedAttemptsBeforeCancel'],
    ['half an attempt', { backends: [ldap], failedAttemptsBeforeCancel: 1.5 }, 'failedAttemptsBeforeCancel'],
  ])('is refused with %s', (_, config, field) => {
    expect(configProblems(passwordStage, config)).toEqual([field])
  })
})

describe('the password challenge', () => {
  it('shows what is configured, and no more', async () => {
    expect(await shown(passwordStage, askingAda())).toEqual({ allowShowPassword: false })
    expect(await shown(passwordStage, askingAda({ config: { allowShowPassword: true } }))).toEqual({ allowShowPassword: true })
  })

  it('links to the recovery flow of the brand', async () => {
    const recoveryUrl = 'https://login.example.test/if/flow/recover/'

    expect(await shown(passwordStage, askingAda({ recoveryUrl }))).toMatchObject({ recoveryUrl })
  })

  it('looks alike for somebody who only pretends to exist, and names the pending user for both', async () => {
    expect(passwordStage.showsPendingUser).toBe(true)
    expect(await shown(passwordStage, askingNobody())).toEqual(await shown(passwordStage, askingAda()))
  })

  it('is the same however often it is fetched', async () => {
    const context = askingAda()

    expect(await shown(passwordStage, context)).toEqual(await shown(passwordStage, context))
  })

  it('is not shown before somebody is named', async () => {
    expect(await passwordStage.present(asking())).toEqual({ type: 'deny', message: undefined })
  })
})

describe('an answer to the password challenge', () => {
  it('lets the owner of the password pass, with proof of how', async () => {
    expect(await answered(passwordStage, askingAda(), { password: 'correct horse' })).toEqual({
      type: 'advance',
      changes: {
        context: {
          pending_user: { known: true, id: 7, backend: inbuiltBackend },
          user_backend: inbuiltBackend,
          auth_method: 'password',
        },
        effects: [],
      },
    })
  })

  it('does not replace an earlier proof', async () => {
    const context = { auth_method: 'auth_webauthn_pwl', pending_user: { known: true, id: 7 } } as const

    expect(await answered(passwordStage, askingAda({ context }), { password: 'correct horse' })).toMatchObject({
      changes: { context: { auth_method: 'auth_webauthn_pwl' } },
    })
  })

  it('moves an outdated hash to current parameters', async () => {
    const passwordHash = outdatedHashOf('correct horse')
    const pendingUser = someUser({ passwordHash })

    expect(await answered(passwordStage, asking({ pendingUser }), { password: 'correct horse' })).toMatchObject({
      changes: { effects: [{ type: 'upgrade_password_hash', userId: 7, from: passwordHash, to: hashOf('correct horse') }] },
    })
  })

  it.each([
    ['a wrong password', askingAda(), 'wrong'],
    ['the password with a space behind it', askingAda(), 'correct horse '],
    ['a disabled account', asking({ pendingUser: someUser({ isActive: false }) }), 'correct horse'],
    ['an account without a password', asking({ pendingUser: someUser({ passwordHash: undefined }) }), 'correct horse'],
    ['an account that was deleted meanwhile', asking({ context: { pending_user: { known: true, id: 9 } } }), 'correct horse'],
    ['somebody who only pretends to exist', askingNobody(), 'correct horse'],
    ['backends that do not exist here', askingAda({ config: { backends: [ldap] } }), 'correct horse'],
  ])('refuses %s in the same words', async (_, context, password) => {
    expect(await answered(passwordStage, context, { password })).toEqual({
      type: 'invalid',
      errors: [{ field: 'password', message: 'Invalid password', code: 'invalid' }],
      changes: {},
    })
  })

  it.each([
    ['a wrong password', askingAda(), ada.passwordHash],
    ['a disabled account', asking({ pendingUser: someUser({ isActive: false }) }), ada.passwordHash],
    ['somebody who only pretends to exist', askingNobody(), undefined],
    ['backends that do not exist here', askingAda({ config: { backends: [ldap] } }), undefined],
  ])('does the work of one check for %s', async (_, context, storedHash) => {
    await answered(passwordStage, context, { password: 'guess' })

    expect(context.passwords.checks).toEqual([{ password: 'guess', storedHash }])
  })

  it('is denied before somebody is named, without any work', async () => {
    const context = asking()

    expect(await answered(passwordStage, context, { password: 'guess' })).toEqual({ type: 'deny', message: undefined })
    expect(context.passwords.checks).toEqual([])
  })

  it.each([
    [{}, 'This field is required.', 'required'],
    [{ password: null }, 'This field may not be null.', 'null'],
    [{ password: '' }, 'This field may not be blank.', 'blank'],
    [{ password: 7 }, 'Not a valid string.', 'invalid'],
    [{ password: 'x'.repeat(4097) }, 'Ensure this field has no more than 4096 characters.', 'max_length'],
  ])('of the wrong form is refused by its schema: %j', (answer, message, code) => {
    expect(refusals(passwordStage, answer)).toEqual([{ field: 'password', message, code }])
  })

  it('may consist of spaces', () => {
    expect(refusals(passwordStage, { password: '   ' })).toEqual([])
  })
})

describe('guessing at a password', () => {
  it('is counted against the account, or against the name that nobody has', () => {
    expect(passwordStage.guesses?.(askingAda(), { password: 'x' })).toBe('user:7')
    expect(passwordStage.guesses?.(askingNobody(), { password: 'x' })).toBe('identifier:nobody')
    expect(passwordStage.guesses?.(asking(), { password: 'x' })).toBeUndefined()
  })

  it.each([
    [1, 1],
    [5, 5],
    [0, Number.POSITIVE_INFINITY],
  ])('with the setting %i ends the flow at attempt %d', (failedAttemptsBeforeCancel, limit) => {
    expect(passwordStage.attemptLimit?.(askingAda({ config: { failedAttemptsBeforeCancel } }))).toBe(limit)
  })
})
