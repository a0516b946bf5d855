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
import type { Consent } from '../../flow/accounts.ts'
import type { JsonObject } from '../../flow/json.ts'
import { consentStage } from './consent.stage.ts'

const ada = someUser()
const read = { id: 'read', name: 'Read your files' }
const write = { id: 'write', name: 'Change your files' }
const wanted = { application: { pk: 'wiki', name: 'Wiki' }, consent_permissions: [write, read] }

const consented = (...permissions: string[]): Consent => ({ userId: 7, application: 'wiki', permissions, expiresAt: undefined })

/** Ada is signed in, unless nobody is. */
interface Options extends Omit<ContextOptions, 'sessionUser'> {
  readonly sessionUser?: null
}

const asking = ({ context, sessionUser, ...options }: Options = {}) =>
  stageContext(consentStage, {
    ...options,
    ...(sessionUser !== null && { sessionUser: ada }),
    context: { ...wanted, ...context },
  })

/** The moment after it was shown: what it kept is there. */
async function shownOnce(options: Options = {}) {
  const verdict = await consentStage.present(asking(options))
  if (verdict.type !== 'ask') throw new Error(`The stage did not ask: ${JSON.stringify(verdict)}`)
  const { token } = verdict.challenge as { token: string }
  return { token, state: verdict.state, context: asking({ ...options, state: verdict.state }) }
}

async function accepted(options: Options = {}) {
  const { token, context } = await shownOnce(options)
  return answered(consentStage, context, { token })
}

const granting = (consent: object) => ({
  type: 'advance',
  changes: { effects: [{ type: 'grant_consent', consent: { userId: 7, application: 'wiki', ...consent } }] },
})

describe('the config of a consent stage', () => {
  it('asks for nothing', () => {
    expect(consentStage.config.parse({})).toEqual({ mode: 'expiring', consentExpireIn: 'weeks=4' })
  })

  it.each([
    ['a mode that does not exist', { mode: 'never' }, 'mode'],
    ['a duration that says nothing', { consentExpireIn: 'soon' }, 'consentExpireIn'],
  ])('is refused with %s', (_, config, field) => {
    expect(configProblems(consentStage, config)).toEqual([field])
  })
})

describe('the consent challenge', () => {
  it('shows all that is wanted to somebody new', async () => {
    expect(await shown(consentStage, asking())).toEqual({
      permissions: [write, read],
      additionalPermissions: [],
      token: 'random-token-1',
    })
    expect(consentStage.showsPendingUser).toBe(true)
  })

  it('says why it asks, where the plan knows', async () => {
    expect(await shown(consentStage, asking({ context: { consent_header: 'Wiki wants in' } }))).toMatchObject({
      headerText: 'Wiki wants in',
    })
    expect(await shown(consentStage, asking({ context: { consent_header: { of: 'nothing' } } }))).not.toHaveProperty('headerText')
  })

  it('shows additional permissions apart, each once', async () => {
    const context = asking({ context: { consent_permissions: [read], consent_additional_permissions: [write, read] } })

    expect(await shown(consentStage, context)).toMatchObject({ permissions: [read], additionalPermissions: [write] })
  })

  it('leaves out what names no permission, and calls one without a name by its id', async () => {
    const context = asking({ context: { consent_permissions: ['read', null, { name: 'Nothing' }, { id: 'mail' }] } })

    expect(await shown(consentStage, context)).toMatchObject({ permissions: [{ id: 'mail', name: 'mail' }] })
  })

  it('asks for nothing in particular where nothing is named', async () => {
    const context = stageContext(consentStage, { sessionUser: ada })

    expect(await shown(consentStage, context)).toMatchObject({ permissions: [], additionalPermissions: [] })
  })

  it('keeps its token when the page is loaded again', async () => {
    const { token, context } = await shownOnce()

    expect(await shown(consentStage, context)).toMatchObject({ token })
  })

  it('has a new token for another request: nobody accepts what they have not seen', async () => {
    const { token, state } = await shownOnce({ context: { consent_permissions: [read] } })
    const others: JsonObject[] = [{}, { consent_permissions: [read], application: { pk: 'mail' } }]
    for (const context of others) {
      const reloaded = stageContext(consentStage, { sessionUser: ada, context: { ...wanted, ...context }, state })
      // The fake's tokens begin anew in each context; using one up makes the next one another.
      reloaded.services.randomToken()

      expect((await shown(consentStage, reloaded)).token).not.toBe(token)
    }
  })
})

describe('consent that was given before', () => {
  const grantedBefore = (consent: Consent, options: Options = {}) => asking({ ...options, consents: [consent] })

  it('to exactly what is wanted is enough', async () => {
    expect(await consentStage.present(grantedBefore(consented('read', 'write')))).toEqual({ type: 'advance', changes: {} })
  })

  it('to exactly nothing is enough for nothing', async () => {
    const nothing = { context: { consent_permissions: [] } }

    expect(await consentStage.present(grantedBefore(consented(), nothing))).toEqual({ type: 'advance', changes: {} })
    expect(await shown(consentStage, asking(nothing))).toMatchObject({ permissions: [] })
  })

  it('to less shows what is new', async () => {
    const challenge = await shown(consentStage, grantedBefore(consented('read')))

    expect(challenge).toMatchObject({ permissions: [read], additionalPermissions: [write] })
  })

  it('to more is asked again, for the less', async () => {
    const challenge = await shown(consentStage, grantedBefore(consented('mail', 'read', 'write')))

    expect(challenge).toMatchObject({ permissions: [write, read], additionalPermissions: [] })
  })

  it('to less is asked about however often the page is loaded', async () => {
    const options = { consents: [consented('read')] }
    const { state } = await shownOnce(options)
    const verdict = await consentStage.present(asking({ ...options, state }))

    expect(verdict).toMatchObject({ type: 'ask', challenge: { permissions: [read], additionalPermissions: [write] } })
    expect('changes' in verdict && verdict.changes).toBe(false)
  })

  it('counts additional permissions as wanted', async () => {
    const context = { consent_permissions: [read], consent_additional_permissions: [write] }

    expect(await shown(consentStage, grantedBefore(consented('read'), { context }))).toMatchObject({
      additionalPermissions: [write],
    })
    expect(await consentStage.present(grantedBefore(consented('read', 'write'), { context }))).toMatchObject({ type: 'advance' })
  })

  it.each([
    [-1, 'ask'],
    [0, 'ask'],
    [1, 'advance'],
  ])('and ends in %i milliseconds makes the stage %s', async (milliseconds, type) => {
    const consent = { ...consented('read', 'write'), expiresAt: new Date(testNow.getTime() + milliseconds) }

    expect(await consentStage.present(grantedBefore(consent))).toMatchObject({ type })
  })

  it.each<[string, Consent, Options]>([
    ['where it is always asked for', consented('read', 'write'), { config: { mode: 'always_require' } }],
    ['where no application is named', consented('read', 'write'), { context: { application: 'wiki' } }],
    ['for another application', { ...consented('read', 'write'), application: 'mail' }, {}],
    ['by somebody else', { ...consented('read', 'write'), userId: 8 }, {}],
    ['before anybody is signed in', consented('read', 'write'), { sessionUser: null, pendingUser: ada }],
    [
      'by the signed-in user, where the flow is about somebody else',
      consented('read', 'write'),
      { pendingUser: someUser({ id: 8 }) },
    ],
    [
      'by the signed-in user, where the flow is about nobody',
      consented('read', 'write'),
      { context: { pending_user: { known: false, identifier: 'ada' } } },
    ],
  ])('does not count %s', async (_, consent, options) => {
    expect(await shown(consentStage, grantedBefore(consent, options))).toMatchObject({
      permissions: [write, read],
      additionalPermissions: [],
    })
  })

  it('is found for a flow that is about the signed-in user, and by either name of the application', async () => {
    const options = { pendingUser: ada, context: { application: { id: 'wiki' } } }

    expect(await consentStage.present(grantedBefore(consented('read', 'write'), options))).toMatchObject({ type: 'advance' })
  })
})

describe('an answer to the consent challenge', () => {
  it('is stored for four weeks', async () => {
    const expiresAt = new Date('2026-03-29T12:00:00.000Z')

    expect(await accepted()).toEqual(granting({ permissions: ['read', 'write'], expiresAt }))
  })

  it('is stored for as long as is configured', async () => {
    const config = { consentExpireIn: 'hours=2;minutes=30' }

    expect(await accepted({ config })).toEqual(
      granting({ permissions: ['read', 'write'], expiresAt: new Date('2026-03-01T14:30:00.000Z') }),
    )
  })

  it('is stored for good in the mode for that', async () => {
    expect(await accepted({ config: { mode: 'permanent' } })).toEqual(
      granting({ permissions: ['read', 'write'], expiresAt: undefined }),
    )
  })

  it('takes in what is new beside what was granted before', async () => {
    const options = { config: { mode: 'permanent' }, consents: [consented('read')] }

    expect(await accepted(options)).toEqual(granting({ permissions: ['read', 'write'], expiresAt: undefined }))
  })

  it('takes in additional permissions', async () => {
    const context = { consent_permissions: [read], consent_additional_permissions: [write] }

    expect(await accepted({ context })).toMatchObject(granting({ permissions: ['read', 'write'] }))
  })

  it.each<[string, Options]>([
    ['where it is always asked for', { config: { mode: 'always_require' } }],
    ['where no application is named', { context: { application: null } }],
    ['before anybody is signed in', { sessionUser: null, pendingUser: ada }],
    ['where the flow is about somebody else', { pendingUser: someUser({ id: 8 }) }],
  ])('is good for this once and not stored %s', async (_, options) => {
    expect(await accepted(options)).toEqual({ type: 'advance', changes: {} })
  })

  it('grants what was shown, not what the plan has come to since', async () => {
    const { token, state } = await shownOnce({ context: { consent_permissions: [read] } })
    const context = asking({ context: { consent_permissions: [read, write] }, state })

    expect(await answered(consentStage, context, { token })).toMatchObject(granting({ permissions: ['read'] }))
  })

  it('with another token is refused, and shown again with a new one', async () => {
    const { token, context } = await shownOnce()
    context.services.randomToken()
    const verdict = await answered(consentStage, context, { token: `${token}0` })

    expect(verdict).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'token', message: 'Invalid consent token, re-showing prompt', code: 'invalid' }],
    })
    const renewed = verdict.type === 'invalid' ? verdict.changes.state : undefined
    const again = await shown(consentStage, asking({ state: renewed }))
    expect(again.token).not.toBe(token)
    expect(await answered(consentStage, asking({ state: renewed }), { token })).toMatchObject({ type: 'invalid' })
    expect(await answered(consentStage, asking({ state: renewed }), { token: again.token })).toMatchObject({ type: 'advance' })
  })

  it('to a challenge that was never shown is refused', async () => {
    expect(await answered(consentStage, asking(), { token: 'random-token-1' })).toMatchObject({
      type: 'invalid',
      errors: [{ field: 'token' }],
    })
  })

  it.each([
    [{}, 'This field is required.', 'required'],
    [{ token: null }, 'This field may not be null.', 'null'],
    [{ token: '' }, 'This field may not be blank.', 'blank'],
    [{ token: 7 }, 'Not a valid string.', 'invalid'],
    [{ token: 'x'.repeat(201) }, 'Ensure this field has no more than 200 characters.', 'max_length'],
  ])('of the wrong form is refused by its schema: %j', (answer, message, code) => {
    expect(refusals(consentStage, answer)).toEqual([{ field: 'token', message, code }])
  })
})
