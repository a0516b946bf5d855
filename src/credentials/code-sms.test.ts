import { describe, expect, it } from 'vitest'
import { codeSms, hasWebhook, readPhoneNumber } from './code-sms.ts'

describe('phone numbers', () => {
  it.each([
    ['+15550100', '+15550100'],
    [' +1 (555) 01-00 ', '+15550100'],
    ['+49.30.901820', '+4930901820'],
    ['+123456789012345', '+123456789012345'],
  ])('%s is one', (typed, number) => {
    expect(readPhoneNumber(typed)).toBe(number)
  })

  it.each(['', '15550100', '+0555010012', '+123456', '+1234567890123456', '+1555x0100', '+1555010\n0;+2'])(
    '%j is none',
    (typed) => {
      expect(readPhoneNumber(typed)).toBeUndefined()
    },
  )
})

describe('text messages', () => {
  it('say what the code is for', () => {
    expect(codeSms('+15550100', '012345', 'Acme')).toEqual({
      to: '+15550100',
      code: '012345',
      text: 'Use this code to authenticate in Acme: 012345',
    })
  })

  it('go to a webhook only where it has an address', () => {
    expect(hasWebhook({ provider: 'generic', accountSid: 'https://sms.example.test/send' })).toBe(true)
    for (const accountSid of ['AC1', 'file:///etc/passwd', 'https:', 'https://ada:secret@sms.example.test/'])
      expect(hasWebhook({ provider: 'generic', accountSid })).toBe(false)
    expect(hasWebhook({ provider: 'twilio', accountSid: 'AC1' })).toBe(true)
  })
})
