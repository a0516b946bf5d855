import { describe, expect, it } from 'vitest'
import { type ContextOptions, stageContext, testNow } from '../../../test/support/stage-context.ts'
import type { Invitation } from '../../flow/accounts.ts'
import type { JsonObject } from '../../flow/json.ts'
import { invitationStage } from './invitation.stage.ts'

const id = '3d0f0c52-9a0e-4f6a-8d10-6d9b1f1f7a11'
const thisFlow = '5d0c7f0e-0c0b-4e5a-9a43-3b8a3c0f7d10'
const anotherFlow = '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0001'

const someInvitation = (about: Partial<Invitation> = {}): Invitation => ({
  id,
  name: 'for-grace',
  expiresAt: undefined,
  fixedData: {},
  singleUse: false,
  flowId: undefined,
  ...about,
})

const entering = (options: ContextOptions = {}, invitation: Invitation = someInvitation()) =>
  stageContext(invitationStage, { invitations: [invitation], query: { itoken: id }, ...options })

const entered = async (options: ContextOptions = {}, invitation?: Invitation) =>
  invitationStage.present(entering(options, invitation))

const denied = { type: 'deny', message: 'Invalid invite/invite not found' }

/** The prompt data after an invitation that fixes something. */
async function dataAfter(fixedData: JsonObject, promptData: JsonObject): Promise<unknown> {
  const verdict = await entered({ context: { prompt_data: promptData } }, someInvitation({ fixedData }))
  return verdict.type === 'advance' ? verdict.changes.context?.prompt_data : verdict
}

describe('an invitation stage', () => {
  it('shows nothing, and turns away who has no invitation unless told otherwise', () => {
    expect(invitationStage.component).toBeUndefined()
    expect(invitationStage.config.parse({})).toEqual({ continueFlowWithoutInvitation: false })
  })

  it.each<[string, ContextOptions, Partial<Invitation>]>([
    ['no token', { query: {} }, {}],
    ['a token that nobody was given', { query: { itoken: anotherFlow } }, {}],
    ['a token that is none', { query: { itoken: 'welcome' } }, {}],
    ['a token with something behind it', { query: { itoken: `${id}0` } }, {}],
    ['a token that is no text', { query: {}, context: { prompt_data: { token: 7 } } }, {}],
    ['an invitation that has just ended', {}, { expiresAt: testNow }],
    ['an invitation to another flow', {}, { flowId: anotherFlow }],
  ])('denies entry with %s, or lets go on with nothing', async (_, options, about) => {
    expect(await entered(options, someInvitation(about))).toEqual(denied)
    expect(await entered({ ...options, config: { continueFlowWithoutInvitation: true } }, someInvitation(about))).toEqual({
      type: 'advance',
      changes: {},
    })
  })

  it.each<[string, ContextOptions, Partial<Invitation>]>([
    ['in the query', {}, {}],
    ['in the query, by its other name', { query: { token: id } }, {}],
    ['as somebody typed it', { query: {}, context: { prompt_data: { token: id } } }, {}],
    ['without dashes', { query: { itoken: id.replaceAll('-', '') } }, {}],
    ['in capitals', { query: { itoken: id.toUpperCase() } }, {}],
    ['rather than one that is none', { query: { itoken: id, token: 'welcome' } }, {}],
    ['where the first name stands for nothing', { query: { itoken: '', token: id } }, {}],
    ['rather than a typed one', { context: { prompt_data: { token: anotherFlow } } }, {}],
    ['that ends in a moment', {}, { expiresAt: new Date(testNow.getTime() + 1) }],
    ['to this flow', {}, { flowId: thisFlow }],
  ])('takes a token %s', async (_, options, about) => {
    expect(await entered(options, someInvitation(about))).toMatchObject({
      type: 'advance',
      changes: { context: { invitation_in_effect: true, invitation: { pk: id } } },
    })
  })

  it('tells later stages and policies what is in effect', async () => {
    const expiresAt = new Date('2026-04-01T00:00:00.000Z')
    const invitation = someInvitation({ expiresAt, flowId: thisFlow, fixedData: { email: 'grace@example.test' } })

    expect(await entered({ context: { prompt_data: { name: 'Grace' } } }, invitation)).toMatchObject({
      changes: {
        context: {
          invitation_in_effect: true,
          invitation: {
            pk: id,
            name: 'for-grace',
            expires: '2026-04-01T00:00:00.000Z',
            single_use: false,
            flow: thisFlow,
            fixed_data: { email: 'grace@example.test' },
          },
          prompt_data: { name: 'Grace', email: 'grace@example.test' },
        },
      },
    })
  })

  it('notes that it was used, by its name: the id lets people in', async () => {
    const verdict = await entered()

    const event = { action: 'invitation_used', context: { invitation: 'for-grace', flow: 'sign-in' } }
    expect(verdict).toMatchObject({ changes: { effects: [{ type: 'audit', event }] } })
    expect(verdict.type === 'advance' && JSON.stringify(verdict.changes.effects)).not.toContain(id)
  })

  it('uses up an invitation that is for one', async () => {
    expect(await entered({}, someInvitation({ singleUse: true }))).toMatchObject({
      changes: { context: { invitation: { single_use: true } }, effects: [{ type: 'use_invitation', id }, { type: 'audit' }] },
    })
  })
})

describe('what an invitation fixes', () => {
  it('wins over what was typed, member by member', async () => {
    const fixed = { email: 'grace@example.test', attributes: { team: { name: 'compilers' }, roles: ['lead'] } }
    const typed = { email: 'eve@example.test', name: 'Grace', attributes: { team: { name: 'x', seat: 4 }, roles: ['a', 'b'] } }

    expect(await dataAfter(fixed, typed)).toEqual({
      email: 'grace@example.test',
      name: 'Grace',
      attributes: { team: { name: 'compilers', seat: 4 }, roles: ['lead'] },
    })
  })

  it('replaces what is no object by one, and an object by what is none', async () => {
    expect(await dataAfter({ a: { b: 1 }, c: null, d: 'text' }, { a: 'text', c: { x: 1 }, d: { y: 2 } })).toEqual({
      a: { b: 1 },
      c: null,
      d: 'text',
    })
  })

  it('begins with nothing where nothing was typed', async () => {
    expect(await entered({ context: { prompt_data: 'nothing' } }, someInvitation({ fixedData: { a: 1 } }))).toMatchObject({
      changes: { context: { prompt_data: { a: 1 } } },
    })
  })

  it('never reaches a prototype', async () => {
    const fixed = JSON.parse('{"__proto__":{"isAdmin":true},"deep":{"__proto__":{"isAdmin":true},"a":1}}')
    const merged = (await dataAfter(fixed, JSON.parse('{"__proto__":{"typed":true},"deep":{}}'))) as { deep: object }

    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
    expect(JSON.stringify(merged)).toBe('{"deep":{"a":1}}')
    expect([Object.getPrototypeOf(merged), Object.getPrototypeOf(merged.deep)]).toEqual([Object.prototype, Object.prototype])
  })

  it('changes nothing that it was given', async () => {
    const typed = { attributes: { team: 'x' } }
    await dataAfter({ attributes: { team: 'y' } }, typed)

    expect(typed).toEqual({ attributes: { team: 'x' } })
  })
})
