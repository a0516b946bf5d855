import { describe, expect, it } from 'vitest'
import { ada, created, grace, writing, written } from '../../../test/support/account-writing.ts'
import { configProblems, stageContext, testNow } from '../../../test/support/stage-context.ts'
import { firstNewId, hashOf } from '../../../test/support/stage-services.ts'
import { inbuiltBackend } from '../../credentials/password-backends.ts'
import { userWriteStage } from './user-write.stage.ts'

const failed = { type: 'deny', message: 'Failed to update user. Please try again later.' }

describe('the config of a write stage', () => {
  it('has a default for everything', () => {
    expect(userWriteStage.config.parse({})).toEqual({
      userCreationMode: 'create_when_required',
      createUsersAsInactive: false,
      createUsersGroup: null,
      userType: 'external',
      userPathTemplate: '',
      terminateOtherSessions: true,
    })
  })

  it.each([
    ['userCreationMode', 'sometimes'],
    ['createUsersGroup', 'staff'],
    ['userType', 'robot'],
    ['userPathTemplate', 'x'.repeat(501)],
  ])('is refused where %s is %j', (field, value) => {
    expect(configProblems(userWriteStage, { [field]: value })).toEqual([field])
  })
})

describe('a new account', () => {
  const data = { username: 'linus', name: 'Linus', email: 'linus@example.test', 'attributes.phone': '1' }
  const linus = {
    id: firstNewId,
    uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    username: 'linus',
    name: 'Linus',
    email: 'linus@example.test',
    isActive: true,
    type: 'external',
    path: 'users',
    attributes: { phone: '1' },
    passwordHash: hashOf('s3cret'),
    groups: [],
  }

  it('is made of the answers, and is whom the flow is about from then on', async () => {
    const changes = await written(writing(data, { secrets: { prompt_data: { password: 's3cret', password_repeat: 's3cret' } } }))

    expect(changes).toEqual({
      context: {
        prompt_data: data,
        pending_user: { known: true, id: firstNewId, backend: inbuiltBackend },
        user_backend: inbuiltBackend,
      },
      secrets: { prompt_data: undefined },
      pendingUser: expect.objectContaining({
        id: firstNewId,
        username: 'linus',
        passwordHash: hashOf('s3cret'),
        isActive: true,
        passwordChangedAt: testNow,
        createdAt: testNow,
      }),
      effects: [
        { type: 'create_user', user: linus },
        {
          type: 'audit',
          event: { action: 'user_write', userId: firstNewId, username: 'linus', context: { created: true, data } },
        },
        { type: 'audit', event: { action: 'password_set', userId: firstNewId, username: 'linus' } },
      ],
    })
  })

  it('is one record, whether it is written or handed on', async () => {
    const { effects, pendingUser } = await written(writing(data))
    const [effect] = effects
    const { groups: _, ...record } = effect?.type === 'create_user' ? effect.user : { groups: [] }

    expect(pendingUser).toMatchObject(record)
    expect(pendingUser?.uuid).toBeTruthy()
  })

  it('without a password has none, and none is said to be set', async () => {
    const { effects } = await written(writing(data))

    expect(effects).toMatchObject([{ user: { passwordHash: undefined } }, { event: { action: 'user_write' } }])
    expect(effects).toHaveLength(2)
  })

  it.each([
    [{}, {}, { isActive: true, type: 'external', path: 'users' }],
    [
      { createUsersAsInactive: true, userType: 'internal', userPathTemplate: 'guests' },
      {},
      { isActive: false, type: 'internal', path: 'guests' },
    ],
    [
      { userPathTemplate: 'guests' },
      { user_path: 'sources/x', user_type: 'service_account' },
      { type: 'service_account', path: 'sources/x' },
    ],
    [{ userType: 'internal' }, { user_path: '', user_type: 'robot' }, { type: 'internal', path: 'users' }],
    [{ userType: 'internal_service_account' }, {}, { type: 'service_account' }],
    [{}, { user_type: 'internal_service_account' }, { type: 'service_account' }],
  ])('is as the stage says, unless the flow says otherwise: %j, %j', async (config, context, expected) => {
    expect(await created(writing(data, { config, context }))).toMatchObject(expected)
  })

  it('is made where the mode says so, even while somebody is signed in or pending', async () => {
    const config = { userCreationMode: 'always_create' }

    expect(await created(writing(data, { config, sessionUser: ada }))).toMatchObject({ id: firstNewId })
    expect(await created(writing(data, { config, pendingUser: ada }))).toMatchObject({ id: firstNewId })
    expect((await written(writing(data, { config, pendingUser: ada }))).context?.pending_user).toMatchObject({ id: firstNewId })
  })

  it('is not made where the mode says so', async () => {
    expect(await userWriteStage.present(writing(data, { config: { userCreationMode: 'never_create' } }))).toEqual({
      type: 'deny',
      message: "No user found and can't create new user.",
    })
  })
})

describe('nothing is written', () => {
  it('before anything is answered', async () => {
    expect(await userWriteStage.present(writing(undefined, { pendingUser: ada }))).toEqual({
      type: 'deny',
      message: 'No Pending data.',
    })
    expect(await userWriteStage.present(writing(undefined, { secrets: { prompt_data: { password: 'x' } } }))).toEqual({
      type: 'deny',
      message: 'No Pending data.',
    })
  })

  it.each(['create_when_required', 'always_create', 'never_create'])(
    'for who only pretends to exist, or is gone (%s)',
    async (mode) => {
      const options = { config: { userCreationMode: mode }, sessionUser: grace }
      const pretended = { pending_user: { known: false, identifier: 'linus' } } as const
      const gone = { pending_user: { known: true, id: 99 } } as const

      for (const context of [pretended, gone]) {
        expect(await userWriteStage.present(writing({ username: 'linus' }, { ...options, context }))).toEqual({
          type: 'deny',
          message: undefined,
        })
      }
      expect(
        await userWriteStage.present(
          stageContext(userWriteStage, { pendingUser: ada, context: { ...pretended, prompt_data: {} } }),
        ),
      ).toEqual({ type: 'deny', message: undefined })
    },
  )

  it.each([[{}], [{ username: '' }], [{ username: '  ' }], [{ name: 'Linus' }]])('without a user name: %j', async (data) => {
    expect(await userWriteStage.present(writing(data))).toEqual({ type: 'deny', message: undefined })
  })

  it('that takes away a user name', async () => {
    expect(await userWriteStage.present(writing({ username: '' }, { pendingUser: ada }))).toEqual({
      type: 'deny',
      message: undefined,
    })
  })

  it.each(['Grace', 'grace', 'GRACE'])('under the name of another: %s', async (username) => {
    expect(await userWriteStage.present(writing({ username }))).toEqual(failed)
    expect(await userWriteStage.present(writing({ username }, { pendingUser: ada }))).toEqual(failed)
    expect(await userWriteStage.present(writing({ username }, { pendingUser: grace }))).toMatchObject({ type: 'advance' })
  })

  it.each([
    ['username', 'x'.repeat(151)],
    ['username', 7],
    ['name', 'x'.repeat(501)],
    ['name', null],
    ['email', 'x'.repeat(255)],
    ['email', { a: 1 }],
    ['password', 'x'.repeat(4097)],
    ['password', 7],
    ['password', null],
    ['attributes', 'none'],
    ['attributes', ['none']],
    ['attributes', null],
  ])('where the %s is %j', async (key, value) => {
    expect(await userWriteStage.present(writing({ [key]: value }, { pendingUser: ada }))).toEqual(failed)
  })

  it('is no reason to refuse what just fits', async () => {
    const fits = { username: 'x'.repeat(150), name: '\u{1f600}'.repeat(500), email: 'x'.repeat(254), password: 'x'.repeat(4096) }

    expect(await userWriteStage.present(writing(fits))).toMatchObject({ type: 'advance' })
  })
})
