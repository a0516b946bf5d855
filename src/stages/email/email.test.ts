import { describe, expect, it } from 'vitest'
import {
  answered,
  type ContextOptions,
  configProblems,
  shown,
  stageContext,
  testNow,
} from '../../../test/support/stage-context.ts'
import { someUser } from '../../../test/support/stage-services.ts'
import { effectsOf } from '../../../test/support/verdict-effects.ts'
import type { Verdict } from '../../flow/stage.ts'
import { emailStage as stage } from './email.stage.ts'

const ada = someUser()
const nobody = { pending_user: { known: false, identifier: 'Ada@Example.test' } } as const
const recovery = { designation: 'recovery' } as const

const asking = (options: ContextOptions = {}) => stageContext(stage, { pendingUser: ada, ...options })
const askingNobody = (options: ContextOptions = {}) => stageContext(stage, { context: nobody, flow: recovery, ...options })

const mailsIn = (verdict: Verdict<unknown, unknown>) => effectsOf(verdict, 'send_mail')
const tokensIn = (verdict: Verdict<unknown, unknown>) => effectsOf(verdict, 'issue_flow_token')

/** Whom the first mail of the stage goes to. */
async function recipientOf(options: ContextOptions) {
  const verdict = await stage.present(asking(options))
  expect(verdict.type).toBe('wait')
  expect(mailsIn(verdict)).toHaveLength(1)
  return mailsIn(verdict)[0]?.mail.to
}

/** What the stage keeps of its first mail. */
const kept = { until: testNow.getTime() + 1_800_000, links: ['digest of random-token-1'] }

const emailSent = {
  type: 'invalid',
  errors: [{ field: 'nonFieldErrors', message: 'email-sent', code: 'email-sent' }],
}

describe('the config of an email stage', () => {
  it('has a default for everything', () => {
    expect(stage.config.parse({})).toEqual({
      useGlobalSettings: false,
      host: 'localhost',
      port: 25,
      username: '',
      password: '',
      useTls: false,
      useSsl: false,
      timeout: 10,
      fromAddress: 'system@authentik.local',
      tokenExpiry: 'minutes=30',
      subject: 'authentik',
      template: 'email/password_reset.html',
      activateUserOnSuccess: false,
      recoveryMaxAttempts: 5,
      recoveryCacheTimeout: 'minutes=5',
    })
  })

  it.each([
    [{ tokenExpiry: 'soon' }, 'tokenExpiry'],
    [{ recoveryCacheTimeout: 'soon' }, 'recoveryCacheTimeout'],
    [{ recoveryMaxAttempts: -1 }, 'recoveryMaxAttempts'],
    [{ recoveryMaxAttempts: 1.5 }, 'recoveryMaxAttempts'],
    [{ subject: '' }, 'subject'],
    [{ template: '' }, 'template'],
    [{ fromAddress: 'nobody' }, 'fromAddress'],
    [{ useTls: true, useSsl: true }, 'useSsl'],
  ])('is refused with %j', (config, field) => {
    expect(configProblems(stage, config)).toEqual([field])
  })
})

describe('the first time the stage is shown', () => {
  it('mails the pending user a link, and shows nothing of it', async () => {
    const context = asking({ query: { next: '/app/', flow_token: 'spent', tenant: 'a b' } })
    const verdict = await stage.present(context)

    expect(await shown(stage, context)).toEqual({})
    expect(verdict).toEqual({
      type: 'wait',
      challenge: {},
      state: kept,
      wait: { reason: 'confirmation', until: new Date(kept.until), pollAfter: 5, recheck: 120 },
      changes: {
        effects: [
          {
            type: 'send_mail',
            mail: {
              to: { address: 'ada@example.test', name: 'Ada Lovelace' },
              from: 'system@authentik.local',
              subject: 'authentik',
              template: 'email/password_reset.html',
              languages: [],
              values: {
                url: 'https://login.example.test/if/flow/sign-in/?next=%2Fapp%2F&tenant=a+b&flow_token=random-token-1',
                expires: new Date(testNow.getTime() + 1_800_000).toISOString(),
                minutes: 30,
                user: { username: 'ada', name: 'Ada Lovelace', email: 'ada@example.test' },
                brand: { title: 'Acme' },
              },
              smtp: {
                host: 'localhost',
                port: 25,
                username: '',
                password: '',
                useTls: false,
                useSsl: false,
                timeout: 10,
              },
            },
          },
          {
            type: 'issue_flow_token',
            token: 'random-token-1',
            seconds: 1860,
            header: 'Continue to confirm this email address.',
          },
        ],
      },
    })
  })

  it("goes by the server's own mail server where that is configured", async () => {
    const [effect] = mailsIn(await stage.present(asking({ config: { useGlobalSettings: true, host: 'mail.test' } })))

    expect(effect?.mail).toMatchObject({ from: '', smtp: undefined })
  })

  it('says how long the link works as it is configured', async () => {
    const verdict = await stage.present(asking({ config: { tokenExpiry: 'seconds=90' } }))

    expect(mailsIn(verdict)[0]?.mail.values).toMatchObject({
      minutes: 2,
      expires: new Date(testNow.getTime() + 90_000).toISOString(),
    })
    expect(tokensIn(verdict)).toMatchObject([{ seconds: 150 }])
  })

  it('links to the page with no query of its own where there is none', async () => {
    const [effect] = mailsIn(await stage.present(asking()))

    expect(effect?.mail.values.url).toBe('https://login.example.test/if/flow/sign-in/?flow_token=random-token-1')
  })

  it('is told apart from a page that is loaded again, which sends nothing', async () => {
    const { changes, ...first } = (await stage.present(asking())) as Record<string, unknown>
    const reloaded = await stage.present(asking({ state: first.state, now: new Date(testNow.getTime() + 60_000) }))

    expect(changes).toBeDefined()
    expect(reloaded).toEqual(first)
  })

  it('goes on where it was begun before anybody waited', async () => {
    const verdict = await stage.present(asking({ state: { sent: true } }))

    expect(verdict).toMatchObject({ type: 'wait', wait: { until: new Date(0) } })
    expect(mailsIn(verdict)).toEqual([])
  })

  it('mails one address by so many flows only, and looks the same then', async () => {
    const asked: [string, number, number][] = []
    const takeTurn = (subject: string, most: number, window: number) => {
      asked.push([subject, most, window])
      return 60
    }
    const quiet = await stage.present(asking({ takeTurn }))

    expect(mailsIn(quiet)).toEqual([])
    expect(tokensIn(quiet)).toEqual([])
    expect({ ...quiet, changes: undefined }).toEqual({ ...(await stage.present(asking())), changes: undefined })
    expect(asked).toMatchObject([[expect.stringMatching(/^email start /), 10, 3600]])
    expect(asked[0]?.[0]).not.toContain(ada.email)
  })

  it('is denied before somebody is named', async () => {
    expect(await stage.present(stageContext(stage))).toEqual({ type: 'deny', message: undefined })
  })

  it('is denied, and told to auditors, where the template is not there', async () => {
    const verdict = await stage.present(asking({ mailTemplates: ['email/email_otp.html'], name: 'recovery mail' }))

    expect(verdict).toEqual({
      type: 'deny',
      message: undefined,
      effects: [
        {
          type: 'audit',
          event: {
            action: 'configuration_error',
            context: {
              message: 'There is no such mail template.',
              stage: 'recovery mail',
              template: 'email/password_reset.html',
            },
          },
        },
      ],
    })
  })
})

describe('the mail', () => {
  it('is in the language that its reader chose, else in what the browser asks for', async () => {
    const reader = someUser({ attributes: { settings: { locale: 'pt-BR' } } })
    const languagesOf = async (options: ContextOptions) =>
      mailsIn(await stage.present(asking({ visitor: { languages: ['de-AT', 'en'] }, ...options }))).map(
        ({ mail }) => mail.languages,
      )

    expect(await languagesOf({ pendingUser: reader })).toEqual([['pt-BR', 'de-AT', 'en']])
    expect(await languagesOf({})).toEqual([['de-AT', 'en']])
  })

  it('goes to the address that the context names', async () => {
    expect(await recipientOf({ context: { pending_user: { known: true, id: 7 }, email: ' other@example.test ' } })).toEqual({
      address: 'other@example.test',
      name: 'Ada Lovelace',
    })
  })

  it.each(['', '  ', 7, null, ['eve@example.test']])('goes to the user where the context names no address: %j', async (email) => {
    expect(await recipientOf({ context: { pending_user: { known: true, id: 7 }, email } })).toMatchObject({
      address: 'ada@example.test',
    })
  })

  it('is for nobody where the user has no address', async () => {
    expect(await recipientOf({ pendingUser: someUser({ email: '' }) })).toBeUndefined()
  })

  it('is for nobody where a disabled account is to be recovered, unless it is to be enabled', async () => {
    const pendingUser = someUser({ isActive: false })

    expect(await recipientOf({ pendingUser, flow: recovery })).toBeUndefined()
    expect(await recipientOf({ pendingUser, flow: recovery, config: { activateUserOnSuccess: true } })).toBeDefined()
    expect(await recipientOf({ pendingUser, flow: { designation: 'enrollment' } })).toBeDefined()
  })

  it('is for nobody where the account was deleted meanwhile', async () => {
    const verdict = await stage.present(stageContext(stage, { context: { pending_user: { known: true, id: 9 } } }))

    expect(mailsIn(verdict)).toMatchObject([{ mail: { to: undefined } }])
    expect(tokensIn(verdict)).toEqual([])
  })
})

describe('somebody who only pretends to exist', () => {
  it('sees what anybody sees, at the same work, and gets neither a mail nor a link', async () => {
    const pretended = await stage.present(askingNobody({ context: { ...nobody, email: 'eve@example.test' } }))
    const known = await stage.present(asking({ flow: recovery }))

    expect({ ...pretended, changes: undefined }).toEqual({ ...known, changes: undefined })
    expect(mailsIn(pretended)).toMatchObject([{ mail: { to: undefined } }])
    expect(mailsIn(pretended)).toHaveLength(mailsIn(known).length)
    expect(tokensIn(pretended)).toEqual([])
    expect(mailsIn(await stage.present(askingNobody({ pendingUser: ada })))).toMatchObject([{ mail: { to: undefined } }])
    expect(JSON.stringify(pretended)).not.toMatch(/Ada@Example|eve@/)
  })

  it('is answered as anybody is', async () => {
    const pretended = await answered(stage, askingNobody({ state: kept }), {})
    const known = await answered(stage, asking({ flow: recovery, state: kept }), {})

    expect(pretended).toMatchObject(emailSent)
    expect({ ...pretended, changes: undefined }).toEqual({ ...known, changes: undefined })
    expect(tokensIn(pretended)).toEqual([])
    expect(mailsIn(pretended)).toMatchObject([{ mail: { to: undefined } }])
  })

  it('is never let through by a link', async () => {
    const context = { ...nobody, is_restored: { user: null } }

    expect(await stage.present(askingNobody({ context }))).toEqual({ type: 'deny', message: undefined })
  })
})
