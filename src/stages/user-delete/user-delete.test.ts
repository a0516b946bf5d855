import { describe, expect, it } from 'vitest'
import { type ContextOptions, stageContext } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { userDeleteStage } from './user-delete.stage.ts'

const ada = someUser()
const grace = someUser({ id: 8, username: 'grace' })

const deleting = (options: ContextOptions) => userDeleteStage.present(stageContext(userDeleteStage, options))
const deletion = { type: 'delete_user', userId: 7 }
const audited = (actor: object) => ({
  type: 'audit',
  event: {
    action: 'model_deleted',
    ...actor,
    context: { model: { app: 'authentik_core', model_name: 'user', pk: 7, name: 'ada' } },
  },
})
const byAda = audited({ userId: 7, username: 'ada' })

describe('deleting an account', () => {
  it.each([
    ['the pending user', { pendingUser: ada }, [deletion, byAda]],
    ['who is signed in, after signing out', { sessionUser: ada }, [{ type: 'sign_out' }, deletion, byAda]],
    ['who is both', { pendingUser: ada, sessionUser: ada }, [{ type: 'sign_out' }, deletion, byAda]],
    [
      'somebody else than who is signed in, who stays so',
      { pendingUser: ada, sessionUser: grace },
      [deletion, audited({ userId: 8, username: 'grace' })],
    ],
  ])('is for %s', async (_, options, effects) => {
    expect(await deleting(options)).toEqual({ type: 'advance', changes: { context: { pending_user: undefined }, effects } })
  })

  it.each([
    ['nobody', {}],
    ['who only pretends to exist', { sessionUser: ada, context: { pending_user: { known: false, identifier: 'ada' } } }],
    [
      'who only pretends to exist while a record stands by',
      { pendingUser: ada, context: { pending_user: { known: false, identifier: 'a' } } },
    ],
    ['who is gone already', { sessionUser: ada, context: { pending_user: { known: true, id: 9 } } }],
  ] as [string, ContextOptions][])('is not for %s', async (_, options) => {
    expect(await deleting(options)).toEqual({ type: 'deny', message: undefined })
  })

  it('has nothing to configure, to show or to answer', () => {
    expect(userDeleteStage.config.parse({})).toEqual({})
    expect(userDeleteStage.challenge).toBeUndefined()
    expect(userDeleteStage.response).toBeUndefined()
  })
})
