import { describe, expect, it } from 'vitest'
import { maskedAddress, maskedPhoneNumber } from './masked.ts'

describe('masked addresses', () => {
  it.each([
    ['myname@company.org', 'm*****@c******.org'],
    ['ada@example.test', 'a**@e******.test'],
    ['ad@mail.example.co.uk', '**@m***.e******.**.uk'],
    ['a@b.cd', '*@*.cd'],
    ['root@localhost', 'r***@l********'],
    ['"a@b"@example.test', '"****@e******.test'],
    ['äöü@example.test', 'ä**@e******.test'],
    ['nothing', 'n******'],
    ['', ''],
  ])('%s', (address, masked) => {
    expect(maskedAddress(address)).toBe(masked)
  })
})

describe('masked phone numbers', () => {
  it('leave the last two digits', () => {
    expect(maskedPhoneNumber('+15550100')).toBe('+******00')
    expect(maskedPhoneNumber('+123')).toBe('+*23')
  })
})
