import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { secretText, text } from './text.ts'

describe.each([
  ['a text', text],
  ['a secret text', secretText],
])('%s', (_, create) => {
  const accepts = (limits: { max: number; min?: number }, value: unknown) => create(limits).safeParse(value).success

  it('counts characters as people do', () => {
    expect(accepts({ max: 3 }, '🙂🙂🙂')).toBe(true)
    expect(accepts({ max: 3 }, '🙂🙂🙂🙂')).toBe(false)
    expect(accepts({ max: 3 }, 'abcd')).toBe(false)
    expect(accepts({ max: 9, min: 3 }, '🙂🙂')).toBe(false)
    expect(accepts({ max: 9, min: 3 }, '🙂🙂🙂')).toBe(true)
  })

  it('may be blank unless told', () => {
    expect(accepts({ max: 3 }, '')).toBe(true)
    expect(accepts({ max: 3, min: 1 }, '')).toBe(false)
  })

  it('keeps white space: a password may begin with some', () => {
    expect(create({ max: 9 }).parse('  a ')).toBe('  a ')
  })

  it('refuses what a store could not hold', () => {
    expect(accepts({ max: 9 }, 'a\0')).toBe(false)
    expect(accepts({ max: 9 }, '\udc00a')).toBe(false)
    expect(accepts({ max: 9 }, 'a\ud83d')).toBe(false)
  })

  it('shows its limits in JSON Schema', () => {
    expect(z.toJSONSchema(create({ max: 9, min: 2 }))).toMatchObject({ type: 'string', minLength: 2, maxLength: 9 })
    expect(z.toJSONSchema(create({ max: 9 }))).not.toHaveProperty('minLength')
  })
})

it('only a secret text says that it is one, described or not', () => {
  expect(secretText({ max: 9 }).meta()).toMatchObject({ secret: true })
  expect(secretText({ max: 9 }).describe('A password.').meta()).toMatchObject({ secret: true })
  expect(text({ max: 9 }).meta()).not.toHaveProperty('secret')
})
