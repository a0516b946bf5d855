import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { atDuo, onceAsked, onceAt, onceRefused, pushed, withDuo } from '../support/duo-journey.ts'
import { startDuoServer } from '../support/duo-server.ts'
import { describeJourneys } from '../support/journeys.ts'

const duo = await startDuoServer()
afterAll(() => duo.close())

const unreachable = 'Duo cannot be reached. Use another method or try again.'
const down = { type: 'reply', status: 503 } as const

describeJourneys(
  'Duo that cannot be reached',
  (ground) => {
    beforeAll(() => {
      duo.now = () => ground.app.clock.now()
    })
    afterEach(() => duo.heal())

    it('lets nobody pass, says so, and may be tried again', async () => {
      const signIn = await withDuo(ground, duo)
      duo.failAlways('*', down)
      const { browser, step } = await pushed(signIn, ground.app.url)
      expect((await onceRefused(browser, step)).challenge.responseErrors).toEqual([{ message: unreachable, code: 'unavailable' }])
      expect(await ground.events('configuration_error', signIn.ada.id)).toBe(1)
      // Nobody has refused anything.
      expect(await ground.events('login_failed', signIn.ada.id)).toBe(0)

      duo.heal()
      const again = await browser.act(await browser.read(step), 'RESEND')
      await onceAsked(browser, again)
      duo.approve(signIn.ada.username)
      await onceAt(browser, step)
    })

    it('may have sent a push before it was lost: that lets nobody in, and is not sent again', async () => {
      const signIn = await withDuo(ground, duo)
      duo.failAlways('/auth/v2/auth', { type: 'close' })
      const { browser, step } = await pushed(signIn, ground.app.url)

      expect((await onceRefused(browser, step)).challenge.responseErrors).toMatchObject([{ code: 'unavailable' }])
      expect(
        duo.requestsTo('/auth/v2/auth').filter(({ parameters }) => parameters.user_id === userIdOf(signIn.ada)),
      ).toHaveLength(1)
    })

    it('passes nobody by a passcode', async () => {
      const signIn = await withDuo(ground, duo, { failMode: 'safe', person: { passcodes: ['482913'] } })
      const { browser, asked } = await atDuo(signIn, ground.app.url)
      duo.failAlways('*', down)

      const refused = await browser.reply(asked, { authenticatorValidate: { code: '482913' } })
      expect(refused.challenge.responseErrors).toEqual([{ message: unreachable, code: 'unavailable' }])
    })

    it('passes who has proved something else, where an administrator has said so, and auditors are told', async () => {
      const signIn = await withDuo(ground, duo, { failMode: 'safe' })
      duo.failAlways('*', down)
      const { browser, step } = await pushed(signIn, ground.app.url)

      await onceAt(browser, step)
      const events = await ground.prisma.event.findMany({ where: { userId: signIn.ada.id, action: 'configuration_error' } })
      expect(events).toMatchObject([{ context: { message: 'Somebody passed without Duo, which cannot be reached.' } }])
      const row = await ground.prisma.authenticator.findUniqueOrThrow({ where: { id: signIn.duo } })
      expect(row.lastUsedAt).toBeNull()
    })

    it.each([
      ['says that it is asked too often', { type: 'fail', code: 42_901 }],
      ['does not know us', { type: 'fail', code: 40_101 }],
      ['talks nonsense', { type: 'reply', status: 200, body: '{"stat":"OK","response":{"result":"maybe"}}' }],
    ] as const)('is another thing than Duo that %s: that lets nobody pass, however it is configured', async (_, fault) => {
      const signIn = await withDuo(ground, duo, { failMode: 'safe' })
      duo.failAlways('/auth/v2/preauth', fault)
      const { browser, step } = await pushed(signIn, ground.app.url)

      expect((await onceRefused(browser, step)).challenge.responseErrors).toMatchObject([{ code: 'unavailable' }])
    })

    it('may come back while a push is out', async () => {
      const signIn = await withDuo(ground, duo)
      const { browser, step } = await pushed(signIn, ground.app.url)
      await onceAsked(browser, step)
      await duo.polled(signIn.ada.username)
      duo.failNext('/auth/v2/auth_status', down, down)
      // What is held now ends when the next answer comes; the one after it fails.
      duo.update(signIn.ada.username, { result: 'waiting', status: 'pushed', status_msg: 'Pushed.' })
      duo.approve(signIn.ada.username)

      await onceAt(browser, step)
    })

    function userIdOf({ username }: { username: string }): string {
      return duo.user(username).userId
    }
  },
  duo.env,
)
