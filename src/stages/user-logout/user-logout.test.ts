import { describe, expect, it } from 'vitest'
import { stageContext } from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { userLogoutStage } from './user-logout.stage.ts'

describe('signing out', () => {
  it('ends the sign-in of the session, without a screen', async () => {
    expect(await userLogoutStage.present(stageContext(userLogoutStage, { sessionUser: someUser() }))).toEqual({
      type: 'advance',
      changes: { effects: [{ type: 'sign_out' }] },
    })
  })

  it('passes somebody by who is not signed in', async () => {
    expect(await userLogoutStage.present(stageContext(userLogoutStage, { pendingUser: someUser() }))).toEqual({
      type: 'advance',
      changes: {},
    })
  })

  it('has nothing to configure, to show or to answer', () => {
    expect(userLogoutStage.config.parse({})).toEqual({})
    expect(userLogoutStage.challenge).toBeUndefined()
    expect(userLogoutStage.response).toBeUndefined()
  })
})
