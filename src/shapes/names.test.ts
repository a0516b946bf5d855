import { describe, expect, it } from 'vitest'
import { camelCase, enumValueName, pascalCase, snakeCase, survivesWire } from './names.ts'

describe('names', () => {
  it.each([
    ['user_login', 'userLogin', 'UserLogin'],
    ['uid_field', 'uidField', 'UidField'],
    ['code_v2', 'codeV2', 'CodeV2'],
    ['oauth2_client', 'oauth2Client', 'Oauth2Client'],
    ['check_have_i_been_pwned', 'checkHaveIBeenPwned', 'CheckHaveIBeenPwned'],
    ['password', 'password', 'Password'],
  ])('say %s, %s and %s from each other', (snake, camel, pascal) => {
    for (const name of [snake, camel, pascal]) {
      expect([snakeCase(name), camelCase(name), pascalCase(name)]).toEqual([snake, camel, pascal])
    }
  })

  it('keep the dots of nested fields', () => {
    expect(snakeCase('passkey.rawId')).toBe('passkey.raw_id')
  })

  it.each(['userID', 'urlHTTP', 'htmlURLPath', 'user_id', 'UserId', '_user', '__proto__', '2fa', 'user-id', 'usér', ''])(
    'refuse %j as a key',
    (key) => {
      expect(survivesWire(key)).toBe(false)
    },
  )

  it('bring every key that they accept back from snake_case', () => {
    const letters = ['a', 'b', 'A', 'B', '1', '_']
    const words = [1, 2, 3, 4, 5].reduce(
      (all) => [...all, ...all.flatMap((word) => letters.map((letter) => word + letter))],
      [''],
    )
    const accepted = [...new Set(words)].filter(survivesWire)

    expect(accepted.length).toBeGreaterThan(100)
    expect(accepted.filter((key) => camelCase(snakeCase(key)) !== key)).toEqual([])
    expect(new Set(accepted.map(snakeCase)).size).toBe(accepted.length)
  })

  it.each([
    ['stage_configuration', 'STAGE_CONFIGURATION'],
    ['authentik.core.auth.InbuiltBackend', 'AUTHENTIK_CORE_AUTH_INBUILT_BACKEND'],
    ['application/x-www-form-urlencoded', 'APPLICATION_X_WWW_FORM_URLENCODED'],
    ['6', '_6'],
    ['(?)', ''],
  ])('call the enum value %s %j', (value, name) => {
    expect(enumValueName(value)).toBe(name)
  })
})
