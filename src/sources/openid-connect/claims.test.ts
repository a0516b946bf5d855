import { describe, expect, it } from 'vitest'
import { identityOf } from './claims.ts'

describe('claims', () => {
  it.each([
    ['no subject', {}],
    ['an empty subject', { sub: ' ' }],
    ['a subject that is no text', { sub: 7 }],
    ['a subject that is too long', { sub: 'x'.repeat(256) }],
    ['a subject that no database holds', { sub: 'a\0b' }],
  ])('with %s name nobody', (_, claims) => {
    expect(identityOf(claims)).toBeUndefined()
  })

  it.each([
    ['true', true, true],
    ['the text "true"', 'true', true],
    ['false', false, false],
    ['nothing', undefined, false],
    ['something else', 1, false],
  ])('verify an address by saying %s', (_, said, emailVerified) => {
    expect(identityOf({ sub: 's', email: 'ada@example.test', email_verified: said })).toMatchObject({ emailVerified })
  })

  it('verify no address that is not there', () => {
    expect(identityOf({ sub: 's', email_verified: true })).toMatchObject({ email: undefined, emailVerified: false })
  })

  it.each([
    ['preferred_username', 'username', 'a\nb'],
    ['preferred_username', 'username', 'x'.repeat(151)],
    ['name', 'name', '\ud800'],
    ['email', 'email', ['ada@example.test']],
  ])('of the name %s are left out where no account could hold them', (claim, field, value) => {
    expect(identityOf({ sub: 's', [claim]: value })).toMatchObject({ [field]: undefined })
  })
})
