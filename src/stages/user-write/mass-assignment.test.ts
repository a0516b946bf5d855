import { describe, expect, it } from 'vitest'
import { ada, created, update, writing, written } from '../../../test/support/account-writing.ts'
import { firstNewId } from '../../../test/support/stage-services.ts'
import type { JsonObject } from '../../flow/json.ts'

describe('what nobody may answer', () => {
  const hostileKeys = [
    'id',
    'pk',
    'uuid',
    'uid',
    'is_active',
    'isActive',
    'is_superuser',
    'is_staff',
    'type',
    'path',
    'groups',
    'ak_groups',
    'roles',
    'user_permissions',
    'last_login',
    'lastLoginAt',
    'date_joined',
    'createdAt',
    'passwordHash',
    'password_hash',
    'password_repeat',
    'password_change_date',
    'passwordChangedAt',
    'set_password',
    'attribute_x',
    'attributes.',
    'attributes_',
    'attributes..x',
    'attributes.__proto__.isAdmin',
    'attributes_constructor.prototype.isAdmin',
    'attributes.a.prototype',
    `attributes${'.a'.repeat(17)}`,
    'constructor',
    'prototype',
    '__proto__',
    'toString',
    'USERNAME',
    ' username',
    'pending_user',
    'component',
  ]
  const values = [true, 1, 'internal', { isAdmin: true }, ['x'], null]

  it.each(hostileKeys)('%s does not reach an account', async (key) => {
    for (const value of values) {
      // What JSON makes of such a key is a member, not a prototype.
      const data = JSON.parse(`{"name":"Ada",${JSON.stringify(key)}:${JSON.stringify(value)}}`) as JsonObject
      expect(await update(data)).toEqual({ id: 7, name: 'Ada' })
      expect(await created(writing({ ...data, username: 'linus' }))).toEqual({
        id: firstNewId,
        uuid: expect.any(String),
        username: 'linus',
        name: 'Ada',
        email: '',
        isActive: true,
        type: 'external',
        path: 'users',
        attributes: {},
        passwordHash: undefined,
        groups: [],
      })
    }
  })

  it('is kept out of attributes that are merged, too', async () => {
    const attributes = JSON.parse('{"__proto__":{"isAdmin":true},"a":{"constructor":1,"__proto__":{"isAdmin":true},"b":2},"":1}')
    const merged = (await update({ attributes }))?.attributes

    expect(JSON.stringify(merged)).toBe('{"settings":{"locale":"fr","theme":"dark"},"a":{"b":2}}')
    expect(merged).not.toHaveProperty('isAdmin')
    expect(JSON.stringify((await update({ 'attributes.c': attributes }))?.attributes)).not.toMatch(/isAdmin|constructor/)
  })

  it('is not said to have been written', async () => {
    const data = Object.fromEntries(hostileKeys.map((key) => [key, 'x']))
    const { effects } = await written(writing(data, { pendingUser: ada }))

    expect(effects[1]).toMatchObject({ event: { context: { created: false, data: {} } } })
  })
})
