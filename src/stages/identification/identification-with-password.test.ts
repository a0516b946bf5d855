import { describe, expect, it } from 'vitest'
import { answered, type ContextOptions, shown, stageContext } from '../../../test/support/stage-context.ts'
import { hashOf, outdatedHashOf, someUser } from '../../../test/support/stage-services.ts'
import { inbuiltBackend } from '../../credentials/password-backends.ts'
import { identificationStage } from './identification.stage.ts'

const passwordStage = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0009'
const ada = someUser()
const embedded = { backends: [inbuiltBackend], failedAttemptsBeforeCancel: 5, allowShowPassword: true }

/** Name and password on one screen. */
const signingIn = (options: ContextOptions = {}) =>
  stageContext(identificationStage, {
    users: [ada],
    stages: { [passwordStage]: embedded },
    ...options,
    config: { userFields: ['username'], passwordStage, ...options.config },
  })

const refusal = [{ field: 'nonFieldErrors', message: 'Failed to authenticate.', code: 'invalid' }]

describe('a password asked for beside the name', () => {
  it('is announced, as the password stage is configured', async () => {
    expect(await shown(identificationStage, signingIn())).toMatchObject({ passwordFields: true, allowShowPassword: true })
  })

  it('lets its owner pass, with proof of how', async () => {
    expect(await answered(identificationStage, signingIn(), { uidField: 'ada', password: 'correct horse' })).toEqual({
      type: 'advance',
      changes: {
        pendingUser: ada,
        context: {
          pending_user: { known: true, id: 7, backend: inbuiltBackend },
          pending_user_identifier: undefined,
          user_backend: inbuiltBackend,
          auth_method: 'password',
        },
        effects: [],
      },
    })
  })

  it('moves an outdated hash to current parameters', async () => {
    const passwordHash = outdatedHashOf('correct horse')
    const context = signingIn({ users: [someUser({ passwordHash })] })

    expect(await answered(identificationStage, context, { uidField: 'ada', password: 'correct horse' })).toMatchObject({
      changes: { effects: [{ type: 'upgrade_password_hash', userId: 7, from: passwordHash, to: hashOf('correct horse') }] },
    })
  })

  it.each([
    ['a wrong password', { uidField: 'ada', password: 'wrong' }, ada],
    ['no password', { uidField: 'ada' }, ada],
    ['an empty password', { uidField: 'ada', password: '' }, ada],
    ['a name nobody has', { uidField: 'nobody', password: 'correct horse' }, ada],
    ['a disabled account', { uidField: 'ada', password: 'correct horse' }, someUser({ isActive: false })],
    ['an account without a password', { uidField: 'ada', password: 'correct horse' }, someUser({ passwordHash: undefined })],
  ])('refuses %s in the same words', async (_, answer, user) => {
    const verdict = await answered(identificationStage, signingIn({ users: [user] }), answer)

    expect(verdict).toMatchObject({ type: 'invalid', errors: refusal })
  })

  it('refuses an unknown name even where later screens would pretend', async () => {
    const context = signingIn({ config: { pretendUserExists: true } })

    expect(await answered(identificationStage, context, { uidField: 'nobody', password: 'x' })).toMatchObject({ errors: refusal })
  })

  it('does the same work for a name nobody has', async () => {
    const context = signingIn()
    await answered(identificationStage, context, { uidField: 'nobody', password: 'guess' })
    await answered(identificationStage, context, { uidField: 'ada', password: 'guess' })

    expect(context.passwords.checks).toEqual([
      { password: 'guess', storedHash: undefined },
      { password: 'guess', storedHash: ada.passwordHash },
    ])
  })

  it('does the work of a check even without a password', async () => {
    const context = signingIn()
    await answered(identificationStage, context, { uidField: 'ada' })

    expect(context.passwords.checks).toEqual([{ password: '', storedHash: ada.passwordHash }])
  })

  it('leaves the same trace of a refusal whoever was named: nobody of ours is pending', async () => {
    const of = async (uidField: string) => {
      const verdict = await answered(identificationStage, signingIn(), { uidField, password: 'wrong' })
      return verdict.type === 'invalid' ? verdict.changes.context : undefined
    }

    expect(await of('ada')).toEqual({ pending_user: { known: false, identifier: 'ada' }, pending_user_identifier: undefined })
    expect(await of('nobody')).toEqual({
      pending_user: { known: false, identifier: 'nobody' },
      pending_user_identifier: undefined,
    })
  })

  it('asks only backends that the password stage lists', async () => {
    const elsewhere = { ...embedded, backends: ['authentik.sources.ldap.auth.LDAPBackend'] }
    const context = signingIn({ stages: { [passwordStage]: elsewhere } })

    expect(await answered(identificationStage, context, { uidField: 'ada', password: 'correct horse' })).toMatchObject({
      type: 'invalid',
      errors: refusal,
    })
    expect(context.passwords.checks).toEqual([{ password: 'correct horse', storedHash: undefined }])
  })

  it('is still asked for, and lets nobody pass, when the password stage is gone', async () => {
    const context = signingIn({ stages: {} })

    expect(await shown(identificationStage, context)).toMatchObject({ passwordFields: true, allowShowPassword: false })
    expect(await answered(identificationStage, context, { uidField: 'ada' })).toMatchObject({ type: 'invalid', errors: refusal })
    expect(await answered(identificationStage, context, { uidField: 'ada', password: 'correct horse' })).toMatchObject({
      type: 'invalid',
    })
  })

  it('is never answered by a hint', async () => {
    const context = signingIn({ context: { pending_user_identifier: 'ada' } })

    expect(await shown(identificationStage, context)).toMatchObject({ pendingUserIdentifier: 'ada', passwordFields: true })
  })

  it('counts as a guess at the name, however that is written', () => {
    expect(identificationStage.guesses?.(signingIn(), { uidField: ' ADA ', password: 'x' })).toBe('identifier:ada')
    expect(identificationStage.guesses?.(signingIn(), { uidField: '', password: 'x' })).toBeUndefined()
  })

  it.each([
    ['the limit of the password stage', embedded, 5],
    ['none where that has none', { ...embedded, failedAttemptsBeforeCancel: 0 }, Number.POSITIVE_INFINITY],
  ])('ends the flow after %s', (_, config, limit) => {
    expect(identificationStage.attemptLimit?.(signingIn({ stages: { [passwordStage]: config } }))).toBe(limit)
  })
})
