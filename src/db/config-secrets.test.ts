import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSecretBox, SecretBoxError } from '../credentials/secret-box.ts'
import { secretText, text } from '../shapes/text.ts'
import { ConfigSecrets } from './config-secrets.ts'

const schema = z.object({
  host: text({ max: 100 }).describe('Where.'),
  password: secretText({ max: 100 }).default('').describe('What nobody may see.'),
  key: secretText({ max: 100 }).nullable().default(null).describe('What nobody may see either.'),
})
const config = { host: 'mail.example.test', password: 'the password', key: 'the key' }
const secrets = secretsWith('a key for tests, and for nothing else')

function secretsWith(...keys: string[]): ConfigSecrets {
  return new ConfigSecrets(createSecretBox(keys))
}

describe('the secrets of a config', () => {
  it('are taken out of it, sealed, and come back whole', () => {
    const stored = secrets.split(schema, config, 'one')

    expect(stored.config).toEqual({ host: 'mail.example.test' })
    expect(stored.sealed).toMatch(/^v1\./)
    expect(JSON.stringify(stored)).not.toMatch(/the password|the key/)
    expect(secrets.open(String(stored.sealed), 'one')).toEqual({ password: 'the password', key: 'the key' })
  })

  it('are none where nothing is said', () => {
    const open = { host: 'mail.example.test', password: '', key: null }
    expect(secrets.split(schema, open, 'one')).toEqual({ config: open, sealed: null })
    expect(secrets.split(schema, open, 'one', secrets.split(schema, config, 'one').sealed)).toEqual({
      config: open,
      sealed: null,
    })
  })

  it('keep apart what is said and what is not', () => {
    const { config: open, sealed } = secrets.split(schema, { ...config, key: null }, 'one')
    expect(open).toEqual({ host: 'mail.example.test', key: null })
    expect(secrets.open(String(sealed), 'one')).toEqual({ password: 'the password' })
  })

  it('are sealed for their owner only', () => {
    const { sealed } = secrets.split(schema, config, 'one')
    expect(() => secrets.open(String(sealed), 'another')).toThrow(SecretBoxError)
    expect(secrets.openIfPossible(sealed, 'another')).toEqual({})
  })

  it('stay as they are stored while they say the same, in whatever order', () => {
    const { sealed } = secrets.split(schema, config, 'one')
    const again = { key: 'the key', password: 'the password', host: 'elsewhere.example.test' }
    expect(secrets.split(schema, again, 'one', sealed)).toEqual({ config: { host: 'elsewhere.example.test' }, sealed })
  })

  it.each([
    ['another value', { ...config, password: 'another password' }],
    ['one less', { ...config, key: null }],
  ])('are sealed anew for %s', (_, changed) => {
    const { sealed } = secrets.split(schema, config, 'one')
    const after = secrets.split(schema, changed, 'one', sealed)
    expect(after.sealed).not.toBe(sealed)
    expect(secrets.open(String(after.sealed), 'one').password).toBe(changed.password)
  })

  it('are sealed anew where what is stored belongs to another owner, or to a key that is gone', () => {
    const { sealed } = secrets.split(schema, config, 'one')
    expect(secrets.split(schema, config, 'another', sealed).sealed).not.toBe(sealed)
    const others = secretsWith('another key, for tests and nothing else')
    const renewed = others.split(schema, config, 'one', sealed).sealed
    expect(renewed).not.toBe(sealed)
    expect(others.open(String(renewed), 'one')).toEqual({ password: 'the password', key: 'the key' })
  })

  it('open with the key from before, and with no other', () => {
    const { sealed } = secrets.split(schema, config, 'one')
    const rotated = secretsWith('another key, for tests and nothing else', 'a key for tests, and for nothing else')
    const stranger = secretsWith('another key, for tests and nothing else')

    expect(rotated.open(String(sealed), 'one')).toEqual({ password: 'the password', key: 'the key' })
    expect(() => stranger.open(String(sealed), 'one')).toThrow(SecretBoxError)
    expect(stranger.openIfPossible(sealed, 'one')).toEqual({})
  })

  it.each([null, undefined, ''])('are none where nothing is stored: %s', (sealed) => {
    expect(secrets.openIfPossible(sealed, 'one')).toEqual({})
  })
})
