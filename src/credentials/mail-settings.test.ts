import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { encryptsOnce, fromOf, mailSettings, smtpOf } from './mail-settings.ts'

const settings = z.object(mailSettings)

describe('mail settings', () => {
  it("are a mail server of the stage's own unless it says otherwise", () => {
    const own = settings.parse({ host: 'mail.example.test', port: 465, useSsl: true, password: 'not a real password' })

    expect(smtpOf(own)).toEqual({
      host: 'mail.example.test',
      port: 465,
      username: '',
      password: 'not a real password',
      useTls: false,
      useSsl: true,
      timeout: 10,
    })
    expect(fromOf(own)).toBe('system@authentik.local')
  })

  it("leave everything to the server's own settings where they say so", () => {
    const shared = settings.parse({ useGlobalSettings: true, host: 'mail.example.test', fromAddress: 'ada@example.test' })

    expect(smtpOf(shared)).toBeUndefined()
    expect(fromOf(shared)).toBe('')
  })

  it.each([{ port: 0 }, { port: 70_000 }, { timeout: 0 }, { host: '' }, { fromAddress: 'nobody' }])('cannot be %j', (wrong) => {
    expect(settings.safeParse(wrong).success).toBe(false)
  })

  it('encrypt one way at most', () => {
    expect(encryptsOnce({ useTls: true, useSsl: true })).toBe(false)
    expect(encryptsOnce({ useTls: true, useSsl: false })).toBe(true)
    expect(encryptsOnce({ useTls: false, useSsl: true })).toBe(true)
  })
})
