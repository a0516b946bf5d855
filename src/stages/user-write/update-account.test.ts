import { describe, expect, it } from 'vitest'
import { ada, created, grace, guests, staff, update, updated, writing, written } from '../../../test/support/account-writing.ts'
import { testNow } from '../../../test/support/stage-context.ts'
import { firstNewId, hashOf, someUser } from '../../../test/support/stage-services.ts'
import type { JsonObject } from '../../flow/json.ts'

describe('an account that exists', () => {
  it('gets what is new about it, and stays whom the flow is about', async () => {
    const pending = { known: true, id: 7, backend: 'some backend' } as const
    const data = { username: 'ada2', name: 'Ada Lovelace', email: 'ada2@example.test' }
    const changes = await written(writing(data, { pendingUser: ada, context: { pending_user: pending } }))

    expect(changes).toEqual({
      context: { prompt_data: data, pending_user: pending },
      secrets: { prompt_data: undefined },
      pendingUser: { ...ada, username: 'ada2', email: 'ada2@example.test' },
      effects: [
        { type: 'update_user', change: { id: 7, username: 'ada2', email: 'ada2@example.test' } },
        { type: 'audit', event: { action: 'user_write', userId: 7, username: 'ada2', context: { created: false, data } } },
      ],
    })
  })

  it('is that of who is signed in, where the flow is about nobody else', async () => {
    const changes = await written(writing({ name: 'Ada' }, { sessionUser: ada }))

    expect(changes).toMatchObject({ context: { pending_user: { known: true, id: 7 } }, pendingUser: { id: 7, name: 'Ada' } })
    expect(await updated(writing({ name: 'G' }, { sessionUser: ada, pendingUser: grace }))).toEqual({ id: 8, name: 'G' })
  })

  it('may change the case of its name', async () => {
    expect(await update({ username: 'Ada' })).toEqual({ id: 7, username: 'Ada' })
  })

  it('keeps a name that is older than the rule that no other differs in case only', async () => {
    const users = [someUser({ id: 9, username: 'ADA' }), ada]

    expect(await update({ username: 'ada', name: 'A' }, { users })).toEqual({ id: 7, name: 'A' })
  })

  it('keeps what is answered as it was', async () => {
    expect(await update({ username: 'ada', name: ada.name })).toEqual({ id: 7 })
  })

  it.each([
    [{ attributes: { settings: { locale: 'de' }, a: [1] } }, { settings: { locale: 'de', theme: 'dark' }, a: [1] }],
    [{ 'attributes.settings.locale': 'de' }, { settings: { locale: 'de', theme: 'dark' } }],
    [{ 'attributes_settings.locale': 'de' }, { settings: { locale: 'de', theme: 'dark' } }],
    [{ 'attributes.settings': 'none' }, { settings: 'none' }],
    [{ 'attributes.settings.locale.deep': 1 }, { settings: { locale: { deep: 1 }, theme: 'dark' } }],
    [{ 'attributes.some.custom-attribute': 'x' }, { ...ada.attributes, some: { 'custom-attribute': 'x' } }],
    [{ 'attributes.some_custom_attribute': true }, { ...ada.attributes, some_custom_attribute: true }],
    [{ 'attributes.born': '1815-12-10T00:00:00Z' }, { ...ada.attributes, born: '1815-12-10T00:00:00Z' }],
    [
      { 'attributes.a.b': 1, attributes: { a: { c: 2 } } },
      { ...ada.attributes, a: { b: 1, c: 2 } },
    ],
    [
      { attributes: { a: { b: 1 } }, 'attributes.a.b': null },
      { ...ada.attributes, a: { b: null } },
    ],
  ])('merges attributes, in the order of the answers: %j', async (data: JsonObject, attributes) => {
    expect(await update(data)).toEqual({ id: 7, attributes })
    expect(ada.attributes).toEqual({ settings: { locale: 'fr', theme: 'dark' } })
  })
})

describe('a new password', () => {
  const secrets = {
    prompt_data: { password: 's3cret', password_repeat: 's3cret', 'attributes.pin': '1234', username: 'mallory' },
  }

  it('is hashed, ends the other sessions, and is all that is taken of what prompts keep sealed', async () => {
    const changes = await written(writing({}, { pendingUser: ada, secrets }))

    expect(changes.effects).toEqual([
      { type: 'update_user', change: { id: 7, passwordHash: hashOf('s3cret'), endOtherSessions: true } },
      { type: 'audit', event: { action: 'user_write', userId: 7, username: 'ada', context: { created: false, data: {} } } },
      { type: 'audit', event: { action: 'password_set', userId: 7, username: 'ada' } },
    ])
    expect(changes.pendingUser).toMatchObject({ passwordHash: hashOf('s3cret'), passwordChangedAt: testNow })
    expect(changes.secrets).toEqual({ prompt_data: undefined })
  })

  it('leaves other sessions alone where the stage says so', async () => {
    const config = { terminateOtherSessions: false }

    expect(await update({}, { secrets, config })).toMatchObject({ endOtherSessions: false })
    expect(await update({ name: 'Ada' })).not.toHaveProperty('endOtherSessions')
  })

  it('may come in the plan, and leaves it and the audit trail', async () => {
    const changes = await written(writing({ password: 's3cret', name: 'Ada' }, { pendingUser: ada }))

    expect(changes.context).toEqual({ prompt_data: { name: 'Ada' }, pending_user: { known: true, id: 7 } })
    expect(changes.effects).toMatchObject([
      { change: { passwordHash: hashOf('s3cret') } },
      {},
      { event: { action: 'password_set' } },
    ])
    expect(JSON.stringify([changes.context, changes.effects.slice(1)])).not.toContain('s3cret')
  })

  it('that is sealed wins over one in the plan', async () => {
    expect(await update({ password: 'from a policy' }, { secrets })).toMatchObject({ passwordHash: hashOf('s3cret') })
  })

  it('that is blank is none', async () => {
    expect(await update({ name: 'Ada', password: '' })).toEqual({ id: 7, name: 'Ada' })
    expect(await update({}, { secrets: { prompt_data: { password: '' } } })).toEqual({ id: 7 })
  })
})

describe('groups', () => {
  it('are those of the stage and of the flow that exist, for new accounts and for others', async () => {
    const config = { createUsersGroup: staff }
    const context = { groups: [guests, staff, 'no such group', 7] }

    expect(await created(writing({ username: 'linus' }, { config, context }))).toMatchObject({ groups: [staff, guests] })
    expect(await update({}, { config, context: { ...context, pending_user: { known: true, id: 7 } } })).toEqual({
      id: 7,
      groups: [staff, guests],
    })
  })

  it('are never what somebody answered', async () => {
    expect(await update({ groups: [staff] })).toEqual({ id: 7 })
    expect(await created(writing({ username: 'linus', groups: [staff] }))).toMatchObject({ groups: [] })
  })
})

describe('the source that somebody came through', () => {
  const connection = { source: { id: 'a-source', name: 'Corp', slug: 'corp' }, identifier: 's-1' }
  const through = { 'goauthentik.io/sources/connection': connection }
  const effectsOf = async (options: Parameters<typeof writing>[1]) => {
    const { effects = [] } = await written(writing({ username: 'linus' }, options))
    return effects.filter(({ type }) => type === 'connect_source')
  }

  it('knows the new account from then on', async () => {
    expect(await effectsOf({ context: through })).toEqual([
      { type: 'connect_source', connection: { source: 'a-source', identifier: 's-1', userId: firstNewId } },
    ])
  })

  it('is not connected with an account that was there before', async () => {
    expect(await effectsOf({ context: { ...through, pending_user: { known: true, id: 7 } }, pendingUser: ada })).toEqual([])
  })

  const context = (source: JsonObject[string]) => ({ 'goauthentik.io/sources/connection': { source, identifier: 'x' } })
  const attribute = 'goauthentik.io/user/sources'

  it.each([['github'], [{ name: 'github', slug: 'gh' }]])('is named in the attributes: %j', async (source) => {
    expect(await created(writing({ username: 'linus' }, { context: context(source) }))).toMatchObject({
      attributes: { [attribute]: ['github'] },
    })
  })

  it('is named once, after others', async () => {
    const user = (sources: string[]) => someUser({ attributes: { [attribute]: sources } })
    const pending = { ...context('github'), pending_user: { known: true, id: 7 } } as const

    expect(await updated(writing({}, { pendingUser: user(['gitlab']), context: pending }))).toEqual({
      id: 7,
      attributes: { [attribute]: ['gitlab', 'github'] },
    })
    expect(await updated(writing({}, { pendingUser: user(['github']), context: pending }))).toEqual({ id: 7 })
  })
})

describe('the audit trail', () => {
  it('has what was written, without secrets and files', async () => {
    const data = {
      name: 'Ada',
      is_superuser: true,
      password_hint: 'horse',
      'attributes.api_key': 'k',
      'attributes.avatar': 'x'.repeat(5000),
      attributes: { token: 't', nested: { secretAnswer: 's', colour: 'red', all: ['x'.repeat(5000)] } },
    }
    const { effects } = await written(writing(data, { pendingUser: ada }))

    expect(effects[1]).toMatchObject({
      event: {
        context: {
          data: {
            name: 'Ada',
            'attributes.avatar': '5000 characters',
            attributes: { nested: { colour: 'red', all: ['5000 characters'] } },
          },
        },
      },
    })
    expect(JSON.stringify(effects[1])).not.toMatch(/horse|"k"|"t"|"s"|superuser/)
  })
})
