import { describe, expect, it } from 'vitest'
import { answered, configProblems, refusals, shown, stageContext } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { identificationStage } from './identification.stage.ts'

const enrollment = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0001'
const recovery = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0002'
const passwordless = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0003'
const source = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0004'

const ada = someUser({ id: 7, username: 'ada', attributes: { upn: 'ada@corp.test' } })
const fields = { userFields: ['email', 'username'] }

const identifying = (config: object = {}) => stageContext(identificationStage, { config: { ...fields, ...config }, users: [ada] })

describe('the config of an identification stage', () => {
  it('asks for little: everything but the fields has a default', () => {
    expect(identificationStage.config.parse({ userFields: ['username'] })).toEqual({
      userFields: ['username'],
      passwordStage: null,
      captchaStage: null,
      webauthnStage: null,
      caseInsensitiveMatching: true,
      showMatchedUser: true,
      pretendUserExists: true,
      enableRememberMe: false,
      enrollmentFlow: null,
      recoveryFlow: null,
      passwordlessFlow: null,
      sources: [],
      showSourceLabels: false,
    })
  })

  it('names the stages and sources that it needs', () => {
    const named = { passwordStage: enrollment, captchaStage: recovery, webauthnStage: passwordless, sources: [source] }

    expect(identificationStage.references?.(identificationStage.config.parse({ ...fields, ...named }))).toEqual([
      enrollment,
      recovery,
      passwordless,
      source,
    ])
    expect(identificationStage.references?.(identificationStage.config.parse(fields))).toEqual([])
  })

  it('may do without fields where there is a source, and says so where there is none', () => {
    expect(configProblems(identificationStage, { sources: [source] })).toEqual([])
    expect(identificationStage.config.safeParse({}).error?.issues[0]?.message).toBe(
      'When no user fields are selected, at least one source must be selected',
    )
  })

  it.each([
    ['no field to identify people by', {}, 'userFields'],
    ['an empty list of fields', { userFields: [] }, 'userFields'],
    ['a field that nobody has', { userFields: ['phone'] }, 'userFields.0'],
    ['a flow that is not named by its id', { ...fields, recoveryFlow: 'recovery' }, 'recoveryFlow'],
    ['a password stage that is not named by its id', { ...fields, passwordStage: 'password' }, 'passwordStage'],
    ['a captcha stage that is not named by its id', { ...fields, captchaStage: 'captcha' }, 'captchaStage'],
    ['a passkey stage that is not named by its id', { ...fields, webauthnStage: 'mfa' }, 'webauthnStage'],
    ['a source that is not named by its id', { ...fields, sources: ['corp'] }, 'sources.0'],
  ])('is refused with %s', (_, config, field) => {
    expect(configProblems(identificationStage, config)).toEqual([field])
  })
})

describe('the identification challenge', () => {
  it('says what may be typed, and nothing about who exists', async () => {
    expect(await shown(identificationStage, identifying())).toEqual({
      userFields: ['email', 'username'],
      pendingUserIdentifier: null,
      passwordFields: false,
      allowShowPassword: false,
      flowDesignation: 'authentication',
      captchaStage: null,
      primaryAction: 'Log in',
      sources: [],
      showSourceLabels: false,
      enableRememberMe: false,
      passkeyChallenge: null,
    })
  })

  it.each([
    ['authentication', 'Log in'],
    ['recovery', 'Continue'],
    ['enrollment', 'Continue'],
  ] as const)('names the purpose %s, and writes "%s" on the button', async (designation, primaryAction) => {
    const context = stageContext(identificationStage, { config: fields, flow: { designation } })

    expect(await shown(identificationStage, context)).toMatchObject({ flowDesignation: designation, primaryAction })
  })

  it('links to the flows that are configured, keeping the query string', async () => {
    const context = stageContext(identificationStage, {
      config: { ...fields, enrollmentFlow: enrollment, recoveryFlow: recovery, passwordlessFlow: passwordless },
      flows: { [enrollment]: 'enroll', [recovery]: 'recover', [passwordless]: 'passkey' },
      query: { next: '/home' },
    })

    expect(await shown(identificationStage, context)).toMatchObject({
      enrollUrl: '/if/flow/enroll/?next=%2Fhome',
      recoveryUrl: '/if/flow/recover/?next=%2Fhome',
      passwordlessUrl: '/if/flow/passkey/?next=%2Fhome',
    })
  })

  it('leaves out the link to a flow that was deleted', async () => {
    const challenge = await shown(identificationStage, identifying({ recoveryFlow: recovery }))

    expect(challenge).not.toHaveProperty('recoveryUrl')
  })

  it('is the same however often it is fetched', async () => {
    const context = identifying({ showMatchedUser: false })

    expect(await shown(identificationStage, context)).toEqual(await shown(identificationStage, context))
  })

  it('fills in what was typed before', async () => {
    const context = stageContext(identificationStage, {
      config: fields,
      users: [ada],
      context: { pending_user: { known: false, identifier: 'nobody' }, pending_user_identifier: 'nobody' },
    })

    expect(await shown(identificationStage, context)).toMatchObject({ pendingUserIdentifier: 'nobody' })
  })
})

describe('an answer to the identification challenge', () => {
  it.each([
    ['the user name', 'ada'],
    ['the e-mail address', 'ada@example.test'],
    ['another spelling', 'ADA'],
    ['a name with spaces around it, as phones write them', ' ada '],
  ])('finds somebody by %s', async (_, uidField) => {
    const verdict = await answered(identificationStage, identifying(), { uidField })

    expect(verdict).toEqual({
      type: 'advance',
      changes: { pendingUser: ada, context: { pending_user: { known: true, id: 7 }, pending_user_identifier: undefined } },
    })
  })

  it('looks in the configured fields only, in one go', async () => {
    const context = identifying({ userFields: ['upn'], caseInsensitiveMatching: false, pretendUserExists: false })

    expect(await answered(identificationStage, context, { uidField: 'ada@corp.test' })).toMatchObject({ type: 'advance' })
    expect(await answered(identificationStage, context, { uidField: 'ada' })).toMatchObject({ type: 'invalid' })
    expect(await answered(identificationStage, context, { uidField: 'ADA@corp.test' })).toMatchObject({ type: 'invalid' })
    expect(context.users.lookups).toHaveLength(3)
    expect(context.users.lookups[0]).toEqual({ identifier: 'ada@corp.test', fields: ['upn'], caseInsensitive: false })
  })

  it('finds a disabled account like any other', async () => {
    const context = stageContext(identificationStage, { config: fields, users: [someUser({ isActive: false })] })

    expect(await answered(identificationStage, context, { uidField: 'ada' })).toMatchObject({ type: 'advance' })
  })

  it('keeps what was typed for later screens where these must not tell who matched', async () => {
    const verdict = await answered(identificationStage, identifying({ showMatchedUser: false }), { uidField: 'ADA' })

    expect(verdict).toMatchObject({ changes: { context: { pending_user_identifier: 'ADA' } } })
  })

  it('that nobody answers to goes on as if it were known', async () => {
    const verdict = await answered(identificationStage, identifying(), { uidField: 'nobody' })

    expect(verdict).toEqual({
      type: 'advance',
      changes: { context: { pending_user: { known: false, identifier: 'nobody' }, pending_user_identifier: undefined } },
    })
  })

  it('that nobody answers to is refused where pretending is off, and then holds for a name without an account', async () => {
    const verdict = await answered(identificationStage, identifying({ pretendUserExists: false }), { uidField: 'nobody' })

    expect(verdict).toEqual({
      type: 'invalid',
      errors: [{ field: 'nonFieldErrors', message: 'Failed to authenticate.', code: 'invalid' }],
      changes: { context: { pending_user: { known: false, identifier: 'nobody' }, pending_user_identifier: undefined } },
    })
  })

  it('costs the same whether or not somebody answers to it: one look-up and no password check', async () => {
    const context = identifying()
    await answered(identificationStage, context, { uidField: 'ada' })
    await answered(identificationStage, context, { uidField: 'nobody' })

    expect(context.users.lookups.map(({ identifier }) => identifier)).toEqual(['ada', 'nobody'])
    expect(context.passwords.checks).toEqual([])
  })

  it.each([{}, { uidField: null }, { uidField: '' }, { uidField: '  ' }, { password: 'correct horse' }])(
    'without a name is refused: %j',
    async (answer) => {
      expect(await answered(identificationStage, identifying(), answer)).toEqual({
        type: 'invalid',
        errors: [{ field: 'nonFieldErrors', message: 'No identification data provided.', code: 'invalid' }],
        changes: {},
      })
    },
  )

  it('is counted as a guess only where it carries a password', () => {
    expect(identificationStage.guesses?.(identifying(), { uidField: 'ada' })).toBeUndefined()
  })

  it.each([
    [{ uidField: 7 }, 'uidField', 'Not a valid string.', 'invalid'],
    [{ uidField: 'a'.repeat(255) }, 'uidField', 'Ensure this field has no more than 254 characters.', 'max_length'],
    [{ uidField: 'a\0' }, 'uidField', 'Null characters are not allowed.', 'null_characters_not_allowed'],
    [{ uidField: 'ada', password: [] }, 'password', 'Not a valid string.', 'invalid'],
  ])('of the wrong form is refused by its schema: %j', (answer, field, message, code) => {
    expect(refusals(identificationStage, answer)).toEqual([{ field, message, code }])
  })
})

describe('a hint at who it is', () => {
  const hinted = (config: object, hint: string) =>
    stageContext(identificationStage, {
      config: { ...fields, ...config },
      users: [ada],
      context: { pending_user_identifier: hint },
    })

  it('answers a plain stage without a screen', async () => {
    expect(await identificationStage.present(hinted({}, 'ada'))).toMatchObject({ type: 'advance', changes: { pendingUser: ada } })
  })

  it('that fits nobody is only filled in, where pretending is off', async () => {
    const challenge = await shown(identificationStage, hinted({ pretendUserExists: false }, 'nobody'))

    expect(challenge).toMatchObject({ pendingUserIdentifier: 'nobody' })
  })
})
